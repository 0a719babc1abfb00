"""Grad-CAM for pooled and for flattened heads, and its sanity check with randomised weights.

Grad-CAM (Selvaraju et al., 2017) weighs the channels of the last feature map by how much the logit of a class rises
with them. For a head of global average pooling and one dense layer that is the class activation map (Zhou et al.,
2016). A map that stays the same with randomised weights does not explain the network (Adebayo et al., 2018).
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr

from lesions.data.pixels import Pixels
from lesions.data.results.scores import Explanations, HeatOnFrame, RandomizationTest
from lesions.metrics.intervals import DIGITS, MIN_CASES, mean, share
from lesions.models.backend import keras, tf
from lesions.models.networks import LOGITS
from lesions.models.predict import BATCH, predict_with_features
from lesions.rendering import heatmaps

Array = NDArray[np.float64]
Maps = NDArray[np.float32]

DRAWS = 3  # of random weights; the maps of one draw may by chance be like those of the network
CHECKED_PICTURES = 64
# Pooling and dropout after the last convolution change neither where a feature is nor for which class it counts
SKIPPED_LAYERS = (keras.layers.MaxPooling2D, keras.layers.AveragePooling2D, keras.layers.Dropout)


def feature_layer(model: keras.Model) -> keras.layers.Layer:
    """The layer with the last feature map (n, rows, columns, channels): behind the last convolution and its ReLU.

    Raises ValueError where the network has none.
    """
    for layer in reversed(model.layers):
        shape = getattr(layer.output, "shape", ())
        if len(shape) == 4 and not isinstance(layer, SKIPPED_LAYERS):
            return layer
    raise ValueError(f"{model.name} has no feature map")


def grad_cam(model: keras.Model, pixels: Pixels, classes: NDArray[np.integer]) -> Maps:
    """raw_maps() of pictures (n, side, side, 3) in [0, 255], each for the class (n,) at its index."""
    _, features = predict_with_features(model, pixels, feature_layer(model).name)
    return raw_maps(model, features, classes)


def raw_maps(model: keras.Model, features: Maps, classes: NDArray[np.integer]) -> Maps:
    """Raw maps (n, rows, columns) from the outputs of feature_layer(), each for the class (n,) at its index.

    Positive where the picture supports the class, negative where it opposes it; the scale differs between pictures.
    The map of a picture does not depend on the others. Only the layers behind the feature layer run again.
    """
    head = keras.Model(feature_layer(model).output, model.get_layer(LOGITS).output)
    maps = np.empty(features.shape[:3], dtype=np.float32)
    for start in range(0, len(features), BATCH):
        batch, batch_classes = features[start : start + BATCH], classes[start : start + BATCH]
        padded = np.zeros((BATCH, *batch.shape[1:]), dtype=np.float32)
        padded[: len(batch)] = batch
        indices = np.zeros(BATCH, dtype=np.int32)
        indices[: len(batch)] = batch_classes
        maps[start : start + BATCH] = _raw_maps(head, tf.constant(padded), tf.constant(indices))[: len(batch)]
    return maps


def heat_maps(raw: Maps, height: int, width: int) -> Maps:
    """Raw maps (n, rows, columns) in [0, 1] at the size of the pictures, (n, height, width); zero without support."""
    maps = [heatmaps.upsample(heatmaps.normalise(one), height, width) for one in raw]
    return np.stack(maps) if maps else np.empty((0, height, width), np.float32)


def randomised(model: keras.Model, seed: int) -> keras.Model:
    """The same network with newly initialised weights in every layer, drawn with the seed."""
    keras.utils.set_random_seed(seed)
    return keras.models.clone_model(model)


def rank_correlations(one: Maps, other: Maps) -> Array:
    """(n,) Spearman's correlation of two maps (n, rows, columns) of the same picture; NaN where either is constant."""
    pairs = zip(one.reshape(len(one), -1), other.reshape(len(other), -1), strict=True)
    return np.array(
        [spearmanr(*pair).statistic if all(np.ptp(side) > 0 for side in pair) else np.nan for pair in pairs]
    )


def describe(
    maps: Maps, rows: pd.DataFrame, classes: list[str], weights: Array, check: RandomizationTest
) -> Explanations:
    """How much heat of the maps (n, side, side) of n > 0 pictures lies on the frame: over all, and for each true class.

    rows: (n) label, group; weights: (1 + resamples, n) of bootstrap_weights(); check: of randomization_test(). The
    fraction of heat is a mean over pictures with heat, null below 10 of them.
    """
    frame_shares = [heatmaps.frame_share(one) for one in maps]
    has_heat = np.array([value is not None for value in frame_shares])
    shares = np.array([value or 0.0 for value in frame_shares])
    on_frame = np.array([heatmaps.sits_on_frame(one) for one in maps])

    def summary(chosen: NDArray[np.bool_]) -> HeatOnFrame:
        selected = chosen & has_heat
        estimable = selected.sum() >= MIN_CASES
        return HeatOnFrame(
            n=int(chosen.sum()),
            n_without_heat=int((chosen & ~has_heat).sum()),
            frame_fraction=mean(shares[selected], weights[:, selected]) if estimable else None,
            on_frame=share(on_frame[selected], weights[:, selected], rows["group"][selected]),
        )

    labels = rows["label"].to_numpy()
    return Explanations(
        frame=f"the outer 1/{heatmaps.RING} of each side",
        uniform_fraction=round(heatmaps.uniform_share(*maps.shape[1:]), DIGITS),
        on_frame_from=f"{heatmaps.ON_FRAME} times the share of a uniform map",
        overall=summary(np.ones(len(labels), dtype=bool)),
        per_class={label: summary(labels == label) for label in classes},
        randomization_test=check,
    )


def randomization_test(
    model: keras.Model, pixels: Pixels, classes: NDArray[np.integer], maps: Maps, seed: int
) -> RandomizationTest:
    """Similarity of a network's maps to those of the same network with randomised weights (Adebayo et al., 2018).

    pixels, classes: as for grad_cam(), and maps what it gives; at most CHECKED_PICTURES of them are used, evenly
    spread. rank_correlations: the mean over pictures for each of DRAWS draws of the weights, in [-1, 1]; null where all
    maps are constant.
    """
    chosen = np.unique(np.linspace(0, len(pixels) - 1, min(CHECKED_PICTURES, len(pixels))).round().astype(int))
    pixels, classes, maps = pixels[chosen], classes[chosen], maps[chosen]
    means: list[float | None] = []
    for draw in range(DRAWS):
        other = grad_cam(randomised(model, DRAWS * seed + draw + 1), pixels, classes)
        correlations = rank_correlations(maps, other)
        correlations = correlations[np.isfinite(correlations)]
        means.append(round(float(correlations.mean()), DIGITS) if len(correlations) else None)
    return RandomizationTest(n=len(chosen), map_shape=list(maps.shape[1:]), rank_correlations=means)


def _raw_maps(head: keras.Model, features: Any, classes: Any) -> Maps:
    with tf.GradientTape() as tape:
        tape.watch(features)
        chosen = tf.gather(head(features, training=False), classes, batch_dims=1)
    slopes = tf.reduce_mean(tape.gradient(chosen, features), axis=(1, 2))
    maps: Maps = tf.einsum("nrck,nk->nrc", features, slopes).numpy()
    return maps
