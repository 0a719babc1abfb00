"""Batches of every epoch: the same ones whether the pictures are in memory or on disk.

The order of an epoch is a function of (seed, epoch), the online augmentation of a step one of (seed, step).
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from lesions.models.backend import tf
from lesions.params.schema import OnlineParams
from lesions.training import online_augmentation
from lesions.training.training_set import Pictures, TrainingData, epoch_order

PREFETCHED = 2  # batches that are made while the network is busy with another
HANDOVER = 0.002  # seconds that a batch gets before the next one is begun: both need Python's global lock

Item = TypeVar("Item")
Indices = NDArray[np.int64]


def steps_per_epoch(data: TrainingData, batch_size: int) -> int:
    """Batches in an epoch: as many as it takes for none to be larger than batch_size."""
    return -(-len(data.train.labels) // batch_size)


def training_batches(
    data: TrainingData, batch_size: int, epochs: range, seed: int, params: OnlineParams
) -> tf.data.Dataset:
    """All batches of the given epochs: pixels float32 (b, side, side, 3), one-hot labels (b, classes), weights (b,).

    The batches of an epoch differ in size by one picture at most: normalisation fails on a last batch of one.
    """
    steps = steps_per_epoch(data, batch_size)
    weights = data.loss_weights.astype(np.float32)
    one_hot = np.eye(len(data.classes), dtype=np.float32)
    signature = (_pixels(data.train, tf.float32), _one_hot(data), tf.TensorSpec((None,), tf.float32))
    stored = tf.TensorSpec((None, *data.train.pixels.shape[1:]), tf.uint8)

    @tf.function(input_signature=[stored, tf.TensorSpec((), tf.int64)])  # type: ignore[untyped-decorator]
    def augment(pixels: Any, step: Any) -> Any:
        return online_augmentation.augment(pixels, params, seed, step)

    def batches() -> Iterator[tuple[Any, ...]]:
        for epoch in epochs:
            order = epoch_order(data.train.labels, data.shares, seed, epoch)
            for number, indices in enumerate(np.array_split(order, steps)):
                labels = data.train.labels[indices]
                augmented = augment(data.train.pixels[indices], epoch * steps + number)
                yield augmented.numpy(), one_hot[labels], weights[labels]

    return tf.data.Dataset.from_generator(lambda: prefetch(batches), output_signature=signature)


def validation_batches(data: TrainingData, batch_size: int) -> tf.data.Dataset:
    """The validation pictures in their order, unchanged: pixels uint8 (b, side, side, 3) and one-hot labels."""
    one_hot = np.eye(len(data.classes), dtype=np.float32)
    parts = np.array_split(np.arange(len(data.val.labels)), range(batch_size, len(data.val.labels), batch_size))

    def batches() -> Iterator[tuple[Any, ...]]:
        for indices in parts:
            yield data.val.pixels[indices], one_hot[data.val.labels[indices]]

    signature = (_pixels(data.val, tf.uint8), _one_hot(data))
    dataset = tf.data.Dataset.from_generator(lambda: prefetch(batches), output_signature=signature)
    return dataset.apply(tf.data.experimental.assert_cardinality(len(parts)))


def prefetch(items: Callable[[], Iterator[Item]]) -> Iterator[Item]:
    """What items() yields, in its order, made in a thread of its own while earlier items are in use.

    In place of tf.data's prefetch, which does nothing where TensorFlow is deterministic and items come from Python.
    """
    made = items()

    def make() -> Item | None:
        time.sleep(HANDOVER)
        return next(made, None)

    with ThreadPoolExecutor(1) as maker:  # one thread alone: it keeps the order
        waiting = deque(maker.submit(make) for _ in range(PREFETCHED))
        while (item := waiting.popleft().result()) is not None:
            waiting.append(maker.submit(make))
            yield item


def _pixels(pictures: Pictures, kind: Any) -> tf.TensorSpec:
    return tf.TensorSpec((None, *pictures.pixels.shape[1:]), kind)


def _one_hot(data: TrainingData) -> tf.TensorSpec:
    return tf.TensorSpec((None, len(data.classes)), tf.float32)
