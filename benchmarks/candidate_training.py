"""One training of lesion_net with something changed that the pipeline has no param for.

The pictures, their order, the random changes, the loss and the optimizer are the pipeline's; the loop over the steps is
its own, so that batches can be mixed and pictures drawn smaller than they are stored.
"""

import math
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lesions import models, online, views
from lesions.backend import keras, tf
from lesions.batches import made_ahead, steps_per_epoch
from lesions.loading import load_training_data
from lesions.manifest import read_manifest
from lesions.members import MembersLoss, training_network
from lesions.optimizers import make_optimizer
from lesions.params import Params
from lesions.sharpness import sharpness_aware
from lesions.training import set_seeds
from lesions.training_data import Pictures, TrainingData, epoch_order
from lesions.transfer import build_network

Features = Callable[[Any, Any], Any]  # as of lesions.models.Network
Batch = tuple[NDArray[np.float32], NDArray[np.float32]]  # pixels (b, versions, side, side, 3), a row of shares for each
Mix = Callable[[Batch, np.random.Generator], Batch]

BATCH = 64  # pictures, when asked


class Variant(NamedTuple):
    """What is changed. side: what the network sees where it is smaller than what is stored, pixels; share: of the
    training pictures of each class, in as many steps; features: another network; mix: what becomes of a batch.
    """

    side: int = 0
    share: float = 1.0
    features: Features | None = None
    mix: Mix | None = None


class Answers(NamedTuple):
    """Of the validation pictures: their ids and labels, and the logits (8 views, n, classes); seconds of training."""

    image_id: NDArray[np.str_]
    labels: NDArray[np.int64]
    logits: NDArray[np.float32]
    seconds: float


def train(params: Params, variant: Variant) -> Answers:
    """Train in the current folder, which is prepared, and look at its validation pictures."""
    set_seeds(params.seed, deterministic=True)
    manifest = read_manifest()
    data = load_training_data(manifest, params.image_size, params.rebalance, "memory")
    side = variant.side or params.image_size
    if variant.share < 1:
        data = data._replace(train=_some(data.train, variant.share))
    if variant.features:
        models.NETWORKS["lesion_net"] = models.Network(variant.features, smallest=1)
    network = training_network(build_network(params.model, len(data.classes), side), params.model.members)
    start = time.perf_counter()
    _fit(network, data, params, variant.mix, side)
    seconds = time.perf_counter() - start
    watched = _smaller(np.asarray(data.val.pixels[np.arange(len(data.val.labels))]), side)
    image_id = manifest.loc[manifest["split"] == "val", "image_id"].to_numpy().astype(str)
    return Answers(image_id, data.val.labels, _logits(network, watched), seconds)


def _fit(network: keras.Model, data: TrainingData, params: Params, mix: Mix | None, side: int) -> None:
    steps = steps_per_epoch(data, params.train.batch_size)
    one_hot = np.eye(len(data.classes), dtype=np.float32)
    rng = np.random.default_rng((params.seed, 77))

    @tf.function  # type: ignore[untyped-decorator]
    def change(pixels: Any, step: Any) -> Any:
        return _changed(pixels, params, step, side)

    def batches() -> Iterator[Batch]:
        for epoch in range(params.epochs):
            order = epoch_order(data.train.labels, data.shares, params.seed, epoch)
            for number, members in enumerate(np.array_split(order, steps)):
                step = tf.constant(epoch * steps + number, tf.int64)
                versions = np.repeat(data.train.pixels[members], params.model.members, axis=0)
                changed = change(tf.constant(versions), step).numpy()
                pixels = changed.reshape(len(members), -1, *changed.shape[1:])
                batch = pixels, one_hot[data.train.labels[members]]
                yield mix(batch, rng) if mix else batch

    network = sharpness_aware(network, params.train.sharpness, params.model.members)
    optimizer = make_optimizer(params.train, steps * params.epochs)
    network.compile(optimizer, MembersLoss(params.train.label_smoothing), jit_compile=False)
    for pixels, shares in made_ahead(batches):
        network.train_on_batch(pixels, shares)


def _changed(pixels: Any, params: Params, step: Any, side: int) -> Any:
    """The random changes of a step; where pictures are drawn smaller, in the same resampling."""
    stored = params.image_size
    if stored == side:
        return online.change(pixels, params.train.online, params.seed, step)
    pixels = tf.cast(pixels, tf.float32)
    both = tf.stack([tf.constant(params.seed, tf.int64), tf.cast(step, tf.int64)])
    draws = tf.random.stateless_uniform((tf.shape(pixels)[0], online.HUE + 1), both, -1.0, 1.0)
    xx, xy, x0, yx, yy, y0, c0, c1 = tf.unstack(online._affine(draws, params.train.online, stored), axis=1)
    scale, shift = stored / side, (stored / side - 1) / 2
    places = [xx * scale, xy * scale, xx * shift + xy * shift + x0]
    places += [yx * scale, yy * scale, yx * shift + yy * shift + y0, c0, c1]
    pixels = tf.raw_ops.ImageProjectiveTransformV3(
        images=pixels,
        transforms=tf.stack(places, 1),
        output_shape=[side, side],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="REFLECT",
    )
    return online._light(pixels, draws, params.train.online)


def _some(pictures: Pictures, share: float) -> Pictures:
    """That share of each class, repeated to as many pictures as before."""
    rng, labels = np.random.default_rng(5), pictures.labels
    of_class = [np.flatnonzero(labels == label) for label in range(labels.max() + 1)]
    kept = np.sort(np.concatenate([rng.permutation(each)[: round(share * len(each))] for each in of_class]))
    kept = np.sort(np.concatenate([kept, rng.permutation(kept)[: len(labels) - len(kept)]]))
    return Pictures(np.asarray(pictures.pixels[kept]), labels[kept])


def _smaller(pixels: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """(n, stored, stored, 3) to (n, side, side, 3) by means over squares."""
    factor = pixels.shape[1] // side
    squares = pixels.reshape(len(pixels), side, factor, side, factor, 3)
    return squares.mean((2, 4)).astype(np.float32) if factor > 1 else pixels.astype(np.float32)


def _logits(network: keras.Model, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """(views, n, classes), the views in the order of lesions.views; the first is the picture as it lies."""

    @tf.function  # type: ignore[untyped-decorator]
    def ask(some: Any) -> Any:
        return tf.reduce_mean(network(some[:, None], training=False), 1)

    parts = range(0, len(pixels), BATCH)
    seen = [views.view(tf.constant(pixels), number) for number in views.ALL]
    return np.stack([np.concatenate([ask(view[at : at + BATCH]).numpy() for at in parts]) for view in seen])


def mixup(batch: Batch, rng: np.random.Generator) -> Batch:
    """Each picture and its label as a mean with another one's (Zhang et al., 2018), Beta(.2, .2)."""
    pixels, shares = batch
    other = rng.permutation(len(pixels))
    part = rng.beta(0.2, 0.2, size=len(pixels)).astype(np.float32)
    part = np.maximum(part, 1 - part)
    own = part[:, None, None, None, None]
    return (
        pixels * own + pixels[other] * (1 - own),
        shares * part[:, None] + shares[other] * (1 - part)[:, None],
    )


def cutmix(batch: Batch, rng: np.random.Generator) -> Batch:
    """In half of the batches, a square of each picture from another one (Yun et al., 2019)."""
    if rng.random() > 0.5:
        return batch
    pixels, shares = batch
    other = rng.permutation(len(pixels))
    side = pixels.shape[2]
    square = round(side * math.sqrt(1 - rng.beta(1.0, 1.0)))
    row, column = rng.integers(0, side - square + 1, 2)
    cut = pixels.copy()
    place = np.s_[:, :, row : row + square, column : column + square]
    cut[place] = pixels[other][place]
    part = np.float32(1 - square * square / side / side)
    return cut, shares * part + shares[other] * (1 - part)


def with_highest(pixels: Any, params: Any) -> Any:
    """Beside the mean of every feature over the picture, its highest value."""
    x = keras.layers.Rescaling(1 / 127.5, offset=-1)(pixels)
    x = models._residual_network(x, "", params)
    pooled = [keras.layers.GlobalAveragePooling2D(name=models.POOL)(x), keras.layers.GlobalMaxPooling2D()(x)]
    return models.dropout(keras.layers.Concatenate()(pooled), "dropout", params)


def stages(*filters: int) -> Features:
    """Stages of other numbers of channels; each but the first halves the map."""

    def features(pixels: Any, params: Any) -> Any:
        x = keras.layers.Rescaling(1 / 127.5, offset=-1)(pixels)
        x = models._convolution(x, filters[0], "stem", params, side=5, stride=2)
        x = keras.layers.MaxPooling2D(3, 2, padding="same")(x)
        for stage, channels in enumerate(filters):
            x = models._residual_block(x, channels, f"s{stage}b0", params, stride=2 if stage else 1)
        return models.dropout(keras.layers.GlobalAveragePooling2D(name=models.POOL)(x), "dropout", params)

    return features
