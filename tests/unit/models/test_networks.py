"""The networks: shapes, sizes, switches, and the model file."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from lesions.models.backend import keras
from lesions.models.networks import LOGITS, NETWORKS, PROBABILITIES, build_model, save_model
from lesions.params.schema import ModelParams
from lesions.runtime.console import UserError
from tests.unit.small_params import params_with

NAMES = sorted(NETWORKS)
SWITCHED = [name for name in NAMES if name != "efficientnet_lite0"]  # which is as published, whatever the switch


def model_params(name: str, batch_norm: bool = True, dropout: float = 0.2) -> ModelParams:
    return params_with(model__name=name, model__batch_norm=batch_norm, model__dropout=dropout).model


def seeded(name: str, seed: int = 0) -> keras.Model:
    keras.utils.set_random_seed(seed)
    return build_model(model_params(name), n_classes=3, image_size=32)


def kinds(model: keras.Model) -> list[str]:
    return [type(layer).__name__ for layer in model.layers]


def test_the_isic_network_is_the_notebooks_one() -> None:
    # at 180 pixels and nine classes theirs has 6.6 million weights; another network's results would not compare
    model = build_model(model_params("isic_cnn", batch_norm=False), n_classes=9, image_size=180)
    assert model.count_params() == 6_648_137
    assert [x for x in kinds(model) if x not in ("InputLayer", "ReLU")] == [
        "Rescaling", *["Conv2D", "MaxPooling2D"] * 3, "Dropout", "Flatten", "Dense", "Dense", "Softmax",
    ]  # fmt: skip


def test_the_ham_network_is_the_notebooks_one() -> None:
    model = build_model(model_params("ham_cnn", batch_norm=False), n_classes=7, image_size=64)
    block = ["Conv2D", "Conv2D", "MaxPooling2D", "Dropout"]
    assert [x for x in kinds(model) if x not in ("InputLayer", "ReLU", "Rescaling")] == [
        *block, *block, "Flatten", "Dense", "Dropout", "Dense", "Softmax",
    ]  # fmt: skip
    convolutions = (3 * 9 + 1) * 32 + (32 * 9 + 1) * 32 + (32 * 9 + 1) * 64 + (64 * 9 + 1) * 64
    assert model.count_params() == convolutions + (16 * 16 * 64 + 1) * 128 + (128 + 1) * 7


def test_the_residual_network_stays_small() -> None:
    # it is the default for two processor cores: ten times the weights would be ten times the wait
    assert build_model(model_params("lesion_net"), 9, 64).count_params() == 311_401
    assert build_model(model_params("lesion_net"), 9, 128).count_params() == 311_401  # pooled: any size, same weights


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("batch_norm", [True, False])
def test_pixels_to_probabilities(name: str, batch_norm: bool) -> None:
    model = build_model(model_params(name, batch_norm), n_classes=4, image_size=32)
    pixels = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    both = keras.Model(model.input, [model.get_layer(LOGITS).output, model.get_layer(PROBABILITIES).output])
    logits, probabilities = (output.numpy() for output in both(pixels, training=False))
    assert logits.shape == probabilities.shape == (5, 4)
    assert np.allclose(probabilities, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), atol=1e-6)
    # pixels as bytes and as numbers must mean the same, or training and the web page would disagree
    assert np.array_equal(probabilities, model(pixels.astype(np.float32), training=False).numpy())


@pytest.mark.parametrize("name", SWITCHED)
def test_switches_add_and_remove_their_layers(name: str) -> None:
    def count(kind: str, **switches: float) -> int:
        return kinds(build_model(model_params(name, **switches), 3, 32)).count(kind)  # type: ignore[arg-type]

    assert count("BatchNormalization", batch_norm=False) == 0
    assert count("BatchNormalization", batch_norm=True) == count("Conv2D")
    assert count("Dropout", dropout=0.0) == 0
    assert count("Dropout", dropout=0.5) == {"lesion_net": 1, "isic_cnn": 1, "ham_cnn": 3}[name]


@pytest.mark.parametrize("name", SWITCHED)
def test_a_convolution_has_a_bias_or_a_normalisation(name: str) -> None:
    for batch_norm in (True, False):
        model = build_model(model_params(name, batch_norm), 3, 32)
        assert {x.use_bias for x in model.layers if isinstance(x, keras.layers.Conv2D)} == {not batch_norm}


def test_a_published_network_is_normalised_whatever_the_switch() -> None:
    on, off = (kinds(build_model(model_params("efficientnet_lite0", switch), 3, 32)) for switch in (True, False))
    assert on == off
    assert on.count("BatchNormalization") == on.count("Conv2D") + on.count("DepthwiseConv2D")


@pytest.mark.parametrize("name", NAMES)
def test_too_small_pictures_are_a_mistake_of_the_user(name: str) -> None:
    smallest = NETWORKS[name].smallest
    assert smallest <= 32  # the least that params.yaml allows
    build_model(model_params(name), 3, smallest)
    with pytest.raises(UserError, match=f"{name} needs pictures of at least {smallest} pixels"):
        build_model(model_params(name), 3, smallest - 1)
    if smallest > 1:
        with pytest.raises(ValueError, match=r"."):  # Keras' own words; if it builds, the limit is too strict
            NETWORKS[name].features(keras.Input((smallest - 1, smallest - 1, 3)), model_params(name))


def test_same_weights_same_bytes(tmp_path: Path) -> None:
    # DVC compares bytes: a date or an address in memory inside would make every later stage run again
    first, again, other = seeded("lesion_net"), seeded("lesion_net"), seeded("lesion_net", seed=1)
    for file, model in (("a.keras", first), ("b.keras", again), ("c.keras", other)):
        save_model(model, tmp_path / file)
    a, b, c = (path.read_bytes() for path in sorted(tmp_path.iterdir()))
    assert a == b
    assert a != c
    with zipfile.ZipFile(tmp_path / "a.keras") as archive:
        assert {item.date_time[0] for item in archive.infolist()} == {1980}
        assert json.loads(archive.read("metadata.json"))["date_saved"].startswith("1980")


def test_a_saved_model_is_the_model(tmp_path: Path) -> None:
    model = seeded("ham_cnn")
    save_model(model, tmp_path / "models" / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "models" / "model.keras")
    for before, after in zip(model.get_weights(), loaded.get_weights(), strict=True):
        assert np.array_equal(before, after)


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(b"old")
    model = seeded("lesion_net")
    monkeypatch.setattr(zipfile.ZipFile, "writestr", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        save_model(model, path)
    assert [(item.name, item.read_bytes()) for item in tmp_path.iterdir()] == [("model.keras", b"old")]
