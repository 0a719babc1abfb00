"""What the pipeline survives: kill -9, a full disk, two runs at once, and storage of other kinds; prints a table.

A clone of the last commit with a few drawn pictures runs once undisturbed; whatever comes after must end with the same
bytes. A full disk and a read-only one are mounted, which only root may do.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import interruptions, small_pipeline, storage
from benchmarks.interruptions import Trial
from benchmarks.small_pipeline import STARTED, Pipeline

DISK = 400  # MB: room for the whole project, but quickly filled
KINDS = ("kill", "disk", "storage")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.survive", description=__doc__)
    parser.add_argument("--only", action="append", choices=KINDS, help="trials of this kind (default: of all kinds)")
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--first", type=int, default=0, metavar="NUMBER", help="of the first kill")
    parser.add_argument("--folder", type=Path, help="keeps the undisturbed run here, for other trials on other days")
    arguments = parser.parse_args()
    numbers = range(arguments.first, arguments.first + arguments.kills)
    trials: dict[str, Callable[[Pipeline, dict[str, float], Path], list[Trial]]] = {
        "kill": lambda pipeline, seconds, _: killed(pipeline, seconds, numbers),
        "disk": lambda pipeline, _, folder: filled(pipeline, folder),
        "storage": lambda pipeline, _, folder: storage.try_all(pipeline, pipeline.outputs(), folder),
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pipeline, seconds = finished(arguments.folder or folder / "undisturbed")
        print(f"undisturbed: {sum(seconds.values()):.0f} s for {len(seconds)} stages", flush=True)
        print("\n| trial | tries | same bytes |\n|---|---|---|")
        problems = [
            problem
            for kind in arguments.only or KINDS
            for problem in table(kind, trials[kind](pipeline, seconds, folder))
        ]
    for problem in problems:
        print(f"\n{problem}", file=sys.stderr)
    sys.exit(1 if problems else 0)


def finished(folder: Path) -> tuple[Pipeline, dict[str, float]]:
    """A pipeline that has run undisturbed and the seconds of its stages; made in the folder unless it is there."""
    noted = folder / "seconds.json"
    if not noted.exists():
        pipeline = small_pipeline.make(folder / "project")
        noted.write_text(json.dumps(undisturbed(pipeline)), encoding="utf-8")
        pipeline.commit()
    return Pipeline(folder / "project"), json.loads(noted.read_text(encoding="utf-8"))


def undisturbed(pipeline: Pipeline) -> dict[str, float]:
    """Run the pipeline; returns the seconds from the start of every stage to that of the next one."""
    process = pipeline.start("dvc", "repro")
    begun, text = dict[str, float](), ""
    for line in pipeline.lines(process):
        text += line
        if line.startswith(STARTED):
            begun[line.split("'")[1]] = time.monotonic()
    if process.wait():
        raise RuntimeError(text)
    ends = [*list(begun.values())[1:], time.monotonic()]
    return {stage: end - start for (stage, start), end in zip(begun.items(), ends, strict=True)}


def killed(pipeline: Pipeline, seconds: dict[str, float], numbers: range) -> list[Trial]:
    """One kill after another, each told at once."""
    trials = []
    for number in numbers:
        trial = interruptions.kill_at_random(pipeline, seconds, pipeline.outputs(), number)
        print(f"{number}: {trial.what}: {'wrong' if trial.problem else 'right'}", file=sys.stderr, flush=True)
        trials.append(trial)
    return trials


def filled(pipeline: Pipeline, folder: Path) -> list[Trial]:
    """Run every stage of a copy on a small disk that is full."""
    try:
        with small_pipeline.small_disk(folder / "small", DISK):
            small = small_pipeline.copy(pipeline, folder / "small" / "project")
            return interruptions.fill_in_every_stage(small, pipeline.outputs())
    except subprocess.CalledProcessError as error:
        return [Trial("a small disk", f"not tried: {error.stderr}")]


def table(kind: str, trials: Sequence[Trial]) -> list[str]:
    """Print the rows of one kind; returns what went wrong, each with its trial."""
    names = {"kill": "kill -9 at a random moment: ", "disk": "full disk "}
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        groups.setdefault(names.get(kind, "") + trial.what.partition(" after ")[0], []).append(trial)
    for name, group in groups.items():
        print(f"| {name} | {len(group)} | {sum(not trial.problem for trial in group)} |", flush=True)
    return [f"{trial.what}: {trial.problem}" for trial in trials if trial.problem]


if __name__ == "__main__":
    main()
