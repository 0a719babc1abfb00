"""A clone of the project with a few drawn pictures, in which the whole pipeline takes half a minute; DVC in it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import yaml

from lesions.demo import dataset
from lesions.demo.plan import plan

REPOSITORY = Path(__file__).resolve().parent.parent
DATASET = "data/tiny"
PICTURES = {"melanoma": 16, "nevus": 12, "vascular lesion": 8}
COMMITTER = {f"GIT_{who}_{what}": "test@localhost" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
STARTED = "Running stage '"


class Finished(NamedTuple):
    """How a command ended: its exit code, and all that it said."""

    code: int
    text: str

    @property
    def stages(self) -> list[str]:
        """The stages that DVC ran."""
        return [line.split("'")[1] for line in self.text.splitlines() if line.startswith(STARTED)]


class Pipeline:
    """A checkout in a folder of its own, driven through DVC's command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, *command: str) -> "subprocess.Popen[str]":
        """A command whose processes form a group; what it says, errors too, comes through its stdout."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        more = {"PATH": path, "DVC_NO_ANALYTICS": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
        return subprocess.Popen(
            command, cwd=self.folder, env={**os.environ, **COMMITTER, **more}, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    @staticmethod
    def lines(process: "subprocess.Popen[str]") -> Iterator[str]:
        """What a command says, as it does."""
        return iter(process.stdout or ())

    def run(self, *command: str) -> Finished:
        """Run a command to its end."""
        process = self.start(*command)
        text, _ = process.communicate()
        return Finished(process.returncode, text)

    def must(self, *command: str) -> Finished:
        """As run(). Raises RuntimeError with all that the command said where it fails."""
        done = self.run(*command)
        if done.code:
            raise RuntimeError(f"{' '.join(command)} ended with {done.code}\n{done.text}")
        return done

    def commit(self) -> None:
        """Put everything that Git does not ignore into a commit."""
        self.must("git", "add", "--all")
        self.must("git", "commit", "--quiet", "--allow-empty", "--message", "a state to come back to")

    def outputs(self) -> dict[str, str]:
        """The hash of every output in dvc.lock."""
        lock = yaml.safe_load((self.folder / "dvc.lock").read_text(encoding="utf-8"))
        return {out["path"]: out["md5"] for stage in lock["stages"].values() for out in stage["outs"]}

    def is_whole(self, outputs: dict[str, str]) -> bool:
        """Whether all outputs are these, lie in the workspace, and DVC sees nothing to do."""
        status = self.run("dvc", "status", "--json", "dvc.yaml")
        return status.code == 0 and status.text.strip().endswith("{}") and self.outputs() == outputs

    @property
    def stages(self) -> list[str]:
        """The stages of dvc.yaml, in its order."""
        return list(self._dvc_yaml())

    @property
    def cached(self) -> list[str]:
        """The outputs that lie in DVC's cache; Git has the others."""
        return [out for stage in self._dvc_yaml().values() for out in stage["outs"] if isinstance(out, str)]

    def _dvc_yaml(self) -> dict[str, dict[str, list[object]]]:
        return dict(yaml.safe_load((self.folder / "dvc.yaml").read_text(encoding="utf-8"))["stages"])


def copy(pipeline: Pipeline, folder: Path) -> Pipeline:
    """A copy of a checkout with its cache."""
    shutil.copytree(pipeline.folder, folder, symlinks=True)
    return Pipeline(folder)


def make(folder: Path) -> Pipeline:
    """Clone the last commit of the project into a new folder, and give it the pictures; nothing has run yet."""
    subprocess.run(["git", "clone", "--quiet", str(REPOSITORY), str(folder)], check=True)
    pictures = plan(PICTURES, {})
    for picture in pictures:
        (folder / DATASET / picture.path).parent.mkdir(parents=True, exist_ok=True)
    dataset.write_pictures(folder / DATASET, pictures)
    (folder / "dvc.lock").unlink(missing_ok=True)
    params = yaml.safe_load((folder / "params.yaml").read_text(encoding="utf-8"))
    params |= {"dataset": DATASET, "image_size": 32, "epochs": 1}
    params["model"]["name"] = "isic_cnn"
    params["train"] |= {"batch_size": 16, "sharpness": 0.0}
    params["rebalance"]["cap"] = 2.0
    (folder / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    pipeline = Pipeline(folder)
    pipeline.commit()
    return pipeline


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """A file system of that size in a folder, in memory. Raises CalledProcessError where this user may not mount it."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    subprocess.run(mount, capture_output=True, text=True, check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
