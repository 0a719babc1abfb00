"""A network that sees a picture in several views says the mean of what it says of each, wherever the top is."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lesions.models.backend import keras
from lesions.models.networks import LOGITS, POOL, save_model
from lesions.models.predict import load_model, predict
from lesions.models.test_time_augmentation import CROP_DIVISOR, DIHEDRAL, ROTATIONS, with_test_time_augmentation
from lesions.models.transfer import build_network
from lesions.params.schema import Views
from tests.unit.small_params import params_with

SIDE, CLASSES = 32, 3
PIXELS = np.random.default_rng(0).integers(0, 256, (3, SIDE, SIDE, 3)).astype(np.uint8)


def built(name: str) -> keras.Model:
    """With another normalisation in each channel, and so strong a one that also a deep untrained network sees."""
    keras.utils.set_random_seed(0)
    model = build_network(params_with(model__name=name).model, CLASSES, SIDE)
    rng, strength = np.random.default_rng(1), 1.0 if name == "lesion_net" else 3.0
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            gamma, beta, mean, variance = rng.uniform(-0.2, 0.2, (4, *layer.get_weights()[0].shape))
            layer.set_weights([strength + gamma, beta, mean, 1 + variance])
    return model


def squares(pixels: np.ndarray) -> list[np.ndarray]:
    """The eight symmetries of a square, made another way than in the network: turns, and turns of the mirror image."""
    return turns(pixels) + turns(pixels[:, :, ::-1])


def turns(pixels: np.ndarray) -> list[np.ndarray]:
    return [np.rot90(pixels, quarters, axes=(1, 2)) for quarters in range(4)]


def middle(pixels: np.ndarray) -> np.ndarray:
    """The input of the zoomed views, made another way than in the network."""
    edge = SIDE // CROP_DIVISOR
    box = edge, edge, SIDE - edge, SIDE - edge
    channels = [[Image.fromarray(one[..., c].astype(np.float32)) for c in range(3)] for one in pixels]
    large = [[channel.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box) for channel in one] for one in channels]
    return np.stack([np.stack([np.asarray(channel) for channel in one], axis=-1) for one in large])


def saved(model: keras.Model, folder: Path, views: Views = "all") -> keras.Model:
    save_model(with_test_time_augmentation(views, model), folder / "model.keras")
    return load_model(folder / "model.keras")


@pytest.mark.parametrize("name", ["lesion_net", "MobileNetV3Small"])
def test_its_logits_are_the_mean_of_those_of_the_views(name: str, tmp_path: Path) -> None:
    model = built(name)
    of_views = np.stack([predict(model, np.ascontiguousarray(view)).logits for view in squares(PIXELS)])
    assert len(of_views) == len(DIHEDRAL)
    assert of_views.std(axis=0).max() > 1e-3, "a network to which all views are alike proves nothing"
    assert np.allclose(predict(saved(model, tmp_path), PIXELS).logits, of_views.mean(axis=0), atol=1e-5)


def test_its_logits_are_also_those_of_the_middle_where_that_is_asked_for(tmp_path: Path) -> None:
    """A middle that was cut off-centre, or not enlarged as other programs do, would be another picture."""
    model = built("lesion_net")
    of_views = {}
    for name, pixels in (("whole", PIXELS), ("middle", middle(PIXELS))):
        of_views[name] = [predict(model, np.ascontiguousarray(view)).logits for view in turns(pixels)]
    assert len(of_views["whole"]) == len(ROTATIONS)
    both = np.mean(of_views["whole"] + of_views["middle"], axis=0)
    assert np.abs(both - np.mean(of_views["whole"], axis=0)).max() > 1e-3, "a middle like the whole proves nothing"
    assert np.allclose(predict(saved(model, tmp_path, "zoomed"), PIXELS).logits, both, atol=1e-3)


def test_one_view_is_the_network_itself() -> None:
    model = built("lesion_net")
    assert with_test_time_augmentation("one", model) is model


@pytest.mark.parametrize("views", ["all", "zoomed"])
def test_the_map_turns_with_the_picture(views: Views, tmp_path: Path) -> None:
    """Views that were not turned back would put the heat where nothing is, and the logits would be the same."""
    model = saved(built("lesion_net"), tmp_path, views)
    features = keras.Model(model.input, model.get_layer(POOL).input)
    (upright,) = np.asarray(features(PIXELS[:1].astype(np.float32)))[None]
    assert upright.std(axis=(1, 2)).max() > 1e-3, "a map that is the same everywhere proves nothing"
    ways = turns if views == "zoomed" else squares  # its mirror image is another picture to it
    for turned, expected in zip(ways(PIXELS[:1]), ways(upright), strict=True):
        assert np.allclose(features(np.ascontiguousarray(turned).astype(np.float32)), expected, atol=1e-4)


def test_any_keras_reads_its_file(tmp_path: Path) -> None:
    model = saved(built("lesion_net"), tmp_path)
    assert {type(layer).__module__.partition(".")[0] for layer in model.layers} == {"keras"}
    assert model.get_layer(LOGITS).units == CLASSES


def test_flattened_features_have_no_sides() -> None:
    model = built("isic_cnn")
    assert with_test_time_augmentation("zoomed", model) is model
