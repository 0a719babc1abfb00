"""HAM10000 as tables of pixels (`hmnist_28_28_RGB.csv` and its like, of Kaggle): told apart, and not read.

Pictures of 8 x 8 or 28 x 28 pixels without ids: no lesion, duplicate or official label can be told of them.
"""

from lesions.data.picture_formats import is_picture
from lesions.datasets.folder import Folder
from lesions.runtime.console import UserError

COLUMNS = ("pixel0000", "label")


def refuse_pixel_tables(folder: Folder) -> None:
    """Raise UserError where the folder holds such tables and no pictures."""
    tables = [folder.name_of(path) for path in folder.tables_with(COLUMNS)]
    if tables and not any(is_picture(name) for name in folder.files):
        raise UserError(
            f"dataset: {folder.path} holds HAM10000 as tables of pixels ({', '.join(tables)}), small and without the "
            "pictures' ids; get HAM10000_metadata and HAM10000_images_part_1.zip and _2.zip instead, from "
            "https://doi.org/10.7910/DVN/DBW86T"
        )
