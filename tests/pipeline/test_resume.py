"""kill -9 in the middle of training, of the stage or of DVC: the next run goes on and ends with the same bytes."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.conftest import REPOSITORY
from tests.pipeline.conftest import Project, environment, stages_in
from tests.unit.training_pictures import write_prepared
from tests.unit.trainings import params_with

PATIENCE = 240  # seconds after which a test gives up waiting
MANY = 60  # epochs of a twentieth of a second: time enough to kill something in between


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
    return int((folder / "checkpoints" / "lock").read_text())


def files(folder: Path) -> dict[str, str]:
    """What the stage has written, by path."""
    paths = [path for name in ("models", "plots") for path in (folder / name).rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def train_in(folder: Path, kill_after: list[int]) -> list[str]:
    """Run the stage to its end in a new folder, killed after each of these epochs; returns what each run resumed."""
    write_prepared(folder, train={"mel": 20, "nv": 30, "vasc": 25}, val=4, added={"mel": 5})
    changes = {"epochs": 9, "rebalance__method": "sampler", "model__dropout": 0.3, "train__online__rotation": 0.1}
    (folder / "params.yaml").write_text(yaml.safe_dump(params_with(**changes).model_dump()), encoding="utf-8")
    resumed = []
    for epoch in [*kill_after, None]:
        process, log = started(folder, sys.executable, "-m", "stages.train")
        if epoch:
            wait_until(reaches(log, epoch))
            process.kill()
        assert process.wait(PATIENCE) == (-signal.SIGKILL if epoch else 0), log.read_text()
        resumed += lines(log, "training resumes")
        if resumed:
            assert not lines(log, "epoch 1/"), "from the first epoch on again"
    return resumed


def test_a_stage_that_is_killed_in_three_epochs_ends_as_one_that_was_not(tmp_path: Path) -> None:
    """Dropout, normalisation, the sampler and every online change are on: each draws at random or remembers."""
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    assert train_in(tmp_path / "whole", []) == []
    resumed = train_in(tmp_path / "killed", [1, 4, 7])
    assert len(resumed) == 3
    assert files(tmp_path / "killed") == files(tmp_path / "whole")
    assert {path.name for path in (tmp_path / "killed/checkpoints").iterdir()} == {"lock"}, "left over"


@pytest.fixture(scope="module")
def whole(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A checkout in which a training of many epochs has run in one piece."""
    folder = tmp_path_factory.mktemp("whole") / "project"
    shutil.copytree(finished.folder, folder, symlinks=True)
    project = Project(folder)
    project.set(epochs=MANY, model__dropout=0.3)
    assert project.repro() == ["train", "evaluate", "report", "export"]
    yield project
    shutil.rmtree(folder)


def repro_killed(project: Project) -> int:
    """Kill `dvc repro` while the stage trains; returns the stage's process, which goes on."""
    project.set(epochs=MANY, model__dropout=0.3)
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


def test_a_stage_left_over_keeps_others_out_and_its_run_can_be_gone_on_with(project: Project, whole: Project) -> None:
    stage = repro_killed(project)
    try:
        second = project.dvc("repro", check=False)
        text = second.stdout + second.stderr
        assert second.returncode != 0
        assert f"process {stage}" in text
        assert f"kill {stage}" in text
        assert "Traceback" not in text
        assert not (project.folder / "models/model.keras").exists()
    finally:
        os.kill(stage, signal.SIGKILL)
    wait_until(lambda: not is_alive(stage))
    third = project.dvc("repro")
    assert stages_in(third.stdout) == ["train", "evaluate", "report", "export"]
    assert "training resumes after epoch" in third.stdout
    assert project.outputs() == whole.outputs()


def test_what_a_stage_left_over_has_finished_is_taken_over_at_once(project: Project, whole: Project) -> None:
    """DVC does not know of it and runs the stage again: not one epoch of it."""
    stage = repro_killed(project)
    os.kill(stage, signal.SIGCONT)
    wait_until(lambda: not is_alive(stage))
    second = project.dvc("repro")
    assert f"training resumes after epoch {MANY}" in second.stdout
    assert not [line for line in second.stdout.splitlines() if line.startswith("epoch")]
    assert project.outputs() == whole.outputs()
    assert {path.name for path in (project.folder / "checkpoints").iterdir()} == {"lock"}, "left over"


def test_a_changed_line_of_code_starts_from_the_first_epoch(project: Project, whole: Project) -> None:
    """The weights of the first half would come from code that is no longer there."""
    os.kill(repro_killed(project), signal.SIGKILL)
    code = project.folder / "lesions" / "online.py"
    code.write_text(code.read_text(encoding="utf-8") + "# a remark\n", encoding="utf-8")
    second = project.dvc("repro", "train")
    assert "differs in its code" in second.stdout
    assert "training resumes" not in second.stdout
    model = "models/model.keras"
    assert project.outputs()[model] == whole.outputs()[model]
