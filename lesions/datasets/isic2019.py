"""Reader of ISIC 2019: a one-hot ground truth with eight classes and `UNK`, and the metadata apart from it.

It joins HAM10000, BCN20000 and MSK (challenge.isic-archive.com/data): 25,331 training pictures. 2,074 of their ids end
in `_downsampled`.
"""

from lesions.datasets.folder import Folder
from lesions.datasets.labels import labels_from_one_hot
from lesions.datasets.pictures import fitting_tables, read_pictures, require_table
from lesions.datasets.raw import RawDataset
from lesions.datasets.rows import Rows, add_metadata, one_per_picture, rows_of
from lesions.datasets.tables import read_tables

CODES = ("MEL", "NV", "BCC", "AK", "BKL", "DF", "VASC", "SCC")
COLUMNS = ("image", *CODES)
METADATA = ("image", "age_approx", "anatom_site_general", "sex")  # that of the test part has no lesion_id
TABLES = (COLUMNS, METADATA)


def recognise(folder: Folder) -> str | None:
    """Why this layout fits the folder, in words; None where it does not."""
    return fitting_tables(folder, COLUMNS)


def read(folder: Folder) -> RawDataset:
    """One row per picture, at any depth. Raises UserError where the table is missing or cannot be read."""
    return read_pictures(folder, read_rows(folder), require_table(folder, COLUMNS))


def read_rows(folder: Folder) -> Rows:
    """One row per picture id in the folder's tables of this kind; no rows where there are none."""
    labels = [
        rows_of(table, labels_from_one_hot(table, (*CODES, "UNK")), modality="dermoscopy")
        for table in read_tables(folder, COLUMNS)
    ]
    metadata = [
        rows_of(
            table,
            lesion=table.column("lesion_id"),
            age=table.column("age_approx"),
            sex=table.column("sex"),
            site=table.column("anatom_site_general"),
        )
        for table in read_tables(folder, METADATA)
    ]
    return add_metadata(one_per_picture(labels), one_per_picture(metadata), "metadata")
