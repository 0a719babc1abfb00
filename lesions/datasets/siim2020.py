"""Reader of SIIM-ISIC 2020: `train.csv` (Kaggle) or `ISIC_2020_Training_GroundTruth.csv`, pictures in any folder.

Rotemberg et al.: A patient-centric dataset of images and metadata for identifying melanomas using clinical context.
Scientific Data 8, 34 (2021). 33,126 pictures of 2,056 patients.

The official task has two classes, `target` 1 (melanoma) and 0. The `diagnosis` of most of the latter is unknown (27,124
pictures), so that they are one class here, `not_melanoma`; its diagnoses are unknown.
"""

import pandas as pd

from lesions.datasets.folder import Folder
from lesions.datasets.labels import labels_by
from lesions.datasets.pictures import fitting_tables, read_pictures, require_table
from lesions.datasets.raw import RawDataset, picture_id
from lesions.datasets.rows import Rows, one_per_picture, rows_of
from lesions.datasets.tables import MetadataTable, read_tables

COLUMNS = ("image_name", "target")
DUPLICATES = ("image_name_1", "image_name_2")
TABLES = (COLUMNS, DUPLICATES)
CLASSES = {"1": "melanoma", "0": "not_melanoma"}
CONFIRMATION = {"melanoma": "histology", "not_melanoma": "", "": ""}  # of all melanomas in the paper; else unknown
ORIGIN = "ISIC 2020"


def recognise(folder: Folder) -> str | None:
    """Why this layout fits the folder, in words; None where it does not."""
    return fitting_tables(folder, COLUMNS)


def read(folder: Folder) -> RawDataset:
    """One row per picture, at any depth. Raises UserError where the table is missing or cannot be read."""
    return read_pictures(folder, read_rows(folder), require_table(folder, COLUMNS))


def read_rows(folder: Folder) -> Rows:
    """One row per picture id in the folder's tables of this kind; no rows where there are none.

    Pictures that the table of duplicates pairs, directly or through others, are one lesion.
    """
    rows, notes = one_per_picture(_rows(table) for table in read_tables(folder, COLUMNS))
    pairs = read_tables(folder, DUPLICATES)
    if pairs:
        rows["lesion"] = _join_lesions(rows, pd.concat([table.cells[list(DUPLICATES)] for table in pairs]))
    return Rows(rows, [*notes, *(note for table in pairs for note in table.notes)])


def _rows(table: MetadataTable) -> Rows:
    labels = labels_by(table.column("target"), lambda target: _label(target, table.name))
    return rows_of(
        table,
        labels,
        patient=table.column("patient_id"),
        lesion=table.column("lesion_id"),  # in the second version of the official table
        origin=ORIGIN,
        confirmation=labels["label"].map(CONFIRMATION),
        age=table.column("age_approx"),
        sex=table.column("sex"),
        site=table.column("anatom_site_general_challenge"),
        modality="dermoscopy",
    )


def _label(target: str, table: str) -> tuple[str, str]:
    label = CLASSES.get(target.removesuffix(".0"), "")
    return label, "" if label else f"no label in {table}" + (f": target is {target}" if target else "")


def _join_lesions(rows: pd.DataFrame, pairs: pd.DataFrame) -> pd.Series:
    """The lesion of each row, where a pair joins two lesions (a picture without one stands for its own)."""
    own = dict(zip(rows["id"], rows["lesion"].where(rows["lesion"] != "", rows["id"]), strict=True))
    joined: dict[str, str] = {}

    def first_of(lesion: str) -> str:
        while lesion in joined:
            lesion = joined[lesion]
        return lesion

    for pair in pairs.map(picture_id).itertuples(index=False):
        first, second = sorted(first_of(own.get(name, name)) for name in pair)
        if first != second:
            joined[second] = first
    paired = {*joined, *joined.values()}
    lesions = [first_of(own[row]) if own[row] in paired else "" for row in rows["id"]]
    return pd.Series(lesions, index=rows.index, dtype=str).where(lambda lesion: lesion != "", rows["lesion"])
