"""Input pipeline: the share of training time spent waiting for batches, cached in memory and read from disk.

`python -m benchmarks.input` trains the network of params.yaml on the prepared pictures for some steps, writes nothing,
and exits with 1 where that share is above MAX_WAITING_SHARE.
"""

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from lesions.data.manifest import read_manifest
from lesions.models.backend import keras
from lesions.models.networks import logits_network
from lesions.models.transfer import build_network
from lesions.params.paths import PREPARED
from lesions.params.schema import Params, load_params
from lesions.runtime.console import UserError, run
from lesions.training.batches import steps_per_epoch, training_batches
from lesions.training.cache import Cache
from lesions.training.fit import set_seeds
from lesions.training.load import load_training_data
from lesions.training.optimizers import make_optimizer
from lesions.training.sharpness_aware import sharpness_aware

MAX_WAITING_SHARE = 0.05
ROUNDS, STEPS = 3, 60  # that are measured
WARM_UP = 10  # steps before: the first ones compile the network, for both sizes that batches may have
CACHES: tuple[Cache, ...] = ("memory", "none")


class WaitingTime(NamedTuple):
    """Seconds of the measured steps, seconds of them spent waiting for a batch, and number of pictures."""

    total: float
    waited: float
    pictures: int


def measure(params: Params, cache: Cache) -> WaitingTime:
    """Train for some steps and time the arrival of every batch; the best of some rounds.

    Other programs on the computer can only lengthen a wait: the shortest is closest to the pipeline's own.
    """
    set_seeds(params.seed, params.train.deterministic)
    data = load_training_data(read_manifest(PREPARED), params.image_size, params.rebalance, cache)
    model = build_network(params.model, len(data.classes), params.image_size)
    trained = sharpness_aware(logits_network(model), params.train.sharpness)
    steps = WARM_UP + ROUNDS * STEPS
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=params.train.label_smoothing)
    trained.compile(make_optimizer(params.train, steps), loss, jit_compile=False)
    epochs = -(-steps // steps_per_epoch(data, params.train.batch_size))
    dataset = training_batches(data, params.train.batch_size, range(epochs), params.seed, params.train.online)
    batches = iter(dataset)
    for _ in range(WARM_UP):
        batch = next(batches)
        _step(trained, batch)
        _step(trained, [part[:-1] for part in batch])
    return min((_round(trained, batches) for _ in range(ROUNDS)), key=lambda waiting: waiting.waited / waiting.total)


def _round(trained: Any, batches: Iterator[Any]) -> WaitingTime:
    waited, pictures, start = 0.0, 0, time.perf_counter()
    for _ in range(STEPS):
        request = time.perf_counter()
        batch = next(batches)
        waited += time.perf_counter() - request
        pictures += _step(trained, batch)
    return WaitingTime(time.perf_counter() - start, waited, pictures)


def _step(trained: Any, batch: Any) -> int:
    """One step; it is over when the loss is a number. Returns how many pictures it took."""
    pixels, labels, weights = batch
    float(trained.train_on_batch(pixels, labels, sample_weight=weights))
    return len(labels)


def main() -> None:
    params, worst = load_params(), 0.0
    batches = f"batches of {params.train.batch_size}, best of {ROUNDS} rounds of {STEPS} steps"
    print(f"{params.model.name}, {params.image_size} pixels a side, {batches}")
    for cache in CACHES:
        waiting = measure(params, cache)
        share = waiting.waited / waiting.total
        worst = max(worst, share)
        print(
            f"train.cache {cache:6}  {waiting.pictures / waiting.total:6.0f} pictures/s  waits {share:6.2%} of the time"
        )
    if worst > MAX_WAITING_SHARE:
        raise UserError(f"the network waits {worst:.1%} of its time for pictures, more than {MAX_WAITING_SHARE:.0%}")


if __name__ == "__main__":
    run(main, recovery_hint="Nothing was written.")
