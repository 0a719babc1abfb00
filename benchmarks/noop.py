"""Time of `dvc repro` with nothing to do, on a copy of the committed project with many small pictures.

The pipeline runs once, whole, before anything is measured; a profile then gives the time per package.
"""

import argparse
import pstats
import tempfile
from pathlib import Path

import yaml

from benchmarks.measuring import spread
from benchmarks.prepare import make_pictures
from benchmarks.processes import ResourceUsage, run_command
from lesions.runtime.console import available_cores

REPOSITORY = Path(__file__).resolve().parent.parent
WIDTH, HEIGHT = 64, 48  # pixels: DVC's work depends on the number of files, not on what is in them
DATASET = "data/many"
QUICK_PARAMS = {"dataset": DATASET, "image_size": 32, "epochs": 1}
MAX_SECONDS = 3  # for `dvc repro` on 10,000 pictures
COMMANDS = (["dvc", "--version"], ["dvc", "status"], ["dvc", "repro"])
PROFILED_PACKAGES = 6


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.noop", description=__doc__)
    parser.add_argument("--pictures", type=int, default=10_000, metavar="N")
    parser.add_argument("--rounds", type=int, default=5, help="times that everything is measured")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "clone"
        seconds = run_once(folder, arguments.pictures)
        print(f"{arguments.pictures} pictures, {available_cores()} cores; first run: {seconds:.0f} s", flush=True)
        compare(folder, arguments.rounds)
        print(profile(folder))


def run_once(folder: Path, pictures: int) -> float:
    """Clone the project, give it a data set in DVC, and run the pipeline; returns the seconds of the run."""
    run_command(["git", "clone", "--quiet", str(REPOSITORY), str(folder)], REPOSITORY)
    make_pictures(folder / DATASET, pictures, WIDTH, HEIGHT)
    path = folder / "params.yaml"
    params = yaml.safe_load(path.read_text(encoding="utf-8")) | QUICK_PARAMS
    params["rebalance"]["method"] = "none"
    path.write_text(yaml.safe_dump(params), encoding="utf-8")
    run_command(["dvc", "add", "--quiet", DATASET], folder)
    return run_command(["dvc", "repro", "--quiet"], folder).seconds


def compare(folder: Path, rounds: int) -> None:
    """Measure every command in turns, and print the median and the range of each."""
    usages: dict[str, list[ResourceUsage]] = {" ".join(command): [] for command in COMMANDS}
    for _ in range(rounds):
        for command in COMMANDS:
            usages[" ".join(command)].append(run_command(command, folder))
    for name, repeats in usages.items():
        print(f"{name}: {spread([usage.seconds for usage in repeats], '.2f')} s", flush=True)
        print(f"  processor time: {spread([usage.cpu for usage in repeats], '.2f')} s", flush=True)
    print(f"goal for `dvc repro` with nothing to do: under {MAX_SECONDS} s")


def profile(folder: Path) -> str:
    """The packages in which `dvc repro` spends its time, with their shares (profiling slows Python code down)."""
    dump = folder / "tmp" / "repro.prof"
    dump.parent.mkdir(exist_ok=True)
    run_command(["dvc", "repro", "--cprofile-dump", str(dump)], folder)
    seconds_by_package: dict[str, float] = {}
    for (file, _, name), (_, _, own_seconds, _, _) in pstats.Stats(str(dump)).stats.items():  # type: ignore[attr-defined]
        parts = Path(file).parts
        package = (
            parts[parts.index("site-packages") + 1] if "site-packages" in parts else name if file == "~" else "python"
        )
        seconds_by_package[package] = seconds_by_package.get(package, 0) + own_seconds
    total = sum(seconds_by_package.values())
    first = sorted(seconds_by_package.items(), key=lambda item: -item[1])[:PROFILED_PACKAGES]
    return "by profile: " + ", ".join(f"{package} {own_seconds / total:.0%}" for package, own_seconds in first)


if __name__ == "__main__":
    main()
