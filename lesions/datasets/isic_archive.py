"""Reader of downloads by the ISIC archive's command-line tool: `metadata.csv`, pictures beside it or below.

The columns depend on the tool's version and on the metadata of the pictures: the diagnosis stands in `diagnosis`, or
as levels from malignancy (`diagnosis_1`) to subtype (`diagnosis_5`); github.com/ImageMarkup/isic-metadata lists them.
"""

import pandas as pd

from lesions.data.diagnoses import class_of
from lesions.datasets.folder import Folder
from lesions.datasets.labels import NO_DIAGNOSIS, finest_known_class, labels_by
from lesions.datasets.pictures import fitting_tables, read_pictures, require_table
from lesions.datasets.raw import RawDataset
from lesions.datasets.rows import Rows, fitzpatrick_type, modality_of, one_per_picture, rows_of
from lesions.datasets.tables import MetadataTable, read_table

OLD_COLUMNS, NEW_COLUMNS = ("isic_id", "diagnosis"), ("isic_id", "diagnosis_1")
TABLES = (OLD_COLUMNS, NEW_COLUMNS)
FINEST_FIRST = ("diagnosis_5", "diagnosis_4", "diagnosis_3", "diagnosis", "diagnosis_2")  # level 1 is only malignancy
DIAGNOSES = ("diagnosis_3", "diagnosis")  # levels of diagnoses: finer ones are subtypes, coarser ones groups


def recognise(folder: Folder) -> str | None:
    """Why this layout fits the folder, in words; None where it does not."""
    return fitting_tables(folder, NEW_COLUMNS) or fitting_tables(folder, OLD_COLUMNS)


def read(folder: Folder) -> RawDataset:
    """One row per picture, at any depth. Raises UserError where the table is missing or cannot be read."""
    tables = require_table(folder, NEW_COLUMNS if folder.tables_with(NEW_COLUMNS) else OLD_COLUMNS)
    return read_pictures(folder, read_rows(folder), tables)


def read_rows(folder: Folder) -> Rows:
    """One row per picture id in the folder's tables of this kind; no rows where there are none."""
    paths = dict.fromkeys([*folder.tables_with(NEW_COLUMNS), *folder.tables_with(OLD_COLUMNS)])
    return one_per_picture(_rows(read_table(path, ("isic_id",))) for path in paths)


def _rows(table: MetadataTable) -> Rows:
    levels = (*FINEST_FIRST, "diagnosis_1")
    cells = pd.concat([table.column(level) for level in levels], axis=1)
    return rows_of(
        table,
        labels_by(cells, lambda names: _label(dict(zip(levels, names, strict=True)), table.name)),
        patient=table.column("patient_id"),
        lesion=table.column("lesion_id"),
        confirmation=table.column("diagnosis_confirm_type"),
        age=table.column("age_approx"),
        sex=table.column("sex"),
        site=table.column("anatom_site_general", "anatom_site_1"),
        modality=table.column("image_type").map(modality_of),
        skin_type=table.column("fitzpatrick_skin_type").map(fitzpatrick_type),
    )


def _label(levels: dict[str, str], table: str) -> tuple[str, str]:
    """The finest level that is a known class, else the name at the level of diagnoses."""
    diagnoses = {level: name for level, name in levels.items() if name.lower() not in NO_DIAGNOSIS}
    class_label = finest_known_class(diagnoses.get(level, "") for level in FINEST_FIRST)
    if class_label:
        return class_label, ""
    other_name = next((diagnoses[level] for level in DIAGNOSES if level in diagnoses), None)
    if other_name:
        return class_of(other_name), ""
    return "", f"no label in {table}" + (f": {next(iter(diagnoses.values()))}" if diagnoses else "")
