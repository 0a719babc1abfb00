"""Outputs that are either whole or absent: written beside their place under another name, then renamed."""

import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

from lesions.runtime.console import UserError
from lesions.runtime.file_names import LONGEST, PERCENT_ESCAPE, fitting_name

if TYPE_CHECKING:  # a command that writes no table must not wait for pandas
    import pandas as pd

CSV_LINE_END = "\r\n"  # only with this end does Python's CSV writer, before 3.13, quote a cell with a carriage return
PARTIAL = ".partial"  # in .gitignore and .dvcignore: what a killed run leaves is never versioned
ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that the format knows


def check_writable(path: Path, option: str, folder: bool = False) -> None:
    """Raise UserError where a file, or a folder with files, could not be written later, after all the work.

    option: what the user gave the path with, for the message.
    """
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - links stay as they are
    nearest = next(place for place in (whole, *whole.parents) if os.path.lexists(place))
    parent = nearest if nearest != whole or folder else whole.parent
    problem = ""
    if any(len(os.fsencode(part)) > LONGEST for part in whole.parts):
        problem = "its name is too long"
    elif nearest == whole and not folder and not whole.is_file():
        problem = f"there is a {'folder' if whole.is_dir() else 'device or link'} of this name"
    elif not parent.is_dir():
        problem = f"{parent} is no folder"
    else:
        try:
            tempfile.TemporaryFile(dir=parent).close()
        except OSError as error:
            problem = f"{error.strerror or error} in {parent}"
    if problem:
        raise UserError(f"{option} {path}: cannot be written, {problem}; name another place")


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Yield a path to write to; it takes its place at `path` only when the block ends without an exception."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(fitting_name(path.name, PARTIAL))
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: str | Path) -> Iterator[Path]:
    """Yield an empty folder to fill; it replaces `path` only when the block ends without an exception."""
    path = Path(path)
    partial = path.with_name(fitting_name(path.name, PARTIAL))
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        if path.exists():
            shutil.rmtree(path)
        partial.replace(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


class _UnixLines:
    """The file of a CSV writer, which writes one line at a time, with CSV_LINE_END: ends each as Unix does."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, line: str) -> int:
        return self._file.write(line.removesuffix(CSV_LINE_END) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write text in UTF-8 with Unix line ends, also where it holds names that are no UTF-8 (as %XX)."""
    with _open_text(path) as file:
        file.write(text)


def _open_text(path: Path) -> TextIO:
    return path.open("w", encoding="utf-8", errors=PERCENT_ESCAPE, newline="")


def write_json(path: str | Path, content: dict[str, Any]) -> None:
    """Write JSON with a final newline, in the order given. Raises ValueError for NaN and infinity."""
    with whole_file(path) as partial:
        write_text(partial, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_csv(path: str | Path, table: "pd.DataFrame") -> None:
    """Write a table without its index, with Unix line ends, an empty cell for a missing value."""
    with whole_file(path) as partial, _open_text(partial) as file:
        table.to_csv(cast(TextIO, _UnixLines(file)), index=False, lineterminator=CSV_LINE_END)


def write_archive(path: str | Path, members: Mapping[str, bytes]) -> None:
    """Write a ZIP archive, members by name, not compressed: the same members give the same bytes, whatever the Python.

    Members that are written as streams (by NumPy's savez) get other headers from one Python to the next.
    """
    with whole_file(path) as partial, zipfile.ZipFile(partial, "w") as archive:
        for name, content in sorted(members.items()):
            archive.writestr(zipfile.ZipInfo(name, ZIP_DATE), content)
