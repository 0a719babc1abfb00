"""kill -9 in the middle of training, of the stage or of DVC: the next run goes on and ends with the same bytes."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from tests.imports import REPOSITORY
from tests.pipeline.conftest import Project, environment, stages_in
from tests.unit.small_params import SMALL, params_with
from tests.unit.training_pictures import write_prepared

PATIENCE = 240  # seconds after which a test gives up waiting
# epochs of a twentieth of a second: time enough to kill something in between
EPOCHS = 40
LONG = {"epochs": EPOCHS, "model__name": "isic_cnn", "model__dropout": 0.3}


def started(folder: Path, *command: str) -> tuple[subprocess.Popen[bytes], Path]:
    """A process in the folder, and the file that its output goes to; a pipe would break with its reader."""
    log = folder / "tmp" / "log"
    log.parent.mkdir(exist_ok=True)
    with log.open("wb") as file:
        variables = {**environment(), "PYTHONPATH": str(folder if (folder / "lesions").is_dir() else REPOSITORY)}
        return subprocess.Popen(command, cwd=folder, env=variables, stdout=file, stderr=subprocess.STDOUT), log


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def lines(log: Path, start: str) -> list[str]:
    return [line for line in log.read_text(encoding="utf-8").splitlines() if line.startswith(start)]


def reaches(log: Path, epoch: int) -> Callable[[], bool]:
    return lambda: any(int(line.split()[1].partition("/")[0]) >= epoch for line in lines(log, "epoch"))


def holder(folder: Path) -> int:
    """The process that trains in the folder."""
    return int((folder / "checkpoints" / "lock.pid").read_text())


def files(folder: Path) -> dict[str, str]:
    """What the stage has written, by path."""
    paths = [path for name in ("models", "plots") for path in (folder / name).rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def prepared(folder: Path) -> Path:
    """A new folder in which the stage can run, with everything on that draws at random or remembers.

    Half the layers of lesion_net: every run has to start TensorFlow and to trace the network.
    """
    write_prepared(folder, train={"mel": 20, "nv": 30, "vasc": 25}, val=4, added={"mel": 5})
    changes = {"epochs": 9, "rebalance__method": "sampler", "train__online__rotation": 0.1, **SMALL}
    params = params_with(**changes, model__dropout=0.3, model__batch_norm=True)
    (folder / "params.yaml").write_text(yaml.safe_dump(params.model_dump()), encoding="utf-8")
    return folder


def train_in(folder: Path, kill_after: int | None) -> list[str]:
    """Run the stage, killed after that epoch or to its end; returns what it says that it resumes."""
    process, log = started(folder, sys.executable, "-m", "stages.train")
    if kill_after:
        wait_until(reaches(log, kill_after))
        process.kill()
    assert process.wait(PATIENCE) == (-signal.SIGKILL if kill_after else 0), log.read_text()
    resumed = lines(log, "training resumes")
    assert not (resumed and lines(log, "epoch 1/")), "from the first epoch on again"
    return resumed


def test_a_stage_that_is_killed_in_three_epochs_ends_as_one_that_was_not(tmp_path: Path) -> None:
    """Dropout, normalisation, the sampler and every online change are on: each draws at random or remembers."""
    whole, killed = (prepared(tmp_path / name) for name in ("whole", "killed"))
    with ThreadPoolExecutor() as meanwhile:
        at_once = meanwhile.submit(train_in, whole, None)
        resumed = [train_in(killed, epoch) for epoch in (1, 4, 7, None)]
    assert at_once.result() == []
    assert [len(told) for told in resumed] == [0, 1, 1, 1]
    assert files(killed) == files(whole)
    assert {path.name for path in (killed / "checkpoints").iterdir()} == {"lock"}, "left over"


def copy_of(project: Project, folder: Path) -> Project:
    shutil.copytree(project.folder, folder / "project", symlinks=True)
    return Project(folder / "project")


def lines_of_epochs(output: str) -> int:
    return sum(line.startswith("epoch") for line in output.splitlines())


def trained(project: Project) -> dict[str, str]:
    """The hashes of what the train stage has written, curves included, as DVC knows them."""
    return {path: project.outputs()[path] for path in ("models/model.keras", "plots/train")}


def repro_killed(project: Project) -> int:
    """Kill `dvc repro` while the stage trains; returns the stage's process, which is stopped, but can go on."""
    project.set(**LONG)
    dvc, log = started(project.folder, "dvc", "repro")
    wait_until(reaches(log, 2))
    stage = holder(project.folder)
    os.kill(stage, signal.SIGSTOP)  # it would be done before this test can look at it
    dvc.kill()
    assert dvc.wait(PATIENCE) == -signal.SIGKILL
    return stage


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")
    return not (status.is_file() and status.read_text().rpartition(")")[2].split()[0] == "Z")


class LeftOver(NamedTuple):
    """A checkout in which a training was killed together with its DVC, and what a second `dvc repro` said before."""

    project: Project
    stage: int
    beside: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def left_over(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LeftOver]:
    """Not to be changed."""
    project = copy_of(finished, tmp_path_factory.mktemp("left_over"))
    stage = repro_killed(project)
    try:
        beside = project.dvc("repro", check=False)
    finally:
        os.kill(stage, signal.SIGKILL)
    wait_until(lambda: not is_alive(stage))
    yield LeftOver(project, stage, beside)
    shutil.rmtree(project.folder)


def test_a_stage_left_over_keeps_others_out(left_over: LeftOver) -> None:
    text = left_over.beside.stdout + left_over.beside.stderr
    assert left_over.beside.returncode != 0
    assert f"process {left_over.stage}" in text
    assert f"kill {left_over.stage}" in text
    assert "Traceback" not in text
    assert not (left_over.project.folder / "models/model.keras").exists()


@pytest.fixture(scope="module")
def whole(left_over: LeftOver, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a training of many epochs ends with that has run in one piece.

    A changed line of code makes it start from the first epoch: else the weights of the first half would come from code
    that is no longer there.
    """
    project = copy_of(left_over.project, tmp_path_factory.mktemp("whole"))
    code = project.folder / "lesions" / "training" / "online_augmentation.py"
    code.write_text(code.read_text(encoding="utf-8") + "# a remark\n", encoding="utf-8")
    done = project.dvc("repro", "train")
    assert stages_in(done.stdout) == ["train"]
    assert "differs in its code" in done.stdout
    assert "training resumes" not in done.stdout
    assert lines_of_epochs(done.stdout) == EPOCHS
    made = trained(project)
    shutil.rmtree(project.folder)
    return made


def test_a_killed_run_is_gone_on_with(
    left_over: LeftOver, finished: Project, whole: dict[str, str], tmp_path: Path
) -> None:
    project = copy_of(left_over.project, tmp_path)
    done = project.dvc("repro", "train")
    assert stages_in(done.stdout) == ["train"]
    assert "training resumes after epoch" in done.stdout
    assert lines_of_epochs(done.stdout) < EPOCHS
    assert trained(project) == whole
    assert whole != trained(finished)


def test_what_a_stage_left_over_has_finished_is_taken_over_at_once(project: Project, whole: dict[str, str]) -> None:
    """DVC does not know of it and runs the stage again: not one epoch of it."""
    stage = repro_killed(project)
    os.kill(stage, signal.SIGCONT)
    wait_until(lambda: not is_alive(stage))
    second = project.dvc("repro", "train")
    assert f"training resumes after epoch {EPOCHS}" in second.stdout
    assert not [line for line in second.stdout.splitlines() if line.startswith("epoch")]
    assert trained(project) == whole
    assert {path.name for path in (project.folder / "checkpoints").iterdir()} == {"lock"}, "left over"
