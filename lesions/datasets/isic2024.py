"""Reader of ISIC 2024 (SLICE-3D): `train-metadata.csv`, pictures as files or in `train-image.hdf5`.

Kurtansky et al.: The SLICE-3D dataset: 400,000 skin lesion image crops extracted from 3D TBP for skin cancer detection.
Scientific Data 11, 884 (2024). 401,059 pictures of 1,042 patients, 393 of them malignant. So on Kaggle; the challenge's
page has `ISIC_2024_Training_GroundTruth.csv` with `malignant` for `target`, and the other columns in other tables.
"""

import pandas as pd

from lesions.datasets.folder import Folder
from lesions.datasets.labels import finest_known_class, labels_by
from lesions.datasets.pictures import fitting_tables, read_pictures, require_table
from lesions.datasets.raw import RawDataset
from lesions.datasets.rows import Rows, add_metadata, one_per_picture, rows_of
from lesions.datasets.tables import MetadataTable, read_tables

COLUMNS, CHALLENGE_COLUMNS = (
    ("isic_id", "target", "patient_id"),
    ("isic_id", "malignant"),
)  # of Kaggle, of the challenge
METADATA = ("isic_id", "patient_id", "tbp_tile_type")
DIAGNOSES = ("isic_id", "iddx_full")
TABLES = (COLUMNS, CHALLENGE_COLUMNS, METADATA, DIAGNOSES)
FINEST_FIRST = ("iddx_5", "iddx_4", "iddx_3", "iddx_2")  # level 1 is malignancy alone
ORIGIN = "ISIC 2024"


def recognise(folder: Folder) -> str | None:
    """Why this layout fits the folder, in words; None where it does not."""
    return fitting_tables(folder, COLUMNS) or fitting_tables(folder, CHALLENGE_COLUMNS)


def read(folder: Folder) -> RawDataset:
    """One row per picture, at any depth or in a container. Raises UserError where either cannot be read."""
    tables = require_table(folder, CHALLENGE_COLUMNS if folder.tables_with(CHALLENGE_COLUMNS) else COLUMNS)
    return read_pictures(folder, read_rows(folder), tables)


def read_rows(folder: Folder) -> Rows:
    """One row per picture id in the folder's tables of this kind; no rows where there are none."""
    known = [_diagnoses(table) for table in read_tables(folder, DIAGNOSES)]
    diagnoses = {name: label for classes in known for name, label in classes.items() if label}
    truth = [*read_tables(folder, COLUMNS), *read_tables(folder, CHALLENGE_COLUMNS)]
    labels = one_per_picture(_rows(table, diagnoses) for table in truth)
    if not truth:
        return labels
    metadata = one_per_picture(_metadata(table) for table in read_tables(folder, METADATA))
    return add_metadata(labels, metadata, "metadata")


def _diagnoses(table: MetadataTable) -> dict[str, str]:
    """The class that the levels of diagnosis name, by picture id; empty where they name none."""
    levels = pd.concat([table.column(level) for level in FINEST_FIRST], axis=1)
    classes = labels_by(levels, lambda names: (finest_known_class(names) or "", ""))["label"]
    return dict(zip(table.cells["id"], classes, strict=True))


def _rows(table: MetadataTable, diagnoses: dict[str, str]) -> Rows:
    target = table.column("target", "malignant").str.removesuffix(".0")
    diagnosis = table.cells["id"].map(lambda name: diagnoses.get(name, ""))
    labels = labels_by(
        pd.concat([target, diagnosis], axis=1),
        lambda cells: _label(target=cells[0], diagnosis=cells[1], table=table.name),
    )
    return rows_of(
        table,
        labels,
        lesion=table.column("lesion_id"),
        origin=ORIGIN,
        confirmation=target.map({"1": "histology"}).fillna(""),  # a lesion that was not removed is filed as benign
        modality="total_body",
    )


def _label(target: str, diagnosis: str, table: str) -> tuple[str, str]:
    if target not in ("0", "1"):
        return "", f"no label in {table}" + (f": target is {target}" if target else "")
    return "benign" if target == "0" else diagnosis or "malignant", ""


def _metadata(table: MetadataTable) -> Rows:
    return rows_of(
        table,
        patient=table.column("patient_id"),
        age=table.column("age_approx"),
        sex=table.column("sex"),
        site=table.column("anatom_site_general"),
    )
