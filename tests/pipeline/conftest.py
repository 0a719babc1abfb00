"""A temporary clone of the working tree with a small synthetic data set, run once through DVC."""

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from filelock import FileLock

from lesions.demo import dataset
from lesions.demo.plan import plan
from tests.documented import documented
from tests.imports import REPOSITORY

STAGES = ["check", "prepare", "analyze_imbalance", "augment", "train", "evaluate", "report", "export"]
SMALL = {"melanoma": 16, "nevus": 12, "vascular lesion": 8}  # pictures per class: a run takes seconds
QUICK = {  # the network of the notebooks with plain steps: it has half the layers, and most tests are not about it
    "dataset": "data/tiny",
    "image_size": 32,
    "epochs": 1,
    "model__name": "isic_cnn",
    "train__batch_size": 16,
    "train__sharpness": 0.0,
    "rebalance__cap": 2.0,
}
LONGEST = 900.0  # seconds: far more than any command needs, and an end to one that hangs


class Project:
    """A checkout of the pipeline in a folder of its own, driven through DVC's command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command in the checkout; its output goes to pytest, which shows it where a test fails."""
        done = subprocess.run(
            command, cwd=self.folder, env=environment(), capture_output=True, text=True, check=False, timeout=LONGEST
        )
        print(f"$ {' '.join(command)}\n{done.stdout}{done.stderr}")
        if check:
            assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def shell(self, command: str, *more: str) -> subprocess.CompletedProcess[str]:
        """Run a line of text in Bash, as a person types it, with `more` arguments at its end."""
        return self.run("bash", "-ec", " ".join([command, *more]))

    def dvc(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run DVC in the checkout."""
        return self.run("dvc", *arguments, check=check)

    def repro(self, *arguments: str) -> list[str]:
        """Run `dvc repro`; returns the names of the stages that ran, in their order."""
        return stages_in(self.shell(documented("dvc repro"), *arguments).stdout)

    def stale(self) -> set[str]:
        """The stages that `dvc repro` would run first: those with changed code, params or inputs of their own."""
        return set(json.loads(self.dvc("status", "--json", *STAGES).stdout))

    def commit(self, message: str = "change") -> None:
        """Commit everything that Git does not ignore."""
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", message)

    def set(self, **values: object) -> None:
        """Change params.yaml; a key may be dotted with double underscores."""
        path = self.folder / "params.yaml"
        params = yaml.safe_load(path.read_text(encoding="utf-8"))
        for name, value in values.items():
            *groups, key = name.split("__")
            group = params
            for part in groups:
                group = group[part]
            group[key] = value
        path.write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")

    def run_queue(self, experiments: int) -> None:
        """Run that many queued experiments, one at a time, to their success; fails where one fails or takes too long.

        Each leaves a reference in Git when it is done: to look for it costs nothing, `dvc queue status` a second.
        """
        with (self.folder.parent / "worker.log").open("w") as told:  # a pipe would be held open by the worker
            subprocess.run(
                documented("dvc queue start").split(), cwd=self.folder, env=environment(), stdout=told, stderr=told,
                check=True, timeout=LONGEST,
            )  # fmt: skip
        end = time.monotonic() + LONGEST
        for seconds in itertools.count(1):
            if len(self.experiments()) == experiments:
                return
            if seconds % 30 == 0:
                status = self.dvc("queue", "status").stdout
                assert "Failed" not in status, status
            if time.monotonic() > end:
                break
            time.sleep(1)
        self.dvc("queue", "stop", "--kill", check=False)
        pytest.fail(f"the queue did not end within {LONGEST:.0f} s")

    def experiments(self) -> list[str]:
        """The names of the finished experiments, sorted."""
        listed = self.run("git", "for-each-ref", "--format=%(refname)", "refs/exps").stdout.split()
        return sorted(ref.split("/")[4] for ref in listed if re.fullmatch("refs/exps/[0-9a-f]{2}/[0-9a-f]{38}/.+", ref))

    def outputs(self) -> dict[str, str]:
        """The hash of every output in dvc.lock."""
        lock = yaml.safe_load((self.folder / "dvc.lock").read_text(encoding="utf-8"))
        outs = [out for stage in lock["stages"].values() for out in stage["outs"]]
        return {out["path"]: out["md5"] for out in outs}


def stages_in(output: str) -> list[str]:
    """The names of the stages that a DVC command ran."""
    return [line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage")]


def environment() -> dict[str, str]:
    """This Python's environment first on the path, a committer's name, and no questions asked."""
    names = {f"GIT_{who}_{what}": "test@localhost" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, **names, "PATH": path, "DVC_NO_ANALYTICS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def copy_of_tree(folder: Path) -> Project:
    """The files of the working tree that Git tracks or would track, in a repository of their own."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, folder / name)
    project = Project(folder)
    project.run("git", "init", "--quiet", "--initial-branch=main")
    project.commit("the working tree")
    return project


def with_small_data(project: Project) -> Project:
    """Point the checkout to a small data set, which lies in its Git repository as a user's small one might."""
    pictures = plan(SMALL, {})
    for picture in pictures:
        target = project.folder / "data" / "tiny" / picture.path
        target.parent.mkdir(parents=True, exist_ok=True)
    dataset.write_pictures(project.folder / "data" / "tiny", pictures)
    (project.folder / "dvc.lock").unlink(missing_ok=True)
    project.set(**QUICK)
    project.commit("a small data set")
    return project


class OutputsOfClones:
    """The output hashes of every clone in which the pipeline has run, by all processes of this test run.

    Each process of pytest-xdist needs a finished clone anyway: so two clones are compared without making a third.
    """

    def __init__(self, folder: Path, process: str) -> None:
        self.folder, self.process = folder, process

    def publish(self, outputs: dict[str, str]) -> None:
        """Leave the outputs of this process's clone to the others."""
        with FileLock(self.folder / "clones.lock"):
            (self.folder / f"clone-{self.process}.json").write_text(json.dumps(outputs), encoding="utf-8")

    def of_another(self) -> dict[str, str] | None:
        """The outputs of another process's clone, or None where none has finished yet."""
        with FileLock(self.folder / "clones.lock"):
            paths = sorted(self.folder.glob("clone-*.json"))
            others = [path for path in paths if path.stem != f"clone-{self.process}"]
            return dict(json.loads(others[0].read_text(encoding="utf-8"))) if others else None


@pytest.fixture(scope="session")
def clones(tmp_path_factory: pytest.TempPathFactory) -> OutputsOfClones:
    """What the processes of this test run tell each other."""
    process = os.environ.get("PYTEST_XDIST_WORKER", "")
    folder = tmp_path_factory.getbasetemp()
    return OutputsOfClones(folder.parent if process else folder, process)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, clones: OutputsOfClones) -> Project:
    """A checkout in which the whole pipeline has run and its results are committed. Not to be changed."""
    project = with_small_data(copy_of_tree(tmp_path_factory.mktemp("finished")))
    assert project.repro() == STAGES
    project.commit("results")
    clones.publish(project.outputs())
    return project


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Iterator[Project]:
    """A copy of the finished checkout that a test may change."""
    folder = tmp_path / "project"
    shutil.copytree(finished.folder, folder, symlinks=True)
    yield Project(folder)
    shutil.rmtree(folder, ignore_errors=True)  # a worker of DVC's queue that is ending may still write there
