"""Grad-CAM: equal to the class activation map where both exist, on the right layer, and moved by the weights."""

import numpy as np
import pandas as pd
import pytest

from lesions.data.results.scores import RandomizationTest
from lesions.evaluation import grad_cam
from lesions.metrics.intervals import bootstrap_weights
from lesions.models.backend import keras
from lesions.models.networks import LOGITS
from lesions.models.predict import BATCH
from lesions.models.transfer import build_network
from lesions.rendering import heatmaps
from lesions.training.fit import set_seeds
from tests.unit.small_params import params_with

SIDE = 64
PIXELS = np.random.default_rng(0).integers(0, 256, (BATCH + 3, SIDE, SIDE, 3), dtype=np.uint8)
CLASSES = np.arange(len(PIXELS)) % 4


def network(name: str, seed: int = 0, **values: object) -> keras.Model:
    set_seeds(seed, deterministic=True)
    return build_network(params_with(model__name=name, **{f"model__{k}": v for k, v in values.items()}).model, 4, SIDE)


@pytest.mark.parametrize("name", ["lesion_net", "MobileNetV3Small"])
def test_for_a_pooled_head_it_is_the_class_activation_map(name: str) -> None:
    """Zhou et al. (2016): features weighed by the dense layer's weights of the class. Another map would be a bug."""
    model = network(name)
    features = keras.Model(model.input, model.get_layer("pool").input)(PIXELS, training=False).numpy()
    kernel = model.get_layer(LOGITS).kernel.numpy()
    expected = np.einsum("nrck,kn->nrc", features, kernel[:, CLASSES]) / np.prod(features.shape[1:3])
    found = grad_cam.grad_cam(model, PIXELS, CLASSES)
    assert np.allclose(found, expected, atol=1e-5 * np.abs(expected).max())
    assert np.abs(expected).max() > 0


def test_for_a_flattened_head_channels_weigh_by_their_mean_slope() -> None:
    """The head is one dense layer on 6 x 6 x 5 features, so that the slopes are its weights."""
    inputs = keras.Input((8, 8, 3))
    features = keras.layers.Conv2D(5, 3, activation="relu", name="conv")(inputs)
    logits = keras.layers.Dense(4, name=LOGITS)(keras.layers.Flatten()(features))
    model = keras.Model(inputs, keras.layers.Softmax(name="probabilities")(logits))
    pixels = PIXELS[:7, :8, :8]
    slopes = model.get_layer(LOGITS).kernel.numpy().reshape(6, 6, 5, 4).mean(axis=(0, 1))
    maps = keras.Model(inputs, features)(pixels).numpy()
    expected = np.einsum("nrck,kn->nrc", maps, slopes[:, CLASSES[:7]])
    assert np.allclose(grad_cam.grad_cam(model, pixels, CLASSES[:7]), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "layer", "side"),
    [("lesion_net", "stage3_relu", 4), ("isic_cnn", "block3_relu", 12), ("ham_cnn", "block2b_relu", 32)],
)
def test_the_map_is_that_of_the_last_convolution(name: str, layer: str, side: int) -> None:
    """An earlier layer sees edges, not lesions; behind the pooling of a flattened head the map is coarser."""
    model = network(name, dropout=0.3)
    assert grad_cam.feature_layer(model).name == layer
    assert grad_cam.grad_cam(model, PIXELS[:2], CLASSES[:2]).shape == (2, side, side)


def test_a_picture_gets_the_same_map_in_any_company() -> None:
    """The report and the page would show different maps for one picture."""
    model = network("isic_cnn")
    members = [BATCH + 1, 3, 17]
    alone = grad_cam.grad_cam(model, PIXELS[members], CLASSES[members])
    assert np.array_equal(alone, grad_cam.grad_cam(model, PIXELS, CLASSES)[members])


def test_a_frozen_network_is_explained_too() -> None:
    """After transfer learning layers may be frozen, and a tape that watches weights alone would give nothing."""
    model = network("lesion_net")
    expected = grad_cam.grad_cam(model, PIXELS[:3], CLASSES[:3])
    model.trainable = False
    assert np.array_equal(grad_cam.grad_cam(model, PIXELS[:3], CLASSES[:3]), expected)


def test_a_network_without_feature_maps_is_refused() -> None:
    inputs = keras.Input((8,))
    with pytest.raises(ValueError, match="no feature map"):
        grad_cam.feature_layer(keras.Model(inputs, keras.layers.Dense(2, name=LOGITS)(inputs)))


def test_the_numbers_are_those_of_the_maps() -> None:
    """30 maps: 12 of class a on the frame, 12 of class b in the middle, 3 of each without heat or too few."""
    ring, middle = np.zeros((2, SIDE, SIDE), np.float32)
    ring[:5], middle[20:40, 20:40] = 1, 1
    maps = np.stack([ring] * 12 + [middle] * 12 + [np.zeros_like(ring)] * 3 + [ring] * 3)
    rows = pd.DataFrame({"label": list("a" * 12 + "b" * 15 + "c" * 3), "group": [f"g{k}" for k in range(30)]})
    weights = bootstrap_weights(rows["label"], rows["group"], 0, 20)
    check = RandomizationTest(n=1, map_shape=[4, 4], rank_correlations=[0.1])
    found = grad_cam.describe(maps, rows, ["a", "b", "c"], weights, check).model_dump()
    assert found["per_class"]["a"]["frame_fraction"]["value"] == found["per_class"]["a"]["on_frame"]["value"] == 1
    assert found["per_class"]["b"]["frame_fraction"]["value"] == found["per_class"]["b"]["on_frame"]["value"] == 0
    assert (found["per_class"]["b"]["n"], found["per_class"]["b"]["n_without_heat"]) == (15, 3)
    assert found["per_class"]["c"] == {"n": 3, "n_without_heat": 0, "frame_fraction": None, "on_frame": None}
    assert found["overall"]["on_frame"]["value"] == pytest.approx(15 / 27, abs=1e-4)
    assert found["uniform_fraction"] == round(heatmaps.uniform_share(SIDE, SIDE), 4)


def disc_pictures(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise with a disc anywhere, whose colour is its class of three: only a network that learnt it finds the disc."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(60, 140, (n, SIDE, SIDE, 3))
    rows, columns = np.mgrid[:SIDE, :SIDE]
    labels = np.arange(n) % 3
    for picture, label in zip(pixels, labels, strict=True):
        y, x = rng.integers(10, SIDE - 10, 2)
        picture[(rows - y) ** 2 + (columns - x) ** 2 < 81, label] += 100
    return pixels.astype(np.uint8), labels


def trained(seed: int) -> keras.Model:
    set_seeds(seed, deterministic=True)
    model = build_network(
        params_with(model__name="isic_cnn", model__batch_norm=True, model__dropout=0.0).model, 3, SIDE
    )
    pixels, labels = disc_pictures(96, seed)
    model.compile(keras.optimizers.Adam(1e-3), keras.losses.SparseCategoricalCrossentropy())
    model.fit(pixels.astype(np.float32), labels, batch_size=16, epochs=14, verbose=0)
    return model


def test_maps_of_a_trained_network_are_its_own_and_not_those_of_random_weights() -> None:
    """The sanity check of Adebayo et al. (2018). Maps that survive random weights show edges of the picture, not what
    the network learnt.

    That they differ could be chance: any two noisy maps differ. So a second training, from other weights on other
    pictures, must find the same places, far above every draw of random weights. (Measured: .85 against .06 at most.)
    """
    pixels, labels = disc_pictures(48, 99)
    one, other = trained(1), trained(2)
    maps = grad_cam.grad_cam(one, pixels, labels)
    assert (one.predict(pixels.astype(np.float32), verbose=0).argmax(axis=1) == labels).mean() > 0.9, (
        "has not learnt it"
    )
    again = grad_cam.rank_correlations(maps, grad_cam.grad_cam(other, pixels, labels)).mean()
    draws = grad_cam.randomization_test(one, pixels, labels, maps, seed=0).rank_correlations
    assert len(draws) == grad_cam.DRAWS
    random = [value for value in draws if value is not None]
    assert max(map(abs, random)) < 0.3
    assert again > 0.3 + max(random)
