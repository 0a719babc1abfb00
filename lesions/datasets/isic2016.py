"""Reader of ISIC 2016, task 3: a table of two columns without a header, benign or malignant (in the test 0.0 or 1.0).

Gutman et al.: Skin lesion analysis toward melanoma detection: a challenge at ISBI 2016. arXiv:1605.01397. 900 training
and 379 test pictures.
"""

from lesions.datasets.folder import Folder
from lesions.datasets.labels import labels_by
from lesions.datasets.pictures import fitting_tables, read_pictures, require_table
from lesions.datasets.raw import RawDataset
from lesions.datasets.rows import Rows, one_per_picture, rows_of
from lesions.datasets.tables import MetadataTable, read_tables

COLUMNS = ("column 1", "column 2")  # it has no header
TABLES = (COLUMNS,)
CLASSES = {"benign": "benign", "malignant": "malignant", "0": "benign", "1": "malignant"}
ORIGIN = "ISIC 2016"


def recognise(folder: Folder) -> str | None:
    """Why this layout fits the folder, in words; None where it does not."""
    fits = fitting_tables(folder, COLUMNS)
    return fits and fits.replace("with the columns column 1, column 2", "with two columns and no header")


def read(folder: Folder) -> RawDataset:
    """One row per picture, at any depth. Raises UserError where the table is missing or cannot be read."""
    return read_pictures(folder, read_rows(folder), require_table(folder, COLUMNS))


def read_rows(folder: Folder) -> Rows:
    """One row per picture id in the folder's tables of this kind; no rows where there are none."""
    return one_per_picture(_rows(table) for table in read_tables(folder, COLUMNS))


def _rows(table: MetadataTable) -> Rows:
    labels = labels_by(table.column("column 2"), lambda cell: _label(cell, table.name))
    return rows_of(table, labels, origin=ORIGIN, modality="dermoscopy")


def _label(cell: str, table: str) -> tuple[str, str]:
    label = CLASSES.get(cell.lower().removesuffix(".0"), "")
    return label, "" if label else f"no label in {table}" + (f": {cell}" if cell else "")
