"""Training speed: lesion_net as in params.yaml against three networks of the notebooks, in one run, in turns.

Every measurement has a process of its own. lesion_net is trained by the train stage's own code, with all settings of
params.yaml; the notebooks' networks by Keras' fit() on pictures of 180 x 180 pixels that wait decoded in memory, which
is kinder than the notebooks' folders of JPEG files. FLOPs are counted by TensorFlow's profiler in the graph of one
picture going forward; a training step counts as three times that (forward, gradients of the maps, gradients of the
weights), and twice that where steps climb first (train.sharpness), without the random changes of the pictures. The peak
is that of multiplying matrices in the same run.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from PIL import Image

from benchmarks.measuring import markdown, spread
from benchmarks.processes import in_fresh_process, peak_memory
from lesions.data.manifest import classes_of, read_manifest
from lesions.data.pixels import read_pixels
from lesions.params.paths import PREPARED
from lesions.params.schema import load_params
from lesions.runtime.console import UserError, available_cores, run

OURS = "lesion_net"
NOTEBOOKS = ("a", "b", "c")
PICTURES = 512  # of the training pictures, enlarged to the notebooks' size: 50 MB
MATRIX = 2_048  # rows and columns
PRODUCTS = 20  # of which the fastest is the peak
FORWARD_AND_BACK = 3


class SpeedMeasurement(NamedTuple):
    """One measurement: size of the network, pictures per second (also per processor second), peak memory in MB."""

    weights: int
    flops: int  # of one picture, forward
    passes: int  # forward and back, in one step: two where steps climb first
    epoch_pictures: int
    speed: float
    cpu_speed: float
    memory: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--steps", type=int, default=30, help="training steps that are measured")
    parser.add_argument("--warm-up", type=int, default=5, help="training steps before them")
    parser.add_argument("--rounds", type=int, default=3, help="times that everything is measured")
    arguments = parser.parse_args()
    params = load_params()
    if not (PREPARED / "manifest.csv").is_file():
        raise UserError(f"there is no {PREPARED}/manifest.csv: run `dvc repro` first")
    print(
        f"{OURS} at {params.image_size} pixels, batches of {params.train.batch_size}; notebooks at 180 pixels, batches "
        f"of 32; {arguments.steps} steps after {arguments.warm_up}, {available_cores()} cores",
        flush=True,
    )
    measurements, peaks = measure(arguments.rounds, arguments.warm_up, arguments.steps)
    speed_text(measurements, peaks)


def measure(rounds: int, warm_up: int, steps: int) -> tuple[dict[str, list[SpeedMeasurement]], list[float]]:
    """Every network once in every round, in alternating order; and the peak (FLOP/s) of every round."""
    names = [OURS, *NOTEBOOKS]
    measurements: dict[str, list[SpeedMeasurement]] = {name: [] for name in names}
    peaks = []
    for turn in range(rounds):
        peaks.append(in_fresh_process(peak))
        for name in names if turn % 2 == 0 else names[::-1]:
            call: Callable[[], SpeedMeasurement] = partial(
                train_ours if name == OURS else train_notebook, warm_up, steps, name
            )
            measurements[name].append(in_fresh_process(call))
            print(f"round {turn + 1}: {name} {measurements[name][-1].speed:.0f} pictures/s", flush=True)
    return measurements, peaks


def speed_text(measurements: dict[str, list[SpeedMeasurement]], peaks: list[float]) -> None:
    """Print the table, medians over the rounds with their ranges, and ratios within rounds."""
    from benchmarks.notebook_networks import EPOCH_PICTURES, EPOCHS

    ours, rows = measurements[OURS], []
    for name, repeats in measurements.items():
        speeds, shares = (
            [measurement.speed for measurement in repeats],
            [
                FORWARD_AND_BACK * measurement.passes * measurement.flops * measurement.speed / peak
                for measurement, peak in zip(repeats, peaks, strict=True)
            ],
        )
        slower = [theirs.speed / measurement.speed for theirs, measurement in zip(ours, repeats, strict=True)]
        rows.append(
            {
                "network": name,
                "weights": f"{repeats[0].weights:,}",
                "MFLOPs a picture, forward": f"{repeats[0].flops / 1e6:,.0f}",
                "pictures/s (range)": f"{statistics.median(speeds):,.0f} ({min(speeds):,.0f} to {max(speeds):,.0f})",
                "share of peak": f"{statistics.median(shares):.0%}",
                "peak memory, MB": f"{statistics.median(measurement.memory for measurement in repeats):,.0f}",
                f"{EPOCHS} epochs of {EPOCH_PICTURES:,}": _minutes(EPOCHS * EPOCH_PICTURES / statistics.median(speeds)),
                f"times {OURS} (range)": f"{statistics.median(slower):.1f} ({min(slower):.1f} to {max(slower):.1f})",
                "by processor time": f"{_median_ratio(ours, repeats):.1f}",
            }
        )
    print(f"\n{markdown(pd.DataFrame(rows))}\n")
    print(f"peak: {MATRIX} x {MATRIX} float32 matrices, {spread([peak / 1e9 for peak in peaks], '.0f')} GFLOP/s")
    epochs, speed = load_params().epochs, statistics.median(measurement.speed for measurement in ours)
    pictures = ours[0].epoch_pictures
    own = f"{EPOCHS} epochs of its own plan, {pictures:,} pictures: {_minutes(EPOCHS * pictures / speed)}"
    print(f"{OURS}: {own}; its {epochs} epochs: {_minutes(epochs * pictures / speed)}")


def train_ours(warm_up: int, steps: int, name: str) -> SpeedMeasurement:
    """Some steps of the train stage, with the pictures, the network and the recipe of params.yaml."""
    from benchmarks.stopwatch import StopMeasuring, Stopwatch
    from lesions.models.transfer import build_network
    from lesions.training.fit import fit, set_seeds
    from lesions.training.load import load_training_data

    params = load_params()
    params = params.model_copy(update={"epochs": 10_000, "model": params.model.model_copy(update={"name": name})})
    set_seeds(params.seed, params.train.deterministic)
    data = load_training_data(read_manifest(PREPARED), params.image_size, params.rebalance, params.train.cache)
    model = build_network(params.model, len(data.classes), params.image_size)
    watch, pictures = Stopwatch(warm_up, steps), len(data.train.labels)
    try:
        fit(model, data, params, [watch])
    except StopMeasuring:
        batch = pictures / -(-pictures // params.train.batch_size)
        return _measurement(model, 2 if params.train.sharpness else 1, pictures, steps * batch, watch)
    raise AssertionError("a training ended before its steps were done")


def train_notebook(warm_up: int, steps: int, name: str) -> SpeedMeasurement:
    """Some steps as in a notebook."""
    from benchmarks.notebook_networks import BATCH_SIZE, EPOCH_PICTURES, SIDE
    from benchmarks.notebook_networks import NOTEBOOKS as NETWORKS
    from benchmarks.stopwatch import StopMeasuring, Stopwatch
    from lesions.models.backend import keras, tf

    keras.utils.set_random_seed(load_params().seed)
    pixels, labels, n_classes = _enlarged_pictures(SIDE)
    model = NETWORKS[name].build(n_classes)
    model.compile(
        keras.optimizers.Adam(NETWORKS[name].learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    batches = tf.data.Dataset.from_tensor_slices((pixels, labels)).shuffle(len(labels)).repeat().batch(BATCH_SIZE)
    batches = batches.map(lambda x, y: (tf.cast(x, tf.float32), y)).prefetch(tf.data.AUTOTUNE)
    watch = Stopwatch(warm_up, steps)
    try:
        model.fit(batches, steps_per_epoch=warm_up + steps, callbacks=[watch], shuffle=False, verbose=0)
    except StopMeasuring:
        return _measurement(model, 1, EPOCH_PICTURES, steps * BATCH_SIZE, watch)
    raise AssertionError("a training ended before its steps were done")


def peak() -> float:
    """Floating-point operations per second of the fastest of some products of square float32 matrices."""
    from lesions.models.backend import tf

    one, other = (tf.random.stateless_normal((MATRIX, MATRIX), (seed, 0)) for seed in (0, 1))
    multiply, best = tf.function(tf.linalg.matmul), np.inf
    for _ in range(PRODUCTS):
        start = time.perf_counter()
        multiply(one, other).numpy()
        best = min(best, time.perf_counter() - start)
    return 2 * MATRIX**3 / best


def count_flops(model: Any) -> int:
    """Floating-point operations of one picture going forward; a multiplication and an addition are two."""
    from lesions.models.backend import tf

    tf.get_logger().setLevel("ERROR")  # its profiler warns that it is old
    graph = tf.function(lambda x: model(x, training=False)).get_concrete_function(
        tf.TensorSpec((1, *model.input_shape[1:]), tf.float32)
    ).graph  # fmt: skip
    options = tf.compat.v1.profiler.ProfileOptionBuilder(tf.compat.v1.profiler.ProfileOptionBuilder.float_operation())
    return int(tf.compat.v1.profiler.profile(graph, options=options.with_empty_output().build()).total_float_ops)


def _measurement(model: Any, passes: int, epoch_pictures: int, pictures: float, watch: Any) -> SpeedMeasurement:
    memory = peak_memory()  # before the profiler takes its share
    speeds = pictures / watch.seconds, pictures / watch.cpu
    return SpeedMeasurement(model.count_params(), count_flops(model), passes, epoch_pictures, *speeds, memory)


def _enlarged_pictures(side: int) -> tuple[Any, Any, int]:
    """Some prepared training pictures (n, side, side, 3), their labels (n,), and how many classes there are."""
    manifest = read_manifest(PREPARED)
    classes, training = classes_of(manifest), manifest[manifest["split"] == "train"]
    some = training.sample(min(PICTURES, len(training)), random_state=0)
    pictures = [Image.fromarray(read_pixels(PREPARED / path)).resize((side, side)) for path in some["path"]]
    labels = np.array([classes.index(label) for label in some["label"]])
    return np.stack([np.asarray(picture) for picture in pictures]), labels, len(classes)


def _median_ratio(ours: list[SpeedMeasurement], theirs: list[SpeedMeasurement]) -> float:
    return statistics.median(our.cpu_speed / their.cpu_speed for our, their in zip(ours, theirs, strict=True))


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f} min"


if __name__ == "__main__":
    from benchmarks import training  # by its full name: other processes cannot import functions of __main__

    run(training.main, recovery_hint="Nothing was written.")
