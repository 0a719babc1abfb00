"""Reader of ISIC 2018, task 3: a one-hot ground truth with seven classes and, apart from it, the lesions.

Codella et al.: Skin lesion analysis toward melanoma detection 2018. arXiv:1902.03368. Its training part is HAM10000.
"""

from lesions.datasets.folder import Folder
from lesions.datasets.labels import labels_from_one_hot
from lesions.datasets.pictures import fitting_tables, read_pictures, require_table
from lesions.datasets.raw import RawDataset
from lesions.datasets.rows import Rows, add_metadata, one_per_picture, rows_of, split_of
from lesions.datasets.tables import MetadataTable, read_tables

CODES = ("MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC")
COLUMNS = ("image", *CODES)
LESIONS = ("image", "lesion_id", "diagnosis_confirm_type")
TABLES = (COLUMNS, LESIONS)
TEST_ORIGIN = "ISIC 2018 test"


def recognise(folder: Folder) -> str | None:
    """Why this layout fits the folder, in words; None where it does not."""
    return fitting_tables(folder, COLUMNS)


def read(folder: Folder) -> RawDataset:
    """One row per picture, at any depth. Raises UserError where the table is missing or cannot be read."""
    return read_pictures(folder, read_rows(folder), require_table(folder, COLUMNS))


def read_rows(folder: Folder) -> Rows:
    """One row per picture id in the folder's tables of this kind; no rows where there are none."""
    labels = [
        rows_of(table, labels_from_one_hot(table, CODES), origin=_origin(table), modality="dermoscopy")
        for table in read_tables(folder, COLUMNS)
    ]
    lesions = [
        rows_of(table, lesion=table.column("lesion_id"), confirmation=table.column("diagnosis_confirm_type"))
        for table in read_tables(folder, LESIONS)
    ]
    return add_metadata(one_per_picture(labels), one_per_picture(lesions), "lesion groupings")


def _origin(table: MetadataTable) -> str:
    """The test has pictures of other clinics, too; of the training part, HAM10000, the lesions tell it."""
    return TEST_ORIGIN if split_of(table.name) == "test" else ""
