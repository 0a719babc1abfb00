"""Joining the files of a data set with the rows of its tables: each file becomes one row, each mismatch a note."""

from collections.abc import Sequence

import pandas as pd

from lesions.data.picture_formats import is_picture
from lesions.datasets.folder import Folder, is_table
from lesions.datasets.raw import RawDataset, id_in_table, make_notes, raw_table
from lesions.datasets.rows import Rows
from lesions.datasets.tables import describe_columns
from lesions.runtime.console import UserError

OPTIONAL_COLUMNS = ("patient", "lesion", "age", "sex", "site", "skin_type")  # noted where only some pictures have them


def read_pictures(folder: Folder, rows: Rows, tables: str) -> RawDataset:
    """One row per file that is a picture by its name, or whose name stands in the tables (of these file names), and one
    per picture in a container, but for those that are a file, too: then the file counts, and a note says so.

    A picture without a row has that as its problem; a row without a picture is a note, and so is any other file.
    """
    by_id = rows.table.set_index("id")
    table_ids = set(by_id.index)
    files = {name: id_in_table(name, table_ids) for name in folder.files}
    files = {name: identifier for name, identifier in files.items() if is_picture(name) or identifier in table_ids}
    contained = {name: id_in_table(name, table_ids) for names in folder.contained.values() for name in names}
    twice = set(files.values()) & set(contained.values())
    alone = {name: identifier for name, identifier in contained.items() if identifier not in twice}
    ids = pd.Series(files | alone, dtype=str)
    table = by_id.reindex(ids, fill_value="").reset_index(drop=True).assign(source=ids.index)
    without_row = ~ids.isin(table_ids).to_numpy()
    table["table_id"] = ids.where(~without_row, "").to_numpy()
    table.loc[without_row, "problem"] = f"no row in {tables}"
    table.loc[(table["label"] == "") & (table["problem"] == ""), "problem"] = f"no label in {tables}"
    others = [name for name in folder.files if not (name in files or is_table(name) or name in folder.contained)]
    notes = make_notes(
        {
            "rows without a picture": by_id.index[~by_id.index.isin(ids)],
            "pictures without a row": table.loc[without_row, "source"],
            "files with an id that another file has too": ids.index[ids.duplicated()],
            "pictures both as a file, which is used, and in a container": sorted(twice),
            "files that are no pictures": others,
            **_gaps(table[~without_row]),
        }
    )
    return RawDataset("", raw_table(table), [*rows.notes, *notes])


def fitting_tables(folder: Folder, columns: Sequence[str]) -> str | None:
    """Which tables of the folder have these columns, in words; None where none has."""
    names = [folder.name_of(path) for path in folder.tables_with(columns)]
    return f"{', '.join(names)} with the columns {', '.join(columns)}" if names else None


def require_table(folder: Folder, columns: Sequence[str]) -> str:
    """The file names of the tables that have these columns.

    Raises UserError where none has; it names the closest table, its missing columns and those that it has.
    """
    names = [path.name for path in folder.tables_with(columns)]
    if names:
        return ", ".join(names)
    missing = {path: [column for column in columns if column not in header] for path, header in folder.headers.items()}
    nearest = min(missing, key=lambda path: len(missing[path]), default=None)
    if nearest is None:
        raise UserError(
            f"dataset: no table (CSV) in {folder.path} or one folder below; expected one with {', '.join(columns)}"
        )
    raise UserError(f"{nearest}: no column {', '.join(missing[nearest])}; {describe_columns(folder.headers[nearest])}")


def _gaps(table: pd.DataFrame) -> dict[str, pd.Series]:
    """The pictures without a value in a column that others have."""
    present = [column for column in OPTIONAL_COLUMNS if (table[column] != "").any()]
    return {
        f"pictures without {column.replace('_', ' ')}": table.loc[table[column] == "", "source"] for column in present
    }
