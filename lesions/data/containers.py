"""Pictures in a container, a file that holds many: each has a path as if the container were a folder.

`train-image.hdf5/ISIC_0015670` is what names such a picture everywhere, so whatever opens a file by its path opens it,
too, in any process. Another kind of container is a class with the methods of Container, and a line in CONTAINERS.
"""

import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Any, Protocol

from lesions.runtime.console import UserError

MOST_OPEN = 8  # containers in one process


class Container(Protocol):
    """An open container."""

    def names(self) -> list[str]:
        """The names of the pictures in it, sorted; none where it holds something else."""

    def read(self, name: str) -> bytes:
        """The content of one picture's file. Raises KeyError or OSError where it cannot be read."""


class Hdf5:
    """An HDF5 file with one dataset a picture, the bytes of its file, as ISIC 2024 has it."""

    def __init__(self, path: Path) -> None:
        import h5py  # here, because few processes need it, and those that decode pictures must start quickly

        self._dataset = h5py.Dataset
        self._file: Any = h5py.File(path, "r", locking=False)  # nobody writes; some file systems know no locks

    def names(self) -> list[str]:
        """As in Container; a file that begins with a group (weights, say) holds no pictures."""
        first = next(iter(self._file), None)
        return sorted(self._file) if first is not None and isinstance(self._file[first], self._dataset) else []

    def read(self, name: str) -> bytes:
        """As in Container."""
        content = self._file[name][()]
        return bytes(content) if isinstance(content, bytes) else bytes(content.tobytes())


CONTAINERS: dict[str, Callable[[Path], Container]] = {".hdf5": Hdf5, ".h5": Hdf5}  # by suffix, in lower case


def is_container(path: PurePath) -> bool:
    """Whether a file's name is that of a container."""
    return path.suffix.lower() in CONTAINERS


def pictures_in(path: Path) -> list[str]:
    """The names of the pictures in a container, sorted. Raises UserError where it cannot be read."""
    try:
        return _opened(path).names()
    except OSError as error:
        raise UserError(f"{path}: cannot be read as a container of pictures ({error}); get it again") from None


def read_content(path: Path) -> bytes:
    """The content of a picture's file, or of a picture in a container. Raises OSError or KeyError."""
    try:
        return path.read_bytes()
    except (NotADirectoryError, FileNotFoundError):  # the latter on Windows
        if not is_container(path.parent):
            raise
    return _opened(path.parent).read(path.name)


def _opened(path: Path) -> Container:
    # By process: a fork would share the place in the file with its parent
    return _open(path, path.stat().st_mtime_ns, os.getpid())


@lru_cache(MOST_OPEN)
def _open(path: Path, changed: int, process: int) -> Container:  # noqa: ARG001 (the key of the cache)
    return CONTAINERS[path.suffix.lower()](path)
