"""Several data sets in one folder, each in a sub-folder and read by its own reader, joined into one table."""

import re
from collections.abc import Mapping

import pandas as pd

from lesions.data.picture_formats import is_picture
from lesions.datasets.folder import Folder
from lesions.datasets.raw import Note, RawDataset, make_notes, raw_table

JOINED = "joined"
# Ids of patients and lesions that mean the same in every data set: of HAM10000, BCN20000, MSK, the ISIC archive (IP_,
# IL_) and PAD-UFES-20. Any other, such as a clinic's 123, counts within its own set.
_PUBLISHED = re.compile(r"(HAM|BCN|MSK\d*|IP|IL|PAT|ISIC)_\w+", re.IGNORECASE)


def join_datasets(folder: Folder, parts: Mapping[str, RawDataset]) -> RawDataset:
    """One table of all parts (by their path below the folder); `dataset` names the part of each picture.

    A picture in none of the parts has that as its problem. Notes name the part.
    """
    tables = [_as_part(dataset.table, name) for name, dataset in parts.items()]
    elsewhere = [
        name for name in folder.files if is_picture(name) and not name.startswith(tuple(f"{part}/" for part in parts))
    ]
    tables.append(pd.DataFrame({"source": elsewhere, "problem": "in none of the data sets"}, dtype=str))
    notes = [
        Note(f"{name}: {note.kind}", note.n, note.names) for name, dataset in parts.items() for note in dataset.notes
    ]
    notes += make_notes({"pictures in none of the data sets": elsewhere})
    return RawDataset(JOINED, raw_table(pd.concat(tables, ignore_index=True)), notes)


def _as_part(table: pd.DataFrame, name: str) -> pd.DataFrame:
    own = {column: _own_ids(table[column], name) for column in ("patient", "lesion")}
    table_id = table["table_id"].where(table["table_id"] == "", f"{name}/" + table["table_id"])  # of its own table
    return table.assign(source=f"{name}/" + table["source"], dataset=name, table_id=table_id, **own)


def _own_ids(ids: pd.Series, name: str) -> pd.Series:
    """The ids, those of no published namespace with the part's name before them."""
    return ids.where((ids == "") | ids.str.fullmatch(_PUBLISHED), f"{name}:" + ids)
