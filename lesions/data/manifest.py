"""The manifest, one row per usable picture, and its counterpart, one row per raw file that is left out."""

from pathlib import Path

import pandas as pd

from lesions.runtime.console import UserError
from lesions.runtime.outputs import write_csv

SPLITS = ("train", "val", "test")
COLUMNS = (
    "image_id", "path", "label", "split", "group", "source", "origin", "confirmation",
    "width", "height", "sha256", "phash", "age", "sex", "site", "modality", "skin_type",
)  # fmt: skip
EXCLUDED_COLUMNS = ("source", "label", "reason", "detail")
SYNTHETIC = "synthetic"  # origin of pictures that a program drew
NUMBERS = ("width", "height")
MODALITIES = ("dermoscopy", "clinical", "total_body")  # how a picture was taken: column modality, empty if unknown
REASONS = (  # in order of precedence: a file that fits several is counted under the first
    "unreadable",
    "not an image",
    "no contrast",
    "too small",
    "mask",
    "no label",
    "other modality",
    "label too coarse",
    "label conflict",
    "exact duplicate",
    "in another data set too",
    "shares a group with the test set",
    "class too small",
)


def read_manifest(folder: Path) -> pd.DataFrame:
    """The usable pictures, sorted by image_id: text in every column but width and height (pixels); unknown is empty.

    Raises UserError where the file is missing, a column is missing, or a value breaks the contract.
    """
    table = _read(folder / "manifest.csv", COLUMNS)
    if table["image_id"].duplicated().any():
        raise UserError(f"{folder / 'manifest.csv'}: an image_id stands twice; run the prepare stage again")
    unknown = sorted(set(table["split"]) - set(SPLITS))
    if unknown:
        raise UserError(f"{folder / 'manifest.csv'}: unknown split {unknown[0]!r}; run the prepare stage again")
    return table.astype(dict.fromkeys(NUMBERS, int))


def read_excluded(folder: Path) -> pd.DataFrame:
    """The raw files that are left out, sorted by source, each with one of REASONS. Raises UserError as above."""
    return _read(folder / "excluded.csv", EXCLUDED_COLUMNS)


def write_manifest(folder: Path, manifest: pd.DataFrame, excluded: pd.DataFrame) -> None:
    """Write both tables into the folder, in the order of columns and rows that the contract gives."""
    write_csv(folder / "manifest.csv", manifest[list(COLUMNS)].sort_values("image_id"))
    write_csv(folder / "excluded.csv", excluded[list(EXCLUDED_COLUMNS)].sort_values("source"))


def classes_of(manifest: pd.DataFrame) -> list[str]:
    """The slugs of the classes in the manifest, sorted: the order of every probability column and matrix."""
    return sorted(set(manifest["label"]))


def is_synthetic(manifest: pd.DataFrame) -> bool:
    """Whether every picture was drawn by a program: then no score means anything for skin."""
    return bool((manifest["origin"] == SYNTHETIC).all())


def title_suffix(manifest: pd.DataFrame) -> str:
    """The end of the title of each chart and contact sheet: a mark of synthetic pictures, or nothing."""
    return " [synthetic pictures]" if is_synthetic(manifest) else ""


def _read(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except FileNotFoundError:
        raise UserError(f"{path} is not there: run `dvc repro prepare` first") from None
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise UserError(f"{path}: no column {', '.join(missing)}; run the prepare stage again")
    return table
