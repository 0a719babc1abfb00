"""Speed of offline augmentation: the augment stage against Augmentor's own sample(), in one run, in turns.

Both read the same training pictures, run the operations of params.yaml on the same cores and write PNG files of the
same size. Augmentor draws at random which pictures it copies, and lets probabilities of one decimal fire as
they round; the stage also seeds every operation, and fills the black edges that some of them leave. Every measurement
has a process of its own, and includes the start of its workers.
"""

import argparse
import contextlib
import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from benchmarks.measuring import spread
from benchmarks.prepare import time_call
from benchmarks.processes import in_fresh_process
from lesions.augmentation.copies import Copy, write_copies
from lesions.data.manifest import read_manifest
from lesions.data.pixels import read_pixels, write_png
from lesions.params.paths import PREPARED
from lesions.params.schema import load_params
from lesions.runtime.console import available_cores, run

NOTEBOOKS_SIDE = 180  # pixels, in the notebooks
MIN_RATIO = 2.0

# Folder of the pictures, their names, how many to make, folder for the results
Implementation = Callable[[Path, list[str], int, Path], None]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.augment", description=__doc__)
    parser.add_argument(
        "--pictures", type=int, default=4_500, metavar="N", help="new pictures, as 500 for nine classes"
    )
    parser.add_argument("--rounds", type=int, default=5, help="times that everything is measured")
    arguments = parser.parse_args()
    training = read_manifest(PREPARED).query("split == 'train'")
    operations = ", ".join(load_params().augment.operations)
    print(f"{arguments.pictures} new pictures of {len(training)}, {available_cores()} cores; {operations}")
    with tempfile.TemporaryDirectory() as name:
        for side in sorted({load_params().image_size, NOTEBOOKS_SIDE}):
            folder = Path(name) / str(side)
            compare(folder, resized_pictures(training, side, folder / "pictures"), arguments.pictures, arguments.rounds)


def resized_pictures(training: pd.DataFrame, side: int, folder: Path) -> list[str]:
    """Put the prepared pictures into the folder, resized to side x side pixels; returns their names."""
    print(f"\n{side} x {side} pixels", flush=True)
    folder.mkdir(parents=True)
    for image_id, path in zip(training["image_id"], training["path"], strict=True):
        picture = Image.fromarray(read_pixels(PREPARED / path))
        write_png(folder / f"{image_id}.png", np.asarray(picture.resize((side, side), Image.Resampling.LANCZOS)))
    return [f"{image_id}.png" for image_id in training["image_id"]]


def compare(folder: Path, names: list[str], n: int, rounds: int) -> None:
    """Measure both in turns, each first in every other round, and print speeds and ratios."""
    rows = []
    for turn in range(rounds):
        order = (run_augmentor, run_stage) if turn % 2 == 0 else (run_stage, run_augmentor)
        times = {implementation: measure(implementation, folder, names, n) for implementation in order}
        rows.append((times[run_augmentor], times[run_stage]))
    for title, column in (("Augmentor", 0), ("augment stage", 1)):
        print(f"{title}: {spread([n / row[column]['seconds'] for row in rows], '.0f')} pictures/s")
    for title, unit in (("speed against Augmentor", "seconds"), ("the same by processor time", "cpu")):
        print(f"{title}: {spread([theirs[unit] / ours[unit] for theirs, ours in rows], '.2f')}")
    print(f"goal: at least {MIN_RATIO:g}", flush=True)


def measure(implementation: Implementation, folder: Path, names: list[str], n: int) -> dict[str, float]:
    """Seconds and processor seconds of one implementation in a fresh process.

    Raises AssertionError where pictures are missing.
    The results stay: where files have just been deleted, ext4 takes twenty times as long to create others.
    """
    out = Path(tempfile.mkdtemp(dir=folder))
    times = in_fresh_process(partial(time_call, partial(implementation, folder / "pictures", names, n, out)))
    assert sum(path.is_file() for path in out.rglob("*")) == n  # noqa: S101
    return times


def run_stage(pictures: Path, names: list[str], n: int, out: Path) -> None:
    """Augmentation as in the augment stage."""
    params = load_params()
    drawn = [divmod(number, len(names)) for number in range(n)]
    copies = sorted(Copy("all", Path(names[picture]).stem, k, names[picture]) for k, picture in drawn)
    write_copies(copies, params.augment.operations, params.seed, pictures, out)


def run_augmentor(pictures: Path, names: list[str], n: int, out: Path) -> None:  # noqa: ARG001
    """Augmentation as in the notebooks: a pipeline on a folder, and sample()."""
    import Augmentor

    with (
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stderr(nowhere),
        contextlib.redirect_stdout(nowhere),
    ):
        pipeline = Augmentor.Pipeline(str(pictures), str(out), save_format="PNG")
        for name, arguments in load_params().augment.operations.items():
            getattr(pipeline, name)(**arguments)
        pipeline.sample(n)


if __name__ == "__main__":
    from benchmarks import augment  # by its full name: worker processes cannot import functions of __main__

    run(augment.main, recovery_hint="Nothing was written.")
