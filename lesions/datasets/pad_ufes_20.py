"""Reader of PAD-UFES-20: `metadata.csv` and photographs by smartphone, in any folder.

Pacheco et al.: PAD-UFES-20: a skin lesion dataset composed of patient data and clinical images collected from
smartphones. Data in Brief 32, 106221 (2020). 2,298 pictures of 1,641 lesions; Bowen's disease is filed under SCC.
"""

from lesions.datasets.folder import Folder
from lesions.datasets.labels import labels_from_names
from lesions.datasets.pictures import fitting_tables, read_pictures, require_table
from lesions.datasets.raw import RawDataset
from lesions.datasets.rows import Rows, fitzpatrick_type, one_per_picture, rows_of
from lesions.datasets.tables import MetadataTable, read_tables

COLUMNS = ("img_id", "diagnostic")
TABLES = (COLUMNS,)
ORIGIN = "PAD-UFES-20"
# All carcinomas and melanomas are biopsy-proven, the others where `biopsed` says so; else dermatologists agreed on them
CONFIRMATIONS = {"true": "histology", "false": "consensus"}


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
    patient, lesion = table.column("patient_id"), table.column("lesion_id")
    return rows_of(
        table,
        labels_from_names(table.column("diagnostic"), table.name),
        patient=patient,
        lesion=(patient + "_" + lesion).where(lesion != "", ""),  # a number alone could be another set's, too
        origin=ORIGIN,
        confirmation=table.column("biopsed").str.lower().map(CONFIRMATIONS).fillna(""),
        age=table.column("age"),
        sex=table.column("gender"),
        site=table.column("region").str.lower(),
        modality="clinical",
        skin_type=table.column("fitspatrick").map(fitzpatrick_type),  # so spelt there
    )
