"""What an end in the middle leaves behind: kill -9 in every stage, and a full disk in every stage."""

import os
import signal
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.small_pipeline import STARTED, Pipeline

VICTIMS = ("DVC with its stage", "DVC", "stage")
SECONDS = 300.0  # after which a stage counts as hanging


class Trial(NamedTuple):
    """One try: of what, and what went wrong, if anything did."""

    what: str
    problem: str = ""


def kill_at_random(pipeline: Pipeline, seconds: dict[str, float], wanted: dict[str, str], number: int) -> Trial:
    """Run a stage of a finished pipeline again, kill it, run the pipeline: the outputs must be the same bytes.

    seconds: of each stage in an undisturbed run, DVC's work on it included; wanted: the outputs of that run. The number
    gives the stage, the moment, and the victim: DVC with the stage, as by a power cut, DVC alone, or the stage alone.
    """
    stage = pipeline.stages[number % len(pipeline.stages)]
    victim = VICTIMS[number // len(pipeline.stages) % len(VICTIMS)]
    share = np.random.default_rng(number).random()
    text = _kill(pipeline, stage, share * seconds[stage], victim)
    done = pipeline.run("dvc", "repro", "--no-run-cache")
    problem = _traceback_in(text + done.text) or (done.text[-2000:] if done.code else "")
    if not problem and not pipeline.is_whole(wanted):
        problem = _difference(pipeline, wanted)
    return Trial(f"{victim} in {stage} after {share:.0%}", problem)


def _kill(pipeline: Pipeline, stage: str, delay: float, victim: str) -> str:
    """Kill the victim that long after the stage has begun; returns what was said until all that was left has ended."""
    process = pipeline.start("dvc", "repro", "--single-item", "--force", stage)
    text = ""
    for line in pipeline.lines(process):
        text += line
        if line.startswith(STARTED):
            break
    time.sleep(delay)
    if victim == "stage":
        for child in children(process.pid):
            os.kill(child, signal.SIGKILL)
    elif victim == "DVC":  # which leaves the stage running: somebody starts again beside it
        process.kill()
        text += pipeline.run("dvc", "repro", "--no-run-cache", stage).text
    else:
        os.killpg(process.pid, signal.SIGKILL)
    return text + process.communicate()[0]


def children(parent: int) -> list[int]:
    """The processes that a process has started, those of these as well."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            status = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if int(status[1]) == parent:
            found += [int(path.parent.name), *children(int(path.parent.name))]
    return found


def fill_in_every_stage(pipeline: Pipeline, wanted: dict[str, str]) -> list[Trial]:
    """On a finished pipeline whose disk is small: run every stage again on a full disk, then with space."""
    return [Trial(f"in {stage}", fill_in(pipeline, stage, wanted)) for stage in pipeline.stages]


def fill_in(pipeline: Pipeline, stage: str, wanted: dict[str, str]) -> str:
    """Fill the disk as the stage begins; returns what is wrong, if anything.

    Right is one line of error, earlier outputs that come back as that line says, and the same outputs by the next run.
    """
    process = pipeline.start("dvc", "repro", "--single-item", "--force", stage)
    text = ""
    ballast = pipeline.folder / "tmp" / "ballast"
    ballast.parent.mkdir(exist_ok=True)
    for line in pipeline.lines(process):
        text += line
        if line.startswith(STARTED):
            fill(ballast)
            break
    text += process.communicate(timeout=SECONDS)[0]
    ballast.unlink()
    if process.returncode == 0:
        return "the stage found space"
    if "Traceback" in text or text.count("the disk is full") != 1:
        return f"not one line: {text[-2500:]}"
    pipeline.must("git", "restore", ".")
    back = pipeline.run("dvc", "checkout", "--force", "dvc.yaml")
    if back.code or not pipeline.is_whole(wanted):
        return f"earlier outputs did not come back: {back.text[-1500:]}"
    again = pipeline.run("dvc", "repro", "--single-item", "--force", stage)
    if again.code or not pipeline.is_whole(wanted):
        return f"the next run went wrong: {again.text[-1500:]}"
    return ""


def fill(ballast: Path) -> None:
    """Write a file until the disk is full, to the last page."""
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 20))
        except OSError:
            pass
        try:
            while True:
                file.write(bytes(512))
        except OSError:
            pass


def _traceback_in(text: str) -> str:
    return text[text.index("Traceback") :][-2000:] if "Traceback" in text else ""


def _difference(pipeline: Pipeline, wanted: dict[str, str]) -> str:
    outputs = pipeline.outputs()
    different = [path for path in wanted if outputs.get(path) != wanted[path]]
    return f"other bytes: {', '.join(different)}" if different else pipeline.run("dvc", "status", "dvc.yaml").text
