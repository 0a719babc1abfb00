"""Outputs that are either whole or absent: written beside their place under another name, then renamed."""

import json
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

PARTIAL = ".partial"  # in .gitignore and .dvcignore: what a killed run leaves is never versioned
ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that the format knows


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Yield a path to write to; it takes its place at `path` only when the block ends without an exception."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + PARTIAL)
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: str | Path) -> Iterator[Path]:
    """Yield an empty folder to fill; it replaces `path` only when the block ends without an exception."""
    path = Path(path)
    partial = path.with_name(path.name + PARTIAL)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        if path.exists():
            shutil.rmtree(path)
        partial.replace(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_json(path: str | Path, content: dict[str, Any]) -> None:
    """Write JSON with a final newline, in the order given. Raises ValueError for NaN and infinity."""
    with whole_file(path) as partial:
        partial.write_text(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def write_csv(path: str | Path, table: pd.DataFrame) -> None:
    """Write a table without its index, with Unix line ends, an empty cell for a missing value."""
    with whole_file(path) as partial:
        table.to_csv(partial, index=False, lineterminator="\n")


def write_archive(path: str | Path, members: Mapping[str, bytes]) -> None:
    """Write a ZIP archive, members by name, not compressed: the same members give the same bytes, whatever the Python.

    Members that are written as streams (by NumPy's savez) get other headers from one Python to the next.
    """
    with whole_file(path) as partial, zipfile.ZipFile(partial, "w") as archive:
        for name, content in sorted(members.items()):
            archive.writestr(zipfile.ZipInfo(name, ZIP_DATE), content)
