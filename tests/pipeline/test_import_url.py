"""A data set from a web server: imported, unpacked by a stage, prepared; a new version of it runs from there on."""

import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from lesions.data.manifest import read_manifest
from tests.documented import documented
from tests.pipeline.conftest import Project, stages_in

UNPACK = "data/mine/dvc.yaml:unpack"


class Silent(SimpleHTTPRequestHandler):
    """Serves files without a word for every request."""

    def log_message(self, *args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    """DVC closes a connection as soon as it knows enough: that is no error."""

    def handle_error(self, *args: Any) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address at which a local web server publishes what lies in it."""
    folder = tmp_path / "published"
    folder.mkdir()
    with Server(("127.0.0.1", 0), partial(Silent, directory=str(folder))) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def publish(project: Project, archive: Path, leave_out: int) -> int:
    """Zip the tiny data set without its last pictures; returns the number of pictures in the archive."""
    pictures = sorted((project.folder / "data/tiny").rglob("*.jpg"))
    pictures = pictures[: len(pictures) - leave_out]
    with zipfile.ZipFile(archive, "w") as packed:
        for path in pictures:
            packed.write(path, path.relative_to(project.folder / "data/tiny"))
    return len(pictures)


def prepared(project: Project) -> int:
    return len(read_manifest(project.folder / "data/prepared"))


def test_an_imported_archive_is_unpacked_prepared_updated_and_comes_back(
    project: Project, server: tuple[Path, str]
) -> None:
    published, address = server
    first = publish(project, published / "set.zip", leave_out=2)
    project.shell(documented("mkdir data/mine"))
    site = ("https://example.org", address)
    project.shell(documented("dvc import-url https://example.org/set.zip data/mine/set.zip", site))
    project.shell(
        documented(
            "dvc --cd data/mine stage add -n unpack -d set.zip -o pictures python -m zipfile -e set.zip pictures"
        )
    )
    done = project.shell(documented("dvc exp run -S dataset=data/mine/pictures"), "prepare")
    assert stages_in(done.stdout) == [UNPACK, "check", "prepare"]
    assert prepared(project) == first
    assert project.repro("prepare") == [], "an import is frozen: nobody asks the server again"
    project.commit("first version")
    in_git = project.run("git", "ls-files", "data/mine").stdout.split()
    assert in_git == [f"data/mine/{name}" for name in (".gitignore", "dvc.lock", "dvc.yaml", "set.zip.dvc")]

    second = publish(project, published / "set.zip", leave_out=0)
    project.shell(documented("dvc update data/mine/set.zip.dvc"))
    assert project.repro("prepare") == [UNPACK, "check", "prepare"]
    assert prepared(project) == second == first + 2

    project.run("git", "restore", ".")
    project.dvc("checkout", "--force", "data/mine/set.zip.dvc", UNPACK, "prepare")
    assert prepared(project) == first
    assert project.repro("prepare") == []
