"""Speed of the command line: one picture from a cold start, and a folder of pictures of HAM10000's size.

`python -m benchmarks.predict` runs `python -m app.predict` itself, in processes of their own, on JPEG files that it
draws into a temporary folder: 600 x 450 pixels and 270 kB, as in HAM10000. It needs a bundle (`dvc repro export`).
Where other programs use the machine, processor time is the more reliable measure.
"""

import argparse
import tempfile
from pathlib import Path

from benchmarks.measuring import spread
from benchmarks.prepare import HEIGHT, WIDTH, make_pictures
from benchmarks.processes import ResourceUsage, run_command
from lesions.bundle.bundle import Bundle
from lesions.params.paths import BUNDLE
from lesions.runtime.console import available_cores, run

MAX_SECONDS = 0.5  # for one picture, from the start of Python to the end
MIN_SPEED = 300  # pictures a second on two cores


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.predict", description=__doc__)
    parser.add_argument("--pictures", type=int, default=3000, metavar="N")
    parser.add_argument("--rounds", type=int, default=5, help="times that everything is measured")
    parser.add_argument("--model", type=Path, default=BUNDLE, metavar="DIR")
    arguments = parser.parse_args()
    metadata, cores = Bundle.load(arguments.model).metadata, available_cores()
    with tempfile.TemporaryDirectory() as name:
        sources = make_pictures(Path(name), arguments.pictures)
        size = sum((Path(name) / source).stat().st_size for source in sources) / len(sources)
        print(
            f"{len(sources)} JPEG files of {WIDTH} x {HEIGHT} pixels and {size / 1000:.0f} kB, {cores} cores; "
            f"{metadata.network} at {metadata.image_size} pixels"
        )
        single_runs = [predict(Path(name) / sources[0], arguments.model) for _ in range(arguments.rounds)]
        print(f"one picture, cold start: {spread([usage.seconds for usage in single_runs], '.2f')} s")
        print(f"  processor time: {spread([usage.cpu for usage in single_runs], '.2f')} s; goal: under {MAX_SECONDS} s")
        folder_runs = [predict(Path(name), arguments.model) for _ in range(arguments.rounds)]
        print(f"folder: {spread([len(sources) / usage.seconds for usage in folder_runs], '.0f')} pictures/s")
        by_processor = spread([len(sources) * cores / usage.cpu for usage in folder_runs], ".0f")
        print(f"  by processor time, {cores} cores: {by_processor} pictures/s; goal: {MIN_SPEED} on two cores")


def predict(path: Path, model: Path) -> ResourceUsage:
    """Resources used by predicting a picture or a folder of them on the command line, as CSV."""
    return run_command(["python", "-m", "app.predict", str(path), "--model", str(model), "--format", "csv"])


if __name__ == "__main__":
    run(main, recovery_hint="Nothing was changed.")
