"""Picture files from command-line arguments: files, folders, glob patterns, a list on standard input."""

import os
from collections.abc import Iterator, Sequence
from glob import glob, has_magic
from pathlib import Path
from typing import BinaryIO, NamedTuple

from lesions.data.picture_files import PictureError, files_below, read_start
from lesions.data.picture_formats import begins_as_picture, is_picture
from lesions.runtime.console import UserError
from lesions.runtime.text_encoding import encoding_of

STANDARD_INPUT = "-"
QUOTES = ("''", '""', "“”")  # around a path with spaces, as file managers copy it


class InputFile(NamedTuple):
    """A path as the user wrote it or below such a path, and why there is no picture (empty where there is one)."""

    path: str
    problem: str = ""


class InputFiles(NamedTuple):
    """The files, in the order of the arguments, sorted within each; and how many others in folders were skipped."""

    files: list[InputFile]
    skipped: int


def find_inputs(arguments: Sequence[str], standard_input: BinaryIO | None) -> InputFiles:
    """Expand the arguments to files; each path once.

    A folder stands for the files below it that are named like pictures or begin like one, hidden ones excluded; a
    pattern (`*`, `**`, `?`, `[...]`) for its matches; `-` for one path or pattern per line of standard input (None
    where that is closed). An argument without a file, and whatever cannot be opened, gives an InputFile with a problem.
    Raises UserError where standard input is no such list.
    """
    expander = _Expander()
    patterns = (
        pattern
        for argument in arguments
        for pattern in (_listed(standard_input) if argument == STANDARD_INPUT else [argument])
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
        matches = sorted(_matches(pattern))
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
            files = sorted(self._inputs_below(Path(path)))
            yield from files or [InputFile(path, "no picture in this folder")]

    def _inputs_below(self, folder: Path) -> Iterator[InputFile]:
        closed: list[OSError] = []
        for file in files_below(folder, closed.append):
            try:
                if is_picture(file.name) or (not file.name.startswith(".") and begins_as_picture(read_start(file))):
                    yield InputFile(str(file))
                else:
                    self.skipped += 1
            except PictureError as error:
                yield InputFile(str(file), str(error))
        for refused in closed:
            yield InputFile(str(refused.filename), f"folder cannot be opened: {refused.strerror}")


def _matches(pattern: str) -> Iterator[str]:
    """The matches of a pattern, apart from those that a link in `**` leads to by a folder it has already passed."""
    start = len(Path(pattern.partition("**")[0]).parts)
    identities: dict[Path, tuple[int, int]] = {}
    for match in glob(pattern, recursive=True):  # noqa: PTH207 - Path.glob takes no absolute pattern
        folders = [folder for folder in Path(match).parents if len(folder.parts) >= start]
        for folder in set(folders) - set(identities):
            status = folder.stat()
            identities[folder] = (status.st_dev, status.st_ino)
        if len({identities[folder] for folder in folders}) == len(folders):
            yield match


def _listed(standard_input: BinaryIO | None) -> Iterator[str]:
    """The paths of a list in any encoding, one a line, or each with a zero byte behind it (`find -print0`)."""
    content = standard_input.read() if standard_input else b""
    if begins_as_picture(content):
        raise UserError("standard input holds a picture, - takes a list of paths: give the path of the picture itself")
    encoding = encoding_of(content)
    try:
        text = content.decode(encoding, "surrogateescape" if encoding == "utf-8" else "strict")
    except UnicodeDecodeError:
        raise UserError(f"standard input is no list of paths: it begins as {encoding}, and goes on as none") from None
    lines = text.split("\0" if "\0" in text else "\n")
    return (_path_in(line) for line in lines if line.strip())


def _path_in(line: str) -> str:
    """The path of a line: as it stands, or without what line ends, spaces and quotes put around it."""
    bare = line.strip()
    unquoted = bare[1:-1] if len(bare) > 1 and bare[0] + bare[-1] in QUOTES else bare
    return next((path for path in (line, line.rstrip("\r"), bare) if os.path.lexists(path)), unquoted)
