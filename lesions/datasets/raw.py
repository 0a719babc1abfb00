"""The output of every reader: one row per raw file, whatever the published layout, and notes on what did not fit."""

import re
from collections.abc import Iterable, Mapping, Set
from typing import NamedTuple

import pandas as pd

from lesions.runtime.console import UserError

RAW_COLUMNS = (
    "source",  # path of the raw file relative to the data set's folder, with forward slashes
    "isic_id",  # ISIC_0024306 where the file's name gives it
    "table_id",  # the id in the data set's tables that the file's name stands for; empty where none does
    "dataset",  # the sub-folder that is its data set, where several are joined; else empty
    "label",  # slug of the class; empty where there is a problem
    "problem",  # why the picture has no usable label, in words; else empty
    "official_split",  # train, val or test where the publisher split the data, else empty
    "patient",
    "lesion",
    "origin",  # collection that the picture comes from
    "confirmation",  # what the diagnosis rests on
    "age",  # years, a whole number
    "sex",  # male or female
    "site",  # part of the body, as published
    "modality",  # one of lesions.data.manifest.MODALITIES
    "skin_type",  # of the patient, with the scale: `Fitzpatrick II`, `MILK10k tone 3`
)
MAX_EXAMPLES = 3  # names in a note

# What browsers and file managers append to a copy (Chrome, Windows, macOS), and ISIC 2019 to a picture it made smaller
_COPY = re.compile(r"( ?\(\d+\)| - copy( \(\d+\))?| copy( \d+)?)$", re.IGNORECASE)
_DOWNSAMPLED = "_downsampled"
_SUFFIX = re.compile(r"\.[a-z]\w{1,4}$", re.IGNORECASE)
_ISIC_ID = re.compile(r"ISIC_\d+", re.IGNORECASE)


class Note(NamedTuple):
    """A remark of a reader for the user: its kind, the number of cases, the names of the first few."""

    kind: str
    n: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        more = ", ..." if self.n > len(self.names) else ""
        return f"{self.kind}: {self.n} ({', '.join(self.names)}{more})"


class RawDataset(NamedTuple):
    """A data set as read: the layout's name, one row per raw file with RAW_COLUMNS, and notes."""

    layout: str
    table: pd.DataFrame
    notes: list[Note]

    @property
    def parts(self) -> list[str]:
        """The sub-folders of the data sets that are joined in it, sorted; none where it is one data set."""
        return sorted(set(self.table["dataset"]) - {""})

    @property
    def counts(self) -> dict[str, int]:
        """The number of cases by kind of note."""
        return count_notes(self.notes)


def make_notes(names_by_kind: Mapping[str, Iterable[str]]) -> list[Note]:
    """A note for each kind (kind -> the names of its cases) with at least one case."""
    lists = {kind: list(names) for kind, names in names_by_kind.items()}
    return [Note(kind, len(names), tuple(names[:MAX_EXAMPLES])) for kind, names in lists.items() if names]


def count_notes(notes: Iterable[Note]) -> dict[str, int]:
    """The number of cases by kind of note, summed over notes of the same kind (of two tables)."""
    counts: dict[str, int] = {}
    for note in notes:
        counts[note.kind] = counts.get(note.kind, 0) + note.n
    return counts


def raw_table(rows: Iterable[Mapping[str, str]] | pd.DataFrame) -> pd.DataFrame:
    """The rows as a table of text with RAW_COLUMNS, sorted by source; missing cells are empty."""
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
    table = frame.reindex(columns=list(RAW_COLUMNS), fill_value="").fillna("").astype(str)
    table["isic_id"] = [isic_id(source) for source in table["source"]]
    return table.sort_values("source", ignore_index=True)


def picture_id(name: str) -> str:
    """The id that a file's name or a table's cell stands for: no folder, no suffix.

    An id of the ISIC archive has neither mark of a copy nor `_downsampled`; other names may be told apart by just that
    (`photo (1)`, `photo (2)`).
    """
    stem = _SUFFIX.sub("", _path(name).rpartition("/")[2])
    original = original_id(stem)
    return original.upper() if _ISIC_ID.fullmatch(original) else stem


def original_id(stem: str) -> str:
    """The id without what programs append to that of a copy."""
    return _COPY.sub("", stem).removesuffix(_DOWNSAMPLED)


def picture_ids(names: pd.Series) -> pd.Series:
    """The picture_id of each cell of a table; where different cells would share one, as much of the path as tells them
    apart (`patient1/photo`, `patient2/photo`).
    """
    paths = names.map(_path)
    ids = names.map(picture_id)
    for depth in range(2, 1 + max(paths.str.count("/"), default=0) + 1):
        repeated = paths.groupby(ids).transform("nunique") > 1
        if not repeated.any():
            break
        tails = paths[repeated].map(lambda path, depth=depth: _SUFFIX.sub("", "/".join(path.split("/")[-depth:])))
        ids = ids.where(~repeated, tails)
    return ids


def id_in_table(name: str, ids: Set[str]) -> str:
    """The one of a table's ids that a file's name stands for, its path's longest end first; else its picture_id."""
    parts = _SUFFIX.sub("", name).split("/")
    ends = ["/".join(parts[start:]) for start in range(len(parts) - 1)]
    identifier = picture_id(name)
    return next((end for end in (*ends, identifier, original_id(identifier)) if end in ids), identifier)


def isic_id(name: str) -> str:
    """The ISIC archive's id of a picture by its file's name, empty where the name is none."""
    identifier = picture_id(name)
    return identifier if _ISIC_ID.fullmatch(identifier) else ""


def _path(cell: str) -> str:
    """The path in a cell with forward slashes, also that of Windows."""
    return cell.strip().replace("\\", "/")


def cannot_open(error: OSError) -> None:
    """Raise UserError on a folder that cannot be opened: to train without its pictures would be to lose them."""
    raise UserError(
        f"{error.filename}: cannot be opened ({error.strerror}); mend its permissions (chmod u+rx)"
    ) from None
