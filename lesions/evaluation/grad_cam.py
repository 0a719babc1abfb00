"""Where a network looked: Grad-CAM for pooled and for flattened heads, and whether the weights have a say in it.

Grad-CAM (Selvaraju et al., 2017) weighs the channels of the last feature map by how much the logit of a class rises
with them. For a head of global average pooling and one dense layer that is the class activation map (Zhou et al.,
2016). A map that stays the same when the weights are drawn anew tells nothing of the network (Adebayo et al., 2018).
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr
from tqdm import tqdm

from lesions.data.images import Pixels
from lesions.metrics.intervals import DIGITS, FEWEST, mean, share
from lesions.models.backend import keras, tf
from lesions.models.networks import LOGITS
from lesions.models.predict import BATCH
from lesions.rendering import heatmaps

Array = NDArray[np.float64]
Maps = NDArray[np.float32]

DRAWS = 3  # of random weights; one draw may by chance look where the network looks
CHECKED = 64  # pictures
# Pooling and dropout after the last convolution change neither where a feature is nor which class it speaks for
PASSED_OVER = (keras.layers.MaxPooling2D, keras.layers.AveragePooling2D, keras.layers.Dropout)


def feature_layer(model: keras.Model) -> keras.layers.Layer:
    """The layer with the last feature map (n, rows, columns, channels): behind the last convolution and its ReLU.

    Raises ValueError where the network has none.
    """
    for layer in reversed(model.layers):
        shape = getattr(layer.output, "shape", ())
        if len(shape) == 4 and not isinstance(layer, PASSED_OVER):
            return layer
    raise ValueError(f"{model.name} has no feature map")


def grad_cam(model: keras.Model, pixels: Pixels, classes: NDArray[np.integer]) -> Maps:
    """Raw maps (n, rows, columns) of pictures (n, side, side, 3) in [0, 255], each for the class (n,) at its index.

    Positive where the picture speaks for the class, negative where against; the scale differs from picture to picture.
    A picture gets the same map in any company.
    """
    layer = feature_layer(model)
    network = keras.Model(model.input, [layer.output, model.get_layer(LOGITS).output])
    maps = np.empty((len(pixels), *layer.output.shape[1:3]), dtype=np.float32)
    starts = range(0, len(pixels), BATCH)
    for start in tqdm(
        starts, desc="heat maps", unit=" batches", leave=False, disable=None if len(starts) > 1 else True
    ):
        batch, wanted = pixels[start : start + BATCH], classes[start : start + BATCH]
        padded = np.zeros((BATCH, *batch.shape[1:]), dtype=np.float32)
        padded[: len(batch)] = batch
        indices = np.zeros(BATCH, dtype=np.int32)
        indices[: len(batch)] = wanted
        maps[start : start + BATCH] = _raw(network, tf.constant(padded), tf.constant(indices))[: len(batch)]
    return maps


def heat_maps(model: keras.Model, pixels: Pixels, classes: NDArray[np.integer]) -> Maps:
    """The maps of grad_cam() in [0, 1] at the size of the pictures, (n, side, side); all zero where nothing spoke."""
    raw = grad_cam(model, pixels, classes)
    height, width = pixels.shape[1:3]
    maps = [heatmaps.upsample(heatmaps.normalise(one), height, width) for one in raw]
    return np.stack(maps) if maps else np.empty((0, height, width), np.float32)


def randomised(model: keras.Model, seed: int) -> keras.Model:
    """The same network with freshly drawn weights in every layer; the seed is that of the draw."""
    keras.utils.set_random_seed(seed)
    return keras.models.clone_model(model)


def rank_correlations(one: Maps, other: Maps) -> Array:
    """(n,) Spearman's correlation of two maps (n, rows, columns) of the same picture; NaN where either is constant."""
    pairs = zip(one.reshape(len(one), -1), other.reshape(len(other), -1), strict=True)
    return np.array(
        [spearmanr(*pair).statistic if all(np.ptp(side) > 0 for side in pair) else np.nan for pair in pairs]
    )


def describe(maps: Maps, rows: pd.DataFrame, classes: list[str], weights: Array) -> dict[str, Any]:
    """How much heat of the maps (n, side, side) of n > 0 pictures lies on the frame: over all, and for each true class.

    rows: (n) label, group; weights: (1 + resamples, n) of bootstrap_weights(). share: the mean over pictures with heat;
    on_frame: the proportion of maps that sit on the frame. Both are null below 10 pictures.
    """
    found = [heatmaps.frame_share(one) for one in maps]
    warm = np.array([value is not None for value in found])
    shares = np.array([value or 0.0 for value in found])
    on_frame = np.array([heatmaps.sits_on_frame(one) for one in maps])

    def of(chosen: NDArray[np.bool_]) -> dict[str, Any]:
        told = chosen & warm
        estimable = told.sum() >= FEWEST
        return {
            "n": int(chosen.sum()),
            "without_heat": int((chosen & ~warm).sum()),
            "share": mean(shares[told], weights[:, told]) if estimable else None,
            "on_frame": share(on_frame[told], weights[:, told], rows["group"][told]),
        }

    labels = rows["label"].to_numpy()
    return {
        "frame": f"the outer 1/{heatmaps.RING} of each side",
        "share_of_a_uniform_map": round(heatmaps.uniform_share(*maps.shape[1:]), DIGITS),
        "on_frame_from": f"{heatmaps.ON_FRAME} times the share of a uniform map",
        "all": of(np.ones(len(labels), dtype=bool)),
        "per_class": {label: of(labels == label) for label in classes},
    }


def check_weights(model: keras.Model, pixels: Pixels, classes: NDArray[np.integer], seed: int) -> dict[str, Any]:
    """How like the maps of a network are to those of the same network with randomised weights (Adebayo et al., 2018).

    pixels, classes: as for grad_cam(); at most CHECKED of them are looked at, evenly spread. rank_correlation: the mean
    over pictures for each of DRAWS draws of the weights, in [-1, 1]; null where all maps are constant.
    """
    chosen = np.unique(np.linspace(0, len(pixels) - 1, min(CHECKED, len(pixels))).round().astype(int))
    pixels, classes = pixels[chosen], classes[chosen]
    maps = grad_cam(model, pixels, classes)
    means: list[float | None] = []
    for draw in range(DRAWS):
        other = grad_cam(randomised(model, DRAWS * seed + draw + 1), pixels, classes)
        known = rank_correlations(maps, other)
        known = known[np.isfinite(known)]
        means.append(round(float(known.mean()), DIGITS) if len(known) else None)
    return {"pictures": len(chosen), "map": list(maps.shape[1:]), "rank_correlation": means}


def _raw(network: keras.Model, pixels: Any, classes: Any) -> Maps:
    with tf.GradientTape() as tape:
        tape.watch(pixels)  # so that a frozen network's feature maps are on the tape too
        features, logits = network(pixels, training=False)
        chosen = tf.gather(logits, classes, batch_dims=1)
    slopes = tf.reduce_mean(tape.gradient(chosen, features), axis=(1, 2))
    found: Maps = tf.einsum("nrck,nk->nrc", features, slopes).numpy()
    return found
