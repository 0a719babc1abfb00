"""Reader of ISIC 2017, part 3: one column each for melanoma and seborrheic keratosis, neither is a nevus; ages apart.

Codella et al.: Skin lesion analysis toward melanoma detection: a challenge at ISBI 2017. arXiv:1710.05006. 2,000
training, 150 validation and 600 test pictures, with a picture of superpixels beside each.
"""

from lesions.datasets.folder import Folder
from lesions.datasets.labels import labels_from_one_hot
from lesions.datasets.pictures import fitting_tables, read_pictures, require_table
from lesions.datasets.raw import RawDataset
from lesions.datasets.rows import Rows, add_metadata, one_per_picture, rows_of
from lesions.datasets.tables import read_tables

CODES = ("melanoma", "seborrheic_keratosis")
COLUMNS = ("image_id", *CODES)
METADATA = ("image_id", "age_approximate", "sex")
TABLES = (COLUMNS, METADATA)
ORIGIN = "ISIC 2017"


def recognise(folder: Folder) -> str | None:
    """Why this layout fits the folder, in words; None where it does not."""
    return fitting_tables(folder, COLUMNS)


def read(folder: Folder) -> RawDataset:
    """One row per picture, at any depth. Raises UserError where the table is missing or cannot be read."""
    return read_pictures(folder, read_rows(folder), require_table(folder, COLUMNS))


def read_rows(folder: Folder) -> Rows:
    """One row per picture id in the folder's tables of this kind; no rows where there are none."""
    labels = [
        rows_of(table, labels_from_one_hot(table, CODES, neither="nevus"), origin=ORIGIN, modality="dermoscopy")
        for table in read_tables(folder, COLUMNS)
    ]
    metadata = [
        rows_of(table, age=table.column("age_approximate"), sex=table.column("sex"))
        for table in read_tables(folder, METADATA)
    ]
    return add_metadata(one_per_picture(labels), one_per_picture(metadata), "metadata")
