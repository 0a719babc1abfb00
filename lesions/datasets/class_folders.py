"""Reader of class folders: `<root>/<class>/*` or, as on Kaggle, `<root>/Train|Test/<class>/*`."""

from pathlib import Path

import pandas as pd

from lesions.data.diagnoses import class_of, known_class
from lesions.data.diagnosis_names import slug
from lesions.datasets.folder import Folder
from lesions.datasets.raw import RawDataset, is_picture, make_notes, raw_table, subfolders
from lesions.runtime.console import UserError

OFFICIAL_SPLITS = {"train": "train", "training": "train", "test": "test"}  # by lower-case name of the folder


def recognise(folder: Folder) -> str | None:
    """Why this layout fits the folder, in words; None where it does not."""
    parts = _parts(folder.path)
    count = len({_class_of(path) for classes in parts.values() for path in classes})
    if not count:
        return None
    where = " and ".join(path.name for path in parts) if folder.path not in parts else "the folder itself"
    return f"{where} with {count} class folder{'s' if count > 1 else ''}"


def names_diagnoses(folder: Folder) -> bool:
    """Whether a class folder is named for a known diagnosis, unlike HAM10000_images_part_1."""
    return any(known_class(path.name, subtypes=True) for classes in _parts(folder.path).values() for path in classes)


def read(folder: Folder) -> RawDataset:
    """One row per file in a class folder, at any depth, whatever its name: what is no picture is excluded later.

    A picture outside of the class folders has that as its problem; any other file there is a note.
    """
    parts = _parts(folder.path)
    labels = {path.relative_to(folder.path).as_posix(): _class_of(path) for paths in parts.values() for path in paths}
    splits = {part.relative_to(folder.path).as_posix(): OFFICIAL_SPLITS.get(part.name.lower(), "") for part in parts}
    depth = 1 if folder.path in parts else 2
    rows, others = [], []
    for source in folder.files:
        above = source.split("/")[:-1]
        label = labels.get("/".join(above[:depth]), "")
        split = splits.get(above[0], "") if depth > 1 and above else ""
        if label or is_picture(source):
            problem = "" if label else "in no class folder"
            rows.append({"source": source, "label": label, "problem": problem, "official_split": split})
        else:
            others.append(source)
    notes = make_notes(
        {
            "pictures in no class folder": [row["source"] for row in rows if row["problem"]],
            "files in no class folder": others,
            "folders that stand for one class with others": _same_class(labels),
        }
    )
    return RawDataset("", raw_table(rows), notes)


def _same_class(labels: dict[str, str]) -> list[str]:
    """The class folders whose class has folders of several names, such as `nv` and `nevus`."""
    table = pd.DataFrame(labels.items(), columns=["folder", "label"])
    table["name"] = [slug(Path(folder).name) for folder in table["folder"]]
    return table.loc[table.groupby("label")["name"].transform("nunique") > 1, "folder"].tolist()


def _parts(folder: Path) -> dict[Path, list[Path]]:
    """The folders that hold class folders (Train and Test, or the root), each with its class folders."""
    inside = subfolders(folder)
    split_folders = [path for path in inside if path.name.lower() in OFFICIAL_SPLITS]
    if split_folders:
        return {part: _with_valid_names(subfolders(part)) for part in split_folders}
    return {folder: _with_valid_names(inside)}


def _with_valid_names(folders: list[Path]) -> list[Path]:
    return [path for path in folders if any(character.isalnum() for character in path.name)]


def _class_of(path: Path) -> str:
    try:
        return class_of(path.name)
    except ValueError:
        raise UserError(f"{path}: the class needs a name with a letter from a to z or a digit; rename it") from None
