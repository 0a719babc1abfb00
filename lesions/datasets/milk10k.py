"""Reader of MILK10k: a one-hot row a lesion with eleven classes, and its two pictures, a photograph and dermoscopy.

MILK10k: a hierarchical multimodal imaging-learning toolkit for diagnosing pigmented and nonpigmented skin cancer and
its simulators (2025); challenge.isic-archive.com/landing/milk10k. 10,480 pictures of 5,240 lesions.
"""

import pandas as pd

from lesions.datasets.folder import Folder
from lesions.datasets.labels import labels_from_one_hot
from lesions.datasets.pictures import fitting_tables, read_pictures, require_table
from lesions.datasets.raw import RawDataset
from lesions.datasets.rows import Rows, add_metadata, modality_of, one_per_picture, rows_of, split_of
from lesions.datasets.tables import MetadataTable, read_tables

CODES = ("AKIEC", "BCC", "BEN_OTH", "BKL", "DF", "INF", "MAL_OTH", "MEL", "NV", "SCCKA", "VASC")
COLUMNS = ("lesion_id", *CODES)
PICTURES = ("isic_id", "lesion_id", "image_type")
SUPPLEMENT = ("isic_id", "diagnosis_full", "diagnosis_confirm_type")
TABLES = (COLUMNS, PICTURES, SUPPLEMENT)
ORIGIN = "MILK10k"


def recognise(folder: Folder) -> str | None:
    """Why this layout fits the folder, in words; None where it does not."""
    return fitting_tables(folder, COLUMNS)


def read(folder: Folder) -> RawDataset:
    """One row per picture, at any depth. Raises UserError where a table is missing or cannot be read."""
    require_table(folder, PICTURES)
    return read_pictures(folder, read_rows(folder), require_table(folder, COLUMNS))


def read_rows(folder: Folder) -> Rows:
    """One row per picture id in the folder's tables of this kind; no rows where there are none."""
    truth = read_tables(folder, COLUMNS)
    if not truth:
        return one_per_picture([])
    lesions = one_per_picture(rows_of(table, labels_from_one_hot(table, CODES)) for table in truth)
    pictures = one_per_picture(_rows(table, lesions.table.set_index("id")) for table in read_tables(folder, PICTURES))
    rows = Rows(pictures.table, [*lesions.notes, *pictures.notes])
    supplements = [
        rows_of(table, confirmation=table.column("diagnosis_confirm_type")) for table in read_tables(folder, SUPPLEMENT)
    ]
    return add_metadata(rows, one_per_picture(supplements), "supplement") if supplements else rows


def _rows(table: MetadataTable, lesions: pd.DataFrame) -> Rows:
    lesion = table.column("lesion_id")
    rows, notes = rows_of(
        table,
        lesion=lesion,
        origin=ORIGIN,
        age=table.column("age_approx"),
        sex=table.column("sex"),
        site=table.column("site", "anatom_site_general"),
        modality=table.column("image_type").map(modality_of),
        skin_type=table.column("skin_tone_class").map(_skin_tone),
    )
    of_lesion = lesions.reindex(lesion, fill_value="").set_axis(rows.index)
    return Rows(rows.assign(official_split=split_of(table.name), **of_lesion[["label", "problem"]]), notes)


def _skin_tone(text: str) -> str:
    """0 (very dark) to 5 (very light), which is no Fitzpatrick type."""
    return f"MILK10k tone {text.removesuffix('.0')}" if text else ""
