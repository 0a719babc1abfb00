"""Plans of experiments, run through DVC's queue, one on each core; finished experiments are not run again.

A plan is a YAML file: names of recipes, each with the params in which it differs from params.yaml. Every training is an
experiment of its own, <plan>-<recipe>-f<fold>-s<seed>.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from dvc.repo import Repo
from tqdm import tqdm

from lesions.runtime.console import UserError, available_cores

FOLDS = 5
POLL_SECONDS = 10.0
WORKER_START_SECONDS = 30.0  # for a worker to answer
MAX_POLLS_WITHOUT_WORKER = 10  # polls: on a busy machine a worker may be slow to answer
LAST_STAGE = "evaluate"  # nothing after it is compared

Plan = dict[str, dict[str, Any]]


def read_plan(path: Path) -> Plan:
    """The recipes of a plan by name, each with its params by dotted name. Raises UserError for any other file."""
    try:
        plan = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"{path} cannot be read as a plan: {error}".partition("\n")[0]) from None
    if not isinstance(plan, dict) or not all(isinstance(changes, dict) for changes in plan.values()):
        raise UserError(f"{path}: a plan has a name for each recipe, and below it params: `lesion_net: {{epochs: 30}}`")
    return plan


def planned_experiments(
    name: str, plan: Plan, data: list[str], folds: Iterable[int], seeds: Iterable[int]
) -> dict[str, list[str]]:
    """The settings (`key=value`) of each experiment of a plan by its name; every fold once before any fold twice."""
    return {
        experiment_name(name, recipe, fold, seed): [*data, *_settings(changes), f"prepare.fold={fold}", f"seed={seed}"]
        for seed in seeds
        for fold in folds
        for recipe, changes in plan.items()
    }


def experiment_name(plan: str, recipe: str, fold: int, seed: int) -> str:
    return f"{plan}-{recipe}-f{fold}-s{seed}"


def finished_experiments() -> set[str]:
    """The names of the finished experiments on the current commit."""
    return {name for experiments in Repo().experiments.ls().values() for name, _ in experiments}


def run_missing(experiments: dict[str, list[str]]) -> None:
    """Queue the experiments that are neither finished nor queued, and wait for them.

    If this process is stopped, the queue goes on; another call waits for the same experiments. Raises UserError where
    an experiment fails; the others are run all the same.
    """
    finished = finished_experiments()
    missing = [name for name in experiments if name not in finished]
    if not missing:
        return
    _require_outputs()
    _remove_from_queue(missing)
    queued = {entry["name"] for entry in Repo().experiments.celery_queue.status()}
    for name in tqdm([name for name in missing if name not in queued], "queueing", unit="run", disable=None):
        _dvc(
            "exp", "run", "--queue", "--name", name, *(f"--set-param={each}" for each in experiments[name]), LAST_STAGE
        )
    _start_workers()
    failed = _wait_for_experiments(missing)
    if failed:
        raise UserError(f"{', '.join(failed)} failed: `dvc queue logs {failed[0]}` says why; the same command goes on")


def _require_outputs() -> None:
    """DVC runs no experiment in a clone that never had the outputs of its own commit."""
    repo = Repo()
    for out in (out for stage in repo.stage.load_all("dvc.yaml") for out in stage.outs if out.use_cache):
        if not (out.hash_info and repo.cache.local.exists(out.hash_info.value)):
            raise UserError(f"{out} was never made in this clone, and DVC runs no experiments then: run `dvc repro`")


def _remove_from_queue(names: Iterable[str]) -> None:
    """Remove failed experiments, and those of killed workers, from the queue, so that they can be queued again."""
    queue = Repo().experiments.celery_queue
    states = {entry["name"]: entry["status"] for entry in queue.status()}
    if not any(queue.worker_status().values()):
        for name in (name for name in names if states.get(name) == "Running"):
            _dvc("queue", "kill", "--force", name)
            states[name] = "Failed"
    for name in (name for name in names if states.get(name) in ("Failed", "Success")):
        _dvc("queue", "remove", name)


def _start_workers() -> None:
    """Start one worker per core, each pinned to its core: so small networks train faster than one on all cores.

    Running workers are left alone.
    """
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    try:
        for number in range(1, available_cores() + 1):
            if cores:  # without that system call the workers share the cores
                os.sched_setaffinity(0, {cores[number - 1]})  # a worker inherits it
            _dvc("queue", "start", "--jobs", str(number))
            _await_worker(number)
    finally:
        if cores:
            os.sched_setaffinity(0, cores)


def _await_worker(number: int) -> None:
    """Wait until a worker answers, else DVC starts it twice; not needed once nothing is queued."""
    end = time.monotonic() + WORKER_START_SECONDS
    queue = Repo().experiments.celery_queue
    while time.monotonic() < end and any(entry["status"] == "Queued" for entry in queue.status()):
        if any(node.partition("@")[0].endswith(f"-{number}") for node in queue.worker_status()):
            return
        time.sleep(1)


def _wait_for_experiments(names: list[str]) -> list[str]:
    """Wait until none of the experiments is queued or runs, with a progress bar; the names of those that failed.

    A worker that has died (two that take one message at once may) is replaced while something is queued. Its experiment
    counts as failed.
    Prints the running time of each, to within POLL_SECONDS.
    """
    start: dict[str, float] = {}
    polls_without_worker = 0  # polls in a row in which no worker answered
    idle_polls = 0  # polls in a row with nothing to do: between the queue and a worker an experiment is in neither
    with tqdm(total=len(names), desc="experiments", unit="run", disable=None) as bar:
        while True:
            queue = Repo().experiments.celery_queue
            states = {entry["name"]: entry["status"] for entry in queue.status()}
            busy = [name for name in names if states.get(name) in ("Queued", "Running")]
            running = [name for name in busy if states[name] == "Running"]
            for name in [name for name in start if name not in busy]:
                bar.write(f"{name}: {time.monotonic() - start.pop(name):.0f} s")
            start |= {name: time.monotonic() for name in running if name not in start}
            bar.set_postfix_str(", ".join(running))
            bar.update(len(names) - len(busy) - bar.n)
            workers = len(queue.worker_status())
            polls_without_worker = 0 if workers else polls_without_worker + 1
            idle_polls = 0 if busy else idle_polls + 1
            if idle_polls or polls_without_worker > MAX_POLLS_WITHOUT_WORKER:
                failed = sorted(set(names) - finished_experiments())
                if not failed or idle_polls > 1 or polls_without_worker > MAX_POLLS_WITHOUT_WORKER:
                    return failed
            if len(running) < len(busy) and workers < available_cores():
                _start_workers()
            time.sleep(POLL_SECONDS)


def _dvc(*arguments: str) -> None:
    with tempfile.TemporaryFile("w+") as stderr:  # a pipe would be held open by the workers that `queue start` leaves
        command = [sys.executable, "-m", "dvc", *arguments]
        code = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=stderr, check=False).returncode
        if code:
            stderr.seek(0)
            raise UserError(f"dvc {' '.join(arguments[:3])}: {stderr.read().strip().splitlines()[-1]}")


def _settings(changes: dict[str, Any]) -> list[str]:
    overrides = [f"{key}={'null' if value is None else value}" for key, value in changes.items()]
    return ["prepare.test=fold", f"prepare.folds={FOLDS}", *overrides]
