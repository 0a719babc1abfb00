"""One walk through a folder of pictures, and the reading of a file: the same for prepare, audit and command line."""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from lesions.data.containers import is_container, read_content
from lesions.data.picture_formats import SIGNATURE_BYTES

_KINDS = {stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket", stat.S_IFDIR: "a folder"}


class PictureError(Exception):
    """A file that gives no usable picture; `reason` is one of lesions.data.manifest.REASONS, `detail` explains it.

    side: pixels of the smaller side, where that is known.
    """

    def __init__(self, reason: str, detail: str, side: int | None = None) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.side = side


def files_below(folder: Path, cannot_open: Callable[[OSError], None]) -> Iterator[Path]:
    """Everything below a folder that is no folder, sorted within each; hidden folders apart.

    Links are followed, but never into a folder that the way there already passed. cannot_open: called for each folder
    that cannot be opened.
    """
    yield from _walk(folder, cannot_open, frozenset())


def read_file(path: Path) -> bytes:
    """The content of a file, or of a picture in a container.

    Raises PictureError where it cannot be read, or is a pipe, which might never end.
    """
    if not is_container(path.parent) or path.parent.is_dir():
        return _read(path, -1)
    try:
        return read_content(path)
    except (OSError, KeyError):
        raise PictureError("unreadable", f"cannot be read in {path.parent.name}") from None


def read_start(path: Path) -> bytes:
    """The first SIGNATURE_BYTES of a file. Raises PictureError as read_file() does."""
    return _read(path, SIGNATURE_BYTES)


def _walk(folder: Path, cannot_open: Callable[[OSError], None], passed: frozenset[tuple[int, int]]) -> Iterator[Path]:
    try:
        identity = folder.stat()
        here = (identity.st_dev, identity.st_ino)
        entries = [] if here in passed else sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        cannot_open(error)
        return
    for entry in entries:
        if not _is_folder(entry):
            yield folder / entry.name
        elif not entry.name.startswith("."):
            yield from _walk(folder / entry.name, cannot_open, passed | {here})


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _read(path: Path, size: int) -> bytes:
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise PictureError("unreadable", f"{_KINDS.get(stat.S_IFMT(mode), 'a device')}, not a file")
        with path.open("rb") as file:
            return file.read(size)
    except FileNotFoundError:
        what = "a link to a file that is not there" if path.is_symlink() else "no such file"
        raise PictureError("unreadable", what) from None
    except OSError as error:
        raise PictureError("unreadable", error.strerror or type(error).__name__) from None
    except ValueError:  # a zero byte
        raise PictureError("unreadable", "no valid name of a file") from None
