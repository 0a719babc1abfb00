"""Picture files from command-line arguments: files, folders, glob patterns, a list on standard input."""

import os
from collections.abc import Iterable, Iterator, Sequence
from glob import glob, has_magic
from pathlib import Path
from typing import NamedTuple

SUFFIXES = frozenset({".bmp", ".gif", ".jfif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
STANDARD_INPUT = "-"


class InputFile(NamedTuple):
    """A path as the user wrote it or below such a path, and why there is no picture (empty where there is one)."""

    path: str
    problem: str = ""


class InputFiles(NamedTuple):
    """The files, in the order of the arguments, sorted within each; and how many others in folders were skipped."""

    files: list[InputFile]
    skipped: int


def find_inputs(arguments: Sequence[str], standard_input: Iterable[str]) -> InputFiles:
    """Expand the arguments to files; each path once.

    A folder stands for the files below it with a picture's suffix, hidden ones excluded; a pattern (`*`, `**`, `?`,
    `[...]`) for its matches; `-` for one path or pattern per line. An argument without a file gives an InputFile with a
    problem.
    """
    expander = _Expander()
    patterns = (
        pattern
        for argument in arguments
        for pattern in (_lines(standard_input) if argument == STANDARD_INPUT else [argument])
    )
    files = {file.path: file for pattern in patterns for file in expander.expand(pattern)}
    return InputFiles(list(files.values()), expander.skipped)


class _Expander:
    """Expands patterns to files, and counts the files in folders that it skips."""

    def __init__(self) -> None:
        self.skipped = 0

    def expand(self, pattern: str) -> Iterator[InputFile]:
        if os.path.lexists(pattern) or not has_magic(pattern):
            yield from self._expand_path(pattern)
            return
        matches = sorted(glob(pattern, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
        if not matches:
            yield InputFile(pattern, "no file matches this pattern")
        for match in matches:
            yield from self._expand_path(match)

    def _expand_path(self, path: str) -> Iterator[InputFile]:
        if not os.path.lexists(path):
            yield InputFile(path, "no such file or folder")
        elif not Path(path).is_dir():
            yield InputFile(path)
        else:
            pictures = sorted(self._pictures_below(path))
            yield from map(InputFile, pictures)
            if not pictures:
                yield InputFile(path, "no picture in this folder")

    def _pictures_below(self, folder: str) -> Iterator[str]:
        for parent, folders, names in os.walk(folder):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in names:
                if Path(name).suffix.lower() in SUFFIXES and not name.startswith("."):
                    yield str(Path(parent, name))
                else:
                    self.skipped += 1


def _lines(text: Iterable[str]) -> Iterator[str]:
    return (line.rstrip("\r\n") for line in text if line.strip())
