"""The published layouts of data sets: one module each, with `recognise(folder)` and `read(folder)`."""

from pathlib import Path
from types import ModuleType

import pandas as pd

from lesions.console import UserError
from lesions.datasets import class_folders

READERS: dict[str, ModuleType] = {"class_folders": class_folders}
SYNTHETIC_MARK = "SYNTHETIC.md"  # a data set that holds this file is drawn by a program, and every output says so


def read_dataset(folder: str | Path, layout: str) -> pd.DataFrame:
    """One row per raw file with RAW_COLUMNS, read by the layout named, or by the one that fits where it is `auto`.

    Raises UserError where the folder is missing, holds no files, or fits no layout or several.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(
            f"dataset: {folder} is not a folder; set `dataset` in params.yaml to the folder with the pictures"
        )
    if layout == "auto":
        layout, why = _recognise(folder)
        print(f"{folder}: read as {layout} ({why})")
    table: pd.DataFrame = READERS[layout].read(folder)
    if table.empty:
        raise UserError(f"dataset: no file in any class folder of {folder}; expected {folder}/<class>/<picture>.jpg")
    if (folder / SYNTHETIC_MARK).exists():
        table["origin"] = "synthetic"
    return table


def _recognise(folder: Path) -> tuple[str, str]:
    fits = {name: why for name, reader in READERS.items() if (why := reader.recognise(folder))}
    if not fits:
        raise UserError(
            f"dataset: {folder} fits no known layout ({', '.join(READERS)}): it holds no folder per class; "
            f"expected {folder}/<class>/<picture>.jpg or {folder}/Train/<class>/<picture>.jpg"
        )
    if len(fits) > 1:
        found = "; ".join(f"{name}: {why}" for name, why in fits.items())
        raise UserError(
            f"dataset: {folder} fits several layouts ({found}); name one in params.yaml under prepare.layout"
        )
    return fits.popitem()
