"""One table of text, whatever program saved it: encoding, separator, decimal sign and line ends do not matter."""

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from lesions.datasets.folder import Folder
from lesions.datasets.raw import Note, make_notes, picture_ids
from lesions.datasets.text import column_names, from_header, read_lines
from lesions.runtime.console import UserError

MAX_COLUMN_NAMES = 12  # in an error message
BLANK_LINES = "blank lines in a table"  # kind of a note
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")


class MetadataTable(NamedTuple):
    """A table's file name, its rows of text with `id` (index from 0), and notes on rows left out."""

    name: str
    cells: pd.DataFrame
    notes: list[Note]

    def column(self, *names: str) -> pd.Series:
        """The first of these columns that the table has; empty text where it has none of them."""
        present = next((name for name in names if name in self.cells.columns), None)
        return self.cells[present] if present else pd.Series("", index=self.cells.index, dtype=str)


def read_tables(folder: Folder, columns: Sequence[str]) -> list[MetadataTable]:
    """Every table of the folder that has these columns, the first of which names the picture. Raises UserError.

    Each is read once: that of ISIC 2024 has 22 million cells, and stands for labels, metadata and diagnoses.
    """
    keys = [(path, columns[0]) for path in folder.tables_with(columns)]
    for path, column in keys:
        if (path, column) not in folder.tables_read:
            folder.tables_read[path, column] = read_table(path, [column])
    return [folder.tables_read[key] for key in keys]


def read_table(path: Path, columns: Sequence[str]) -> MetadataTable:
    """The rows that name a picture in the first of the columns, as `id` (see picture_ids); every cell is stripped text.

    Raises UserError that names the file where it cannot be read, a column is missing, or a row has too many cells.
    """
    cells = _cells(path)
    missing = [column for column in columns if column not in cells.columns]
    if missing:
        raise UserError(f"{path}: no column {', '.join(missing)}; {describe_columns(cells.columns)}")
    blank = (cells == "").all(axis=1)
    nameless = cells[columns[0]].eq("") & ~blank
    notes = make_notes(
        {
            BLANK_LINES: [f"{path.name}, row {row + 1}" for row in cells.index[blank]],
            "rows without a picture's name": [f"{path.name}, row {row + 1}" for row in cells.index[nameless]],
        }
    )
    cells = cells[~blank & ~nameless].reset_index(drop=True)
    return MetadataTable(path.name, cells.assign(id=picture_ids(cells[columns[0]])), notes)


def describe_columns(columns: Iterable[str]) -> str:
    """The column names for an error message, the first MAX_COLUMN_NAMES of them."""
    names = [name or "(no name)" for name in columns]
    more = f" and {len(names) - MAX_COLUMN_NAMES} more" if len(names) > MAX_COLUMN_NAMES else ""
    return f"its columns are: {', '.join(names[:MAX_COLUMN_NAMES])}{more}" if names else "it has no columns"


def _cells(path: Path) -> pd.DataFrame:
    """Every row below the header as stripped text, blank rows included; short rows are filled up with empty cells."""
    lines = read_lines(path)
    below, separator = from_header(lines)
    reader = csv.reader(below, delimiter=separator, strict=True)
    try:
        rows = list(reader)
    except csv.Error as error:
        number = len(lines) - len(below) + reader.line_num
        raise UserError(f"{path}: line {number} is no row of a table ({error})") from None
    names = list(column_names(rows[0] if rows else []))
    if rows and names == [cell.strip() for cell in rows[0]]:
        rows = rows[1:]  # it is a header
    _check_names(path, names)
    for number, row in enumerate(rows, start=1):
        if any(cell.strip() for cell in row[len(names) :]):
            raise UserError(f"{path}: row {number} has {len(row)} cells under {len(names)} column names; mend it")
    width = len(names)
    cells = [[_clean(cell) for cell in row[:width]] + [""] * (width - len(row)) for row in rows]
    table = pd.DataFrame(cells, columns=names, dtype=str)
    return table.loc[:, [name != "" for name in names]]


def _clean(cell: str) -> str:
    """The cell without blanks around it; a number with a decimal comma, as spreadsheets write it, with a point."""
    cell = cell.strip()
    return cell.replace(",", ".") if "," in cell and _DECIMAL_COMMA.fullmatch(cell) else cell


def _check_names(path: Path, names: list[str]) -> None:
    repeated = sorted({name for name in names if name and names.count(name) > 1})
    if repeated:
        raise UserError(f"{path}: column {repeated[0]} stands twice; keep one")
    if not any(names):
        raise UserError(f"{path}: is empty; get it again from its publisher")
