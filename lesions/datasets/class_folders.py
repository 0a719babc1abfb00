"""Reader of class folders: `<root>/<class>/*` or, as on Kaggle, `<root>/<wrapper>/Train|Test/<class>/*`."""

from collections.abc import Iterable
from pathlib import PurePosixPath

import pandas as pd

from lesions.data.diagnoses import known_class
from lesions.data.diagnosis_names import ascii_text, slug, without_decoration
from lesions.data.picture_formats import is_picture
from lesions.datasets.folder import Folder
from lesions.datasets.folder_names import class_and_split, is_leftover, splits_among
from lesions.datasets.raw import RawDataset, make_notes, raw_table
from lesions.datasets.tree import Structure, ancestors, find_classes
from lesions.runtime.console import UserError


def recognise(folder: Folder) -> str | None:
    """Why this layout fits the folder, in words; None where it does not."""
    structure = find_classes(folder.tree)
    if not structure.classes:
        return None
    count = len(set(_labels(folder, structure).values()))
    where = " and ".join(path for path in structure.parts if path) or "the folder itself"
    return f"{where} with {count} class folder{'s' if count > 1 else ''}"


def problem(folder: Folder) -> str:
    """Why the folders may be read in two ways or in none, in words with how to mend it; else empty."""
    return find_classes(folder.tree).problem


def names_diagnoses(folder: Folder) -> bool:
    """Whether a class folder is named for a known diagnosis, unlike HAM10000_images_part_1."""
    paths = find_classes(folder.tree, outermost=True).classes
    names = [PurePosixPath(path).name for path in paths]
    return any(class_and_split(name)[0] or known_class(name, subtypes=True) for name in names)


def read(folder: Folder) -> RawDataset:
    """One row per file in a class folder, at any depth, whatever its name: what is no picture is excluded later.

    A picture outside of the class folders has that as its problem; any other file there is a note. Raises UserError
    where the folders are several data sets, or classes beside splits.
    """
    structure = find_classes(folder.tree)
    if structure.problem:
        structure = find_classes(folder.tree, outermost=True)
    if structure.problem:
        raise UserError(f"dataset: {folder.path} holds {structure.problem}")
    labels = _labels(folder, structure)
    rows, others = [], []
    for source in folder.files:
        class_folder = next((path for path in ancestors(source) if path in labels), None)
        if class_folder is not None:
            below = source.removeprefix(f"{class_folder}/").split("/")[:-1]
            split = structure.classes[class_folder] or next(iter(splits_among(below).values()), "")
            rows.append({"source": source, "label": labels[class_folder], "official_split": split})
        elif is_picture(source):
            split = next((structure.parts[path] for path in ancestors(source) if path in structure.parts), "")
            reason = "left by another program" if is_leftover(source) else "in no class folder"
            rows.append({"source": source, "problem": reason, "official_split": split})
        else:
            others.append(source)
    notes = make_notes(
        {
            "pictures in no class folder": [
                row["source"] for row in rows if row.get("problem") == "in no class folder"
            ],
            "files in no class folder": others,
            "folders that stand for one class with others": _same_class(labels),
        }
    )
    return RawDataset("", raw_table(rows), notes)


def labels_of(names: Iterable[str], beside: Iterable[Iterable[str]]) -> dict[str, str]:
    """The class of each name of a class folder: a known one, else the name as a slug, without numbering and count.

    beside: the names in one folder each. Where two of them differ in numbers alone (`type 1`, `type 2`), every unknown
    name keeps its numbers.
    """
    known = {name: class_and_split(name)[0] for name in names}
    unknown = [name for name, label in known.items() if not label]
    bare = {name: without_decoration(name) for name in unknown}
    for group in beside:
        slugs = {slug(name): bare[name] for name in group if name in bare}
        if len(set(slugs.values())) < len(slugs):
            bare = {name: slug(name) for name in unknown}
            break
    return {name: label or bare[name] for name, label in known.items()}


def _labels(folder: Folder, structure: Structure) -> dict[str, str]:
    """The label of each class folder by its path. Raises UserError where a name has no letter or digit."""
    names = {path: PurePosixPath(path).name for path in structure.classes}
    beside: dict[str, list[str]] = {}
    for path, name in names.items():
        beside.setdefault(path.rpartition("/")[0], []).append(name)
        if not any(character.isalnum() for character in ascii_text(name)):
            raise UserError(
                f"{folder.path / path}: the class needs a name with a letter from a to z or a digit; rename it"
            )
    by_name = labels_of(dict.fromkeys(names.values()), beside.values())
    return {path: by_name[name] for path, name in names.items()}


def _same_class(labels: dict[str, str]) -> list[str]:
    """The class folders whose class has folders of several names, such as `nv` and `nevus`."""
    table = pd.DataFrame(labels.items(), columns=["folder", "label"])
    table["name"] = [PurePosixPath(folder).name.casefold() for folder in table["folder"]]
    return table.loc[table.groupby("label")["name"].transform("nunique") > 1, "folder"].tolist()
