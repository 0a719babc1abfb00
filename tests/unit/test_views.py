"""A network that sees a picture from eight sides says the mean of what it says of each, wherever the top is."""

from pathlib import Path

import numpy as np
import pytest

from lesions.backend import keras
from lesions.inference import load_model, predict
from lesions.models import LOGITS, POOL, save_model
from lesions.transfer import build_network
from lesions.views import VIEWS, seen_from_all_sides
from tests.unit.trainings import params_with

SIDE, CLASSES = 32, 3
PIXELS = np.random.default_rng(0).integers(0, 256, (3, SIDE, SIDE, 3)).astype(np.uint8)


def built(name: str, members: int = 1) -> keras.Model:
    """With another normalisation in each channel, and so strong a one that also a deep untrained network sees."""
    keras.utils.set_random_seed(0)
    model = build_network(params_with(model__name=name, model__members=members).model, CLASSES, SIDE)
    rng, strength = np.random.default_rng(1), 1.0 if name == "lesion_net" else 3.0
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            gamma, beta, mean, variance = rng.uniform(-0.2, 0.2, (4, *layer.get_weights()[0].shape))
            layer.set_weights([strength + gamma, beta, mean, 1 + variance])
    return model


def squares(pixels: np.ndarray) -> list[np.ndarray]:
    """The eight symmetries of a square, made another way than in the network: turns, and turns of the mirror image."""
    return [np.rot90(side, turns, axes=(1, 2)) for side in (pixels, pixels[:, :, ::-1]) for turns in range(4)]


def saved(model: keras.Model, folder: Path) -> keras.Model:
    save_model(seen_from_all_sides(model), folder / "model.keras")
    return load_model(folder / "model.keras")


@pytest.mark.parametrize(("name", "members"), [("lesion_net", 1), ("lesion_net", 3), ("MobileNetV3Small", 1)])
def test_its_logits_are_the_mean_of_those_of_the_views(name: str, members: int, tmp_path: Path) -> None:
    model = built(name, members)
    of_views = np.stack([predict(model, np.ascontiguousarray(view)).logits for view in squares(PIXELS)])
    assert len(of_views) == VIEWS
    assert of_views.std(axis=0).max() > 1e-3, "a network to which all views are alike proves nothing"
    assert np.allclose(predict(saved(model, tmp_path), PIXELS).logits, of_views.mean(axis=0), atol=1e-5)


def test_the_map_turns_with_the_picture(tmp_path: Path) -> None:
    """Views that were not turned back would put the heat where nothing is, and the logits would be the same."""
    model = saved(built("lesion_net"), tmp_path)
    features = keras.Model(model.input, model.get_layer(POOL).input)
    (upright,) = np.asarray(features(PIXELS[:1].astype(np.float32)))[None]
    assert upright.std(axis=(1, 2)).max() > 1e-3, "a map that is the same everywhere proves nothing"
    for turned, expected in zip(squares(PIXELS[:1]), squares(upright), strict=True):
        assert np.allclose(features(np.ascontiguousarray(turned).astype(np.float32)), expected, atol=1e-4)


def test_any_keras_reads_its_file(tmp_path: Path) -> None:
    model = saved(built("lesion_net"), tmp_path)
    assert {type(layer).__module__.partition(".")[0] for layer in model.layers} == {"keras"}
    assert model.get_layer(LOGITS).units == CLASSES


def test_flattened_features_have_no_sides() -> None:
    model = built("isic_cnn")
    assert seen_from_all_sides(model) is model
