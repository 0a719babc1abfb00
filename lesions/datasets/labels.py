"""Class labels from the cells of a published table: names, codes and one-hot rows, each with its problem if any.

Every function gives a table with the columns `label` (a slug, or empty) and `problem` (why there is none, or empty).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pandas as pd

from lesions.data.diagnoses import class_of, known_class
from lesions.datasets.raw import Note, make_notes
from lesions.datasets.tables import MetadataTable

UNKNOWN = frozenset({"", "unknown", "unk", "na", "n/a", "nan", "none", "null"})  # in lower case
PROBLEMS = ("no label", "two labels", "an unknown class", "no 0 or 1")  # each ` in <table>`, then the cell
NO_DIAGNOSIS = UNKNOWN | {"other"}


def labels_from_names(names: pd.Series, table: str) -> pd.DataFrame:
    """The class of each cell with a diagnosis by name or code; an unknown name becomes a class of its own."""
    return labels_by(names, lambda name: _label_from_name(name, table))


def labels_from_one_hot(table: MetadataTable, codes: Sequence[str], neither: str = "") -> pd.DataFrame:
    """The class of each one-hot row: exactly one 1 under those of the codes that are columns, else 0 or nothing.

    neither: the class of a row of zeros, where the table has no column for it.
    """
    codes = [code for code in codes if code in table.cells.columns]
    return labels_by(
        table.cells[codes], lambda cells: _label_from_one_hot(dict(zip(codes, cells, strict=True)), table.name, neither)
    )


def labels_by(cells: pd.Series | pd.DataFrame, decide: Callable[[Any], tuple[str, str]]) -> pd.DataFrame:
    """Label and problem of each cell (of each row of cells, as a tuple), decided once for each value."""
    values = list(cells if isinstance(cells, pd.Series) else cells.itertuples(index=False, name=None))
    results = {value: decide(value) for value in set(values)}
    pairs = [results[value] for value in values]
    return pd.DataFrame(pairs, columns=["label", "problem"], index=cells.index, dtype=str)


def finest_known_class(levels: Iterable[str]) -> str | None:
    """The class of the first of these names, finest first, that is a known one or part of one."""
    return next((label for name in levels if (label := known_class(name, subtypes=True))), None)


def problem_notes(rows: pd.DataFrame) -> list[Note]:
    """A note for each kind of PROBLEMS in rows with `id` and `problem`."""
    return make_notes({f"rows with {kind}": rows.loc[rows["problem"].str.startswith(kind), "id"] for kind in PROBLEMS})


def _label_from_name(name: str, table: str) -> tuple[str, str]:
    if name.lower() in NO_DIAGNOSIS or not any(character.isalnum() and character.isascii() for character in name):
        return "", f"no label in {table}" + (f": {name}" if name else "")
    return class_of(name), ""


def _label_from_one_hot(cells: dict[str, str], table: str, neither: str) -> tuple[str, str]:
    values = {code: _zero_or_one(cell) for code, cell in cells.items()}
    invalid = [f"{code} is {cells[code]}" for code, value in values.items() if value is None]
    ones = [code for code, value in values.items() if value == 1]
    if invalid:
        return "", f"no 0 or 1 in {table}: {invalid[0]}"
    if len(ones) > 1:
        return "", f"two labels in {table}: {' and '.join(ones)}"
    if not ones:
        return (neither, "") if neither and all(cells.values()) else ("", f"no label in {table}")
    if ones[0].lower() in UNKNOWN:
        return "", f"an unknown class in {table}: {ones[0]}"
    return class_of(ones[0]), ""


def _zero_or_one(cell: str) -> int | None:
    """The number in a cell (`1`, `1.0`), 0 where it is empty, None where it is neither 0 nor 1."""
    try:
        number = float(cell or 0)
    except ValueError:
        return None
    return int(number) if number in (0, 1) else None
