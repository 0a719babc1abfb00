"""What every reader delivers: one row per raw file, whatever the published layout."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from lesions.console import UserError

RAW_COLUMNS = (
    "source",  # path of the raw file relative to the data set's folder, with forward slashes
    "label",  # slug of the class
    "official_split",  # train or test where the publisher split the data, else empty
    "patient",
    "lesion",
    "origin",
    "confirmation",
    "age",
    "sex",
    "site",
)


def raw_table(rows: Iterable[dict[str, str]]) -> pd.DataFrame:
    """The rows as a table of text with RAW_COLUMNS, sorted by source; what a row does not give is empty."""
    table = pd.DataFrame(list(rows), columns=list(RAW_COLUMNS), dtype=str)
    return table.fillna("").sort_values("source", ignore_index=True)


def files_below(folder: Path) -> Iterator[Path]:
    """Every file below a folder, in no promised order. Raises UserError where a folder cannot be opened."""
    for parent, _, names in os.walk(folder, onerror=_cannot_open):
        yield from (Path(parent) / name for name in names)


def subfolders(folder: Path) -> list[Path]:
    """The folders directly inside, hidden ones apart, sorted by name. Raises UserError where it cannot be opened."""
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError as error:
        _cannot_open(error)
        raise


def _cannot_open(error: OSError) -> None:
    raise UserError(
        f"{error.filename}: cannot be opened ({error.strerror}); mend its permissions (chmod u+rx)"
    ) from None
