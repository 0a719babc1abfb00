"""Reader of PH2: `PH2_dataset.txt`, a table of cells between bars, and one folder a picture, or all in one.

Mendonca et al.: PH2 - a dermoscopic image database for research and benchmarking. EMBC 2013, 5437-5440. 200 pictures of
Pedro Hispano hospital: 80 common nevi, 80 atypical nevi and 40 melanomas, each with masks beside it.
"""

from lesions.datasets.folder import Folder
from lesions.datasets.labels import labels_by
from lesions.datasets.pictures import fitting_tables, read_pictures, require_table
from lesions.datasets.raw import RawDataset, make_notes
from lesions.datasets.rows import Rows, one_per_picture, rows_of
from lesions.datasets.tables import BLANK_LINES, MetadataTable, read_tables

COLUMNS = ("Name", "Clinical Diagnosis")
TABLES = (COLUMNS,)
CLASSES = {"0": "nevus", "1": "nevus", "2": "melanoma"}  # common nevus, atypical nevus, melanoma
ATYPICAL = "1"
ORIGIN = "PH2"


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
    diagnosis, histology = table.column("Clinical Diagnosis"), table.column("Histological Diagnosis")
    rows, notes = rows_of(
        table,
        labels_by(diagnosis, lambda code: _label(code, table.name)),
        origin=ORIGIN,
        confirmation=histology.map(lambda text: "histology" if text else ""),
        modality="dermoscopy",
    )
    atypical = make_notes({"atypical nevi, read as nevus": table.cells.loc[diagnosis == ATYPICAL, "id"]})
    return Rows(rows, [note for note in notes if note.kind != BLANK_LINES] + atypical)  # its legend has no cell


def _label(code: str, table: str) -> tuple[str, str]:
    label = CLASSES.get(code, "")
    return label, "" if label else f"no label in {table}" + (f": {code}" if code else "")
