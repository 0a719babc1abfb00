"""Transfer learning: each network's own preprocessing and weights, frozen first, then fine-tuned."""

import sys
import urllib.error
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lesions.models import transfer
from lesions.models.backend import keras
from lesions.models.networks import BN_MOMENTUM, LOGITS, PROBABILITIES, save_model
from lesions.models.predict import load_model, predict
from lesions.models.test_time_augmentation import with_test_time_augmentation
from lesions.models.transfer import build_network
from lesions.params.schema import PRETRAINED_WEIGHTS, ModelParams, Params, Views
from lesions.runtime.console import UserError
from lesions.training.fit import fit, set_seeds
from lesions.training.phases import Phase, phases, set_trainable
from tests.unit.small_params import params_with
from tests.unit.training_pictures import SIDE
from tests.unit.trainings import toy_data

NAMES = ["MobileNetV3Small", "EfficientNetV2B0"]
PIXELS = np.random.default_rng(0).integers(0, 256, (4, SIDE, SIDE, 3), dtype=np.uint8)


def base_of(name: str) -> keras.Model:
    """The network as Keras builds it, with weights that are nobody's default: statistics of normalisation included."""
    keras.utils.set_random_seed(7)
    base = getattr(keras.applications, name)(include_top=False, weights=None, input_shape=(SIDE, SIDE, 3))
    rng = np.random.default_rng(7)
    base.set_weights([weights * rng.uniform(0.9, 1.1) + rng.uniform(0, 0.01) for weights in base.get_weights()])
    return base


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A file with weights for each network, in the format that keras.applications takes."""
    folder = tmp_path_factory.mktemp("pretrained")
    paths = {name: folder / f"{name}.weights.h5" for name in NAMES}
    for name, path in paths.items():
        base_of(name).save_weights(path)
    return paths


def params_for(name: str, weights: str | Path, **changes: Any) -> Params:
    model = {"model__name": name, "model__weights": str(weights), "model__frozen_epochs": 2}
    return params_with(**{**model, "epochs": 4, "train__learning_rate": 0.01, **changes})


def model_params(name: str, weights: str | Path = "none", **changes: Any) -> ModelParams:
    return params_for(name, weights, **changes).model


@pytest.mark.parametrize("name", NAMES)
def test_pixels_go_through_the_networks_own_preprocessing_and_weights(name: str, files: dict[str, Path]) -> None:
    """Forgotten or applied twice, pretrained filters would see pictures unlike all they have learned from."""
    model, base = build_network(model_params(name, files[name]), 5, SIDE), base_of(name)
    preprocess = sys.modules[getattr(keras.applications, name).__module__].preprocess_input
    expected = base(preprocess(PIXELS.astype(np.float32)), training=False).numpy()
    last_map = keras.Model(model.input, model.get_layer("pool").input)(PIXELS, training=False).numpy()
    assert np.array_equal(last_map, expected)
    assert last_map.ndim == 4, "the last feature map, for explanations"


@pytest.mark.parametrize("name", ["VGG16", "MobileNet"])  # BGR minus means; [-1, 1]
def test_preprocessing_outside_the_network_is_taken_inside_and_survives_saving(name: str, tmp_path: Path) -> None:
    model = build_network(model_params(name), 3, SIDE)
    base = getattr(keras.applications, name)(include_top=False, weights=None, input_shape=(SIDE, SIDE, 3))
    base.set_weights(model.get_weights()[:-2])
    preprocess = sys.modules[getattr(keras.applications, name).__module__].preprocess_input
    save_model(model, tmp_path / "model.keras")
    for network in (model, load_model(tmp_path / "model.keras")):
        last_map = keras.Model(network.input, network.get_layer("pool").input)(PIXELS, training=False).numpy()
        assert np.allclose(last_map, base(preprocess(PIXELS.astype(np.float32)), training=False).numpy(), atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_it_ends_as_every_network_here_and_can_be_saved(name: str, files: dict[str, Path], tmp_path: Path) -> None:
    model = build_network(model_params(name, files[name], model__dropout=0.4), 5, SIDE)
    assert [layer.name for layer in model.layers[-4:]] == ["pool", "dropout", LOGITS, PROBABILITIES]
    assert model.get_layer("dropout").rate == 0.4
    assert model.input_shape == (None, SIDE, SIDE, 3)
    save_model(model, tmp_path / "model.keras")
    assert np.array_equal(predict(load_model(tmp_path / "model.keras"), PIXELS).logits, predict(model, PIXELS).logits)


def test_our_own_networks_come_through_the_same_door() -> None:
    assert build_network(params_with().model, 3, SIDE).name == "lesion_net"


@pytest.mark.parametrize("views", ["one", "all", "zoomed"])
@pytest.mark.parametrize("name", ["lesion_net", "ham_cnn"])
def test_our_networks_start_from_an_earlier_training_of_other_classes(name: str, views: Views, tmp_path: Path) -> None:
    """A layer left random, or a classifier of other classes taken over, would be worse than an honest fresh start."""
    folder = tmp_path / "earlier.keras"
    earlier = build_network(model_params(name, "none"), 3, SIDE)
    save_model(with_test_time_augmentation(views, earlier), folder)
    keras.utils.set_random_seed(1)
    params = model_params(name, folder)
    model = build_network(params, 5, SIDE)
    for layer in model.layers:
        if layer.name != LOGITS:
            taken, offered = layer.get_weights(), earlier.get_layer(layer.name).get_weights()
            assert all(np.array_equal(*both) for both in zip(taken, offered, strict=True)), layer.name
    assert model.get_layer(LOGITS).kernel.shape[1] == 5
    assert phases(params, 9) == [Phase(0, 9, frozen=False, rate=1.0)]
    set_trainable(model, params, frozen=False)
    assert all(layer.trainable for layer in model.layers), "its normalisation follows the photographs"


def test_by_default_a_plain_lesion_net_starts_from_drawn_lesions() -> None:
    """Networks whose layers differ cannot take those weights: they start at random, as keras.applications do."""
    drawn, fresh = (build_network(model_params("lesion_net", weights), 3, SIDE) for weights in ("auto", "none"))
    for layer in load_model(PRETRAINED_WEIGHTS).layers:
        if layer.name.endswith("conv"):
            taken, random = (model.get_layer(layer.name).kernel.numpy() for model in (drawn, fresh))
            assert np.array_equal(taken, layer.kernel.numpy()), layer.name
            assert not np.array_equal(random, layer.kernel.numpy()), layer.name
    others: list[dict[str, Any]] = [{"model__batch_norm": False}, {"model__name": "VGG16"}]
    for changes in others:
        assert model_params(**{"name": "lesion_net", "weights": "auto"} | changes).initial_weights == "none"


@pytest.mark.parametrize(
    ("name", "changes"),
    [("ham_cnn", {}), ("lesion_net", {"model__batch_norm": False})],
)
def test_an_earlier_training_of_another_network_is_refused(name: str, changes: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=rf"^params\.yaml: model\.weights: .* does not fit {name} as"):
        build_network(model_params(name, PRETRAINED_WEIGHTS, **changes), 3, SIDE)


def test_without_pretrained_weights_all_layers_learn_from_the_start() -> None:
    params = model_params("MobileNetV3Small")
    model = build_network(params, 3, SIDE)
    assert phases(params, 9) == [Phase(0, 9, frozen=False, rate=1.0)]
    set_trainable(model, params, frozen=False)
    assert all(layer.trainable for layer in model.layers), "normalisation with random statistics would stay random"
    momenta = {layer.momentum for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)}
    assert momenta == {BN_MOMENTUM}, "with Keras' 0.999, validation stays at chance for a hundred epochs of ten steps"


@pytest.mark.parametrize(
    ("frozen", "epochs", "expected"),
    [(2, 5, [(0, 2, True, 1.0), (2, 5, False, 0.1)]), (0, 5, [(0, 5, False, 0.1)]), (9, 5, [(0, 5, True, 1.0)])],
)
def test_phases_cover_all_epochs(frozen: int, epochs: int, expected: list[Any]) -> None:
    params = model_params("VGG16", "imagenet", model__frozen_epochs=frozen, model__fine_tune_rate=0.1)
    assert phases(params, epochs) == expected


def test_frozen_means_frozen_and_statistics_stay(files: dict[str, Path]) -> None:
    """Small batches would overwrite what normalisation has learned from a million pictures."""
    params = params_for("MobileNetV3Small", files["MobileNetV3Small"], train__keep="last")
    set_seeds(0, deterministic=True)
    model = build_network(params.model, 3, SIDE)
    seen = list[Any]()

    class Watch(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seen.append({weight.path: weight.numpy() for weight in self.model.weights})

    start = {weight.path: weight.numpy() for weight in model.weights}
    fit(model, toy_data(), params, [Watch()])
    assert moved(start, seen[1]) == {f"{LOGITS}/kernel", f"{LOGITS}/bias"}, "after two frozen epochs"
    later = moved(seen[1], seen[3])
    assert len(later) > 50, "fine-tuned"
    norms = {layer.name for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)}
    assert not {path for path in later if path.split("/")[0] in norms}


def moved(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    return {path for path in before if not np.array_equal(before[path], after[path])}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.unlink(), r"there is no file .*x\.weights\.h5: put it there, or set imagenet"),
        (lambda path: path.write_text("version https://git-lfs"), "cannot be loaded into MobileNetV3Small"),
        (lambda path: path.write_bytes(path.read_bytes()[:9000]), "cannot be loaded into MobileNetV3Small"),
        (lambda path: base_of("EfficientNetV2B0").save_weights(path), "cannot be loaded into MobileNetV3Small"),
    ],
    ids=["missing", "text", "cut", "another network's"],
)
def test_weights_that_do_not_fit_are_one_clear_line(
    spoil: Any, message: str, files: dict[str, Path], tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    """A network with half of its weights random would train, badly, and nobody would know why."""
    path = tmp_path / "x.weights.h5"
    path.write_bytes(files["MobileNetV3Small"].read_bytes())
    spoil(path)
    with pytest.raises(UserError, match=rf"^params\.yaml: model\.weights: .*{message}") as caught:
        build_network(model_params("MobileNetV3Small", path), 3, SIDE)
    assert "\n" not in str(caught.value)
    assert not [warning for warning in recwarn if "Skipping" in str(warning.message)], "the line would drown"


def test_without_a_network_the_file_and_its_place_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def unreachable(*_: Any, **__: Any) -> None:
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", unreachable)
    file = "efficientnetv2-b0_notop.h5"
    with pytest.raises(UserError) as caught:
        build_network(model_params("EfficientNetV2B0", "imagenet"), 3, SIDE)
    text = str(caught.value)
    assert f"fetch https://storage.googleapis.com/tensorflow/keras-applications/efficientnet_v2/{file} on" in text
    assert text.endswith(f"put it into models/pretrained and set model.weights: models/pretrained/{file}")
    assert "\n" not in text


def test_too_small_pictures_are_a_mistake_of_the_user() -> None:
    with pytest.raises(UserError, match=r"Xception needs pictures of at least 71 pixels a side: raise image_size"):
        build_network(model_params("Xception"), 3, SIDE)


def test_weights_that_dvc_does_not_watch_are_told(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    watched = transfer.PRETRAINED / "x.weights.h5"
    watched.parent.mkdir(parents=True)
    watched.write_bytes(files["MobileNetV3Small"].read_bytes())
    build_network(model_params("MobileNetV3Small", watched), 3, SIDE)
    assert capsys.readouterr().out == ""
    build_network(model_params("MobileNetV3Small", files["MobileNetV3Small"]), 3, SIDE)
    assert "warning: DVC sees changes" in capsys.readouterr().out
