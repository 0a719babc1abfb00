"""Reader of HAM10000 as Harvard Dataverse and Kaggle give it: HAM10000_metadata.csv, pictures in any folder.

Tschandl, Rosendahl and Kittler: The HAM10000 dataset. Scientific Data 5, 180161 (2018). 10,015 pictures of 7,470
lesions. A table of the same columns for a test part may lie beside it.
"""

from lesions.datasets.folder import Folder
from lesions.datasets.labels import labels_from_names
from lesions.datasets.pictures import fitting_tables, read_pictures, require_table
from lesions.datasets.raw import RawDataset
from lesions.datasets.rows import Rows, one_per_picture, rows_of
from lesions.datasets.tables import MetadataTable, read_tables

COLUMNS = ("image_id", "dx")
TABLES = (COLUMNS,)


def recognise(folder: Folder) -> str | None:
    """Why this layout fits the folder, in words; None where it does not."""
    return fitting_tables(folder, COLUMNS)


def read(folder: Folder) -> RawDataset:
    """One row per picture, at any depth. Raises UserError where the table is missing or cannot be read."""
    return read_pictures(folder, read_rows(folder), require_table(folder, COLUMNS))


def read_rows(folder: Folder) -> Rows:
    """One row per picture id in the folder's tables of this kind; no rows where there are none."""
    return one_per_picture(_rows(table) for table in read_tables(folder, COLUMNS))


def _rows(table: MetadataTable) -> Rows:
    return rows_of(
        table,
        labels_from_names(table.column("dx"), table.name),
        lesion=table.column("lesion_id"),
        confirmation=table.column("dx_type"),
        age=table.column("age"),
        sex=table.column("sex"),
        site=table.column("localization"),
        modality="dermoscopy",
    )
