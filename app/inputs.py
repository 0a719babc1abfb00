"""Which picture files the arguments of a command line mean: files, folders, patterns, a list on standard input."""

import os
from collections.abc import Iterable, Iterator, Sequence
from glob import glob, has_magic
from pathlib import Path
from typing import NamedTuple

SUFFIXES = frozenset({".bmp", ".gif", ".jfif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
STANDARD_INPUT = "-"


class InputFile(NamedTuple):
    """A path as the user may know it, and why there is no picture there, or nothing."""

    path: str
    problem: str = ""


class InputFiles(NamedTuple):
    """The files, in the order of the arguments, sorted within each; and how many others in folders were passed over."""

    found: list[InputFile]
    passed_over: int


def find_inputs(arguments: Sequence[str], standard_input: Iterable[str]) -> InputFiles:
    """What each argument stands for; each path once.

    A folder stands for the files below it that are named like pictures, hidden ones aside; a pattern (`*`, `**`, `?`,
    `[...]`) for what matches it; `-` for one path or pattern a line. What leads to no file is a Source with a problem.
    """
    counted = _Counted()
    words = (line for word in arguments for line in (_lines(standard_input) if word == STANDARD_INPUT else [word]))
    found = {source.path: source for word in words for source in counted.expand(word)}
    return InputFiles(list(found.values()), counted.passed_over)


class _Counted:
    def __init__(self) -> None:
        self.passed_over = 0

    def expand(self, word: str) -> Iterator[InputFile]:
        if os.path.lexists(word) or not has_magic(word):
            yield from self._at(word)
            return
        matches = sorted(glob(word, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
        if not matches:
            yield InputFile(word, "no file matches this pattern")
        for match in matches:
            yield from self._at(match)

    def _at(self, path: str) -> Iterator[InputFile]:
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
                    self.passed_over += 1


def _lines(text: Iterable[str]) -> Iterator[str]:
    return (line.rstrip("\r\n") for line in text if line.strip())
