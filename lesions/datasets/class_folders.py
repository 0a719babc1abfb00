"""Reader of class folders: `<root>/<class>/*` or, as on Kaggle, `<root>/Train|Test/<class>/*`."""

from pathlib import Path

import pandas as pd

from lesions.classes import slug
from lesions.datasets.raw import files_below, raw_table, subfolders

OFFICIAL_SPLITS = {"train": "train", "training": "train", "test": "test"}  # by lower-case name of the folder


def recognise(folder: Path) -> str | None:
    """Why this layout fits the folder, in words; None where it does not."""
    parts = _parts(folder)
    count = len({slug(name.name) for classes in parts.values() for name in classes})
    if not count:
        return None
    where = " and ".join(path.name for path in parts) if folder not in parts else "the folder itself"
    return f"{where} with {count} class folder{'s' if count > 1 else ''}"


def read(folder: Path) -> pd.DataFrame:
    """One row per file in a class folder, at any depth, whatever its name: what is no picture is told apart later."""
    rows = []
    for part, classes in _parts(folder).items():
        official = OFFICIAL_SPLITS[part.name.lower()] if part != folder else ""
        for class_folder in classes:
            label = slug(class_folder.name)
            rows += [
                {"source": path.relative_to(folder).as_posix(), "label": label, "official_split": official}
                for path in files_below(class_folder)
            ]
    return raw_table(rows)


def _parts(folder: Path) -> dict[Path, list[Path]]:
    """The folders that hold class folders (Train and Test, or the root), each with its class folders."""
    inside = subfolders(folder)
    split_folders = [path for path in inside if path.name.lower() in OFFICIAL_SPLITS]
    if split_folders:
        return {part: _named(subfolders(part)) for part in split_folders}
    return {folder: _named(inside)}


def _named(folders: list[Path]) -> list[Path]:
    return [path for path in folders if any(character.isalnum() for character in path.name)]
