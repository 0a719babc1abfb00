"""Plans of experiments through DVC's queue, and the leaky order through the train stage."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from lesions.runtime.console import available_cores
from tests.pipeline.conftest import Project, environment

pytestmark = pytest.mark.study  # it runs the studies as commands, so that no import says so

RUN = """
from studies.experiments import run_missing, planned_experiments
from lesions.runtime.console import run
data = ["dataset=data/tiny", "labels=data/labels", "prepare.min_class_groups=3"]
plan = {"good": {}, "bad": {"epochs": -1}}
run(lambda: run_missing(planned_experiments("plan", plan, data, [0], [0])), recovery_hint="kept")
"""


def processes_in(folder: Path, word: bytes = b"") -> list[int]:
    """The processes that work anywhere below a folder, and have that word in their command."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                inside = (entry / "cwd").readlink().is_relative_to(folder)
                named = word in (entry / "cmdline").read_bytes()
            except OSError:
                continue
            found += [int(entry.name)] if inside and named else []
    return found


def wait_for(found: Callable[[], list[int]]) -> list[int]:
    end = time.monotonic() + 120
    while not (numbers := found()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)
    return numbers


def all_of(found: list[int], number: int) -> list[int]:
    return found if len(found) >= number else []


def test_a_plan_survives_a_killed_worker_and_a_failed_experiment(project: Project) -> None:
    """Hours of trainings must not be lost to one mistake, or to a machine that was switched off."""
    code = [sys.executable, "-c", RUN]
    with subprocess.Popen(code, cwd=project.folder, env=environment(), stderr=subprocess.DEVNULL) as first:
        end = time.monotonic() + 120
        while "Running" not in project.dvc("queue", "status").stdout:
            assert time.monotonic() < end, "nothing was started"
        for number in processes_in(project.folder):
            os.kill(number, signal.SIGKILL)
        first.wait(timeout=30)
    assert not project.dvc("exp", "list", "--name-only").stdout.split(), "it was over before it was killed"
    again = project.run(*code, check=False)
    assert again.returncode == 1
    assert again.stderr.splitlines()[-2].endswith("plan-bad-f0-s0` says why; the same command goes on")
    assert "Traceback" not in again.stderr
    assert project.dvc("exp", "list", "--name-only").stdout.split() == ["plan-good-f0-s0"]
    assert re.findall(r"plan-good-f0-s0: \d+ s", again.stdout), "what a training takes is what a plan is made with"


def test_a_worker_that_dies_is_replaced(project: Project) -> None:
    """Two workers that reach for one message at once may both fall over it: the queue would wait for ever.

    All are killed, each with an experiment: the last one is left for a worker that was started after them.
    """
    more = {f"more{number}": {"model.dropout": number / 100} for number in range(available_cores())}
    again = RUN.replace('"bad": {"epochs": -1}', ", ".join(f'"{name}": {changes}' for name, changes in more.items()))
    log = project.folder / "tmp" / "log"
    log.parent.mkdir(exist_ok=True)
    with log.open("wb") as file:
        plan = subprocess.Popen([sys.executable, "-c", again], cwd=project.folder, env=environment(), stdout=file)
        killed = wait_for(lambda: all_of(processes_in(project.folder, b"queue-worker"), available_cores()))
        for number in killed:
            os.kill(number, signal.SIGKILL)
        wait_for(lambda: [number for number in processes_in(project.folder, b"queue-worker") if number not in killed])
        assert plan.wait(timeout=300) in (0, 1)  # what a worker had begun is named as failed
    assert f"plan-{[*more][-1]}-f0-s0" in project.dvc("exp", "list", "--name-only").stdout.split()


def test_a_clone_that_never_made_its_outputs_is_told_to(project: Project) -> None:
    """DVC itself stops every experiment of such a clone with a message on a missing cache, after all are queued."""
    shutil.rmtree(project.folder / ".dvc/cache")
    done = project.run(sys.executable, "-c", RUN, check=False)
    assert done.returncode == 1
    assert "DVC runs no experiments then: run `dvc repro`" in done.stderr
    assert not project.dvc("exp", "list", "--name-only").stdout.split()


def test_the_leaky_order_is_trained_apart_from_the_pipeline(project: Project) -> None:
    path = project.folder / "studies/study.yaml"
    plan = yaml.safe_load(path.read_text(encoding="utf-8"))
    plan["model3"] |= {"epochs": 1, "rebalance.per_class": 6}
    path.write_text(yaml.safe_dump(plan), encoding="utf-8")
    command = ["python", "-m", "studies.leak", "--dataset", "data/tiny", "--folds", "1"]
    before = project.outputs()
    first = project.run(*command)
    found = json.loads((project.folder / "tmp/leak/f0/leak.json").read_text(encoding="utf-8"))
    assert found["siblings"] > 0.3
    assert f"| {found['val']['accuracy']:.3f} | {found['test']['accuracy']:.3f} |" in first.stdout
    assert "epoch" not in project.run(*command).stdout, "a fold that was there was trained again"
    assert project.outputs() == before
    assert not project.run("git", "status", "--short", "--", ".", ":!studies/study.yaml").stdout
