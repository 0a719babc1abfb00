"""The share of its time in which the network waits for pictures, kept in memory and read from disk.

`python -m benchmarks.input` trains the network of params.yaml on the prepared pictures for some steps, writes nothing,
and ends with 1 where it waits longer than LIMIT of the time.
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

LIMIT = 0.05
ROUNDS, STEPS = 3, 60  # that are measured
WARM_UP = 10  # steps before: the first ones compile the network, for both sizes that batches may have
CACHES: tuple[Cache, ...] = ("memory", "none")


class Waiting(NamedTuple):
    """Seconds of the measured steps, how many of them went by waiting for a batch, and how many pictures were shown."""

    total: float
    waited: float
    pictures: int


def measure(params: Params, cache: Cache) -> Waiting:
    """Train for some steps and look at the clock before and after every batch arrives; the best of some rounds.

    Other programs on the computer can only lengthen a wait: the shortest is the one of the pipeline.
    """
    set_seeds(params.seed, params.train.deterministic)
    data = load_training_data(read_manifest(PREPARED), params.image_size, params.rebalance, cache)
    model = build_network(params.model, len(data.classes), params.image_size)
    trained = sharpness_aware(logits_network(model), params.train.sharpness)
    steps = WARM_UP + ROUNDS * STEPS
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=params.train.label_smoothing)
    trained.compile(make_optimizer(params.train, steps), loss, jit_compile=False)
    epochs = -(-steps // steps_per_epoch(data, params.train.batch_size))
    shown = training_batches(data, params.train.batch_size, range(epochs), params.seed, params.train.online)
    batches = iter(shown)
    for _ in range(WARM_UP):
        batch = next(batches)
        _step(trained, batch)
        _step(trained, [part[:-1] for part in batch])
    return min((_round(trained, batches) for _ in range(ROUNDS)), key=lambda found: found.waited / found.total)


def _round(trained: Any, batches: Iterator[Any]) -> Waiting:
    waited, pictures, started = 0.0, 0, time.perf_counter()
    for _ in range(STEPS):
        asked = time.perf_counter()
        batch = next(batches)
        waited += time.perf_counter() - asked
        pictures += _step(trained, batch)
    return Waiting(time.perf_counter() - started, waited, pictures)


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
        found = measure(params, cache)
        share = found.waited / found.total
        worst = max(worst, share)
        print(f"train.cache {cache:6}  {found.pictures / found.total:6.0f} pictures/s  waits {share:6.2%} of the time")
    if worst > LIMIT:
        raise UserError(f"the network waits {worst:.1%} of its time for pictures, more than {LIMIT:.0%}")


if __name__ == "__main__":
    run(main, way_back="Nothing was written.")
