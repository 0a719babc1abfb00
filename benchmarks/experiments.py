"""Plans of experiments, run through DVC's queue one after the other: those that are there already are not run again.

A plan is a YAML file: names of recipes, each with the params in which it differs from params.yaml. Every training is an
experiment of its own, <plan>-<recipe>-f<fold>-s<seed>.
"""

import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from dvc.repo import Repo
from tqdm import tqdm

from lesions.console import UserError

FOLDS = 5
POLL = 3.0  # seconds
LAST_STAGE = "evaluate"  # nothing after it is compared

Plan = dict[str, dict[str, Any]]


def read_plan(path: Path) -> Plan:
    """The recipes of a plan by name, each with its params by dotted name. Raises UserError where it is none."""
    try:
        plan = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"{path} cannot be read as a plan: {error}".partition("\n")[0]) from None
    if not isinstance(plan, dict) or not all(isinstance(changes, dict) for changes in plan.values()):
        raise UserError(f"{path}: a plan has a name for each recipe, and below it params: `lesion_net: {{epochs: 30}}`")
    return plan


def wanted_experiments(
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


def finished() -> set[str]:
    """The names of the experiments on the current commit."""
    return {name for found in Repo().experiments.ls().values() for name, _ in found}


def run_missing(wanted: dict[str, list[str]]) -> None:
    """Queue the experiments that are neither there nor waiting, and see them through.

    Stopped, the queue goes on without this process; called again, this takes part where it stands. Raises UserError
    where an experiment fails; the others are run all the same.
    """
    missing = [name for name in wanted if name not in finished()]
    if not missing:
        return
    _require_outputs()
    _clear(missing)
    waiting = {entry["name"] for entry in Repo().experiments.celery_queue.status()}
    for name in tqdm([name for name in missing if name not in waiting], "queueing", unit="run", disable=None):
        _dvc("exp", "run", "--queue", "--name", name, *(f"--set-param={each}" for each in wanted[name]), LAST_STAGE)
    _dvc("queue", "start")
    failed = _see_through(missing)
    if failed:
        raise UserError(f"{', '.join(failed)} failed: `dvc queue logs {failed[0]}` says why; the same command goes on")


def _require_outputs() -> None:
    """DVC runs no experiment in a clone that never had the outputs of its own commit."""
    repo = Repo()
    for out in (out for stage in repo.stage.load_all("dvc.yaml") for out in stage.outs if out.use_cache):
        if not (out.hash_info and repo.cache.local.exists(out.hash_info.value)):
            raise UserError(f"{out} was never made in this clone, and DVC runs no experiments then: run `dvc repro`")


def _clear(names: Iterable[str]) -> None:
    """Take failed experiments off the queue, and those whose worker was killed, so that they can be queued anew."""
    queue = Repo().experiments.celery_queue
    states = {entry["name"]: entry["status"] for entry in queue.status()}
    if not any(queue.worker_status().values()):
        for name in (name for name in names if states.get(name) == "Running"):
            _dvc("queue", "kill", "--force", name)
            states[name] = "Failed"
    for name in (name for name in names if states.get(name) in ("Failed", "Success")):
        _dvc("queue", "remove", name)


def _see_through(names: list[str]) -> list[str]:
    """Wait until none of the experiments is queued or runs, with a progress bar; the names of those that failed."""
    with tqdm(total=len(names), desc="experiments", unit="run", disable=None) as bar:
        while True:
            states = {entry["name"]: entry["status"] for entry in Repo().experiments.celery_queue.status()}
            busy = [name for name in names if states.get(name) in ("Queued", "Running")]
            running = [name for name in busy if states[name] == "Running"]
            bar.set_postfix_str(", ".join(running))
            bar.update(len(names) - len(busy) - bar.n)
            if not busy:
                return sorted(set(names) - finished())
            time.sleep(POLL)


def _dvc(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "dvc", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(f"dvc {' '.join(arguments[:3])}: {done.stderr.strip().splitlines()[-1]}")


def _settings(changes: dict[str, Any]) -> list[str]:
    given = [f"{key}={'null' if value is None else value}" for key, value in changes.items()]
    return ["prepare.test=fold", f"prepare.folds={FOLDS}", *given]
