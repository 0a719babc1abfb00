"""The folders of a data set that hold pictures, and where in them the classes stand.

Lone wrapper folders are gone through, then published splits; what then stands side by side are classes, unless these
are data sets of their own, or two levels could be meant: that is told, never guessed.
"""

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import NamedTuple

from lesions.data.containers import is_container
from lesions.data.diagnoses import known_class
from lesions.data.diagnosis_names import slug
from lesions.data.picture_formats import is_picture
from lesions.datasets.folder_names import class_and_split, is_leftover, names_masks, names_part, splits_among

MOST_NAMES = 4  # in a message
FEWEST_SHARED = 2  # names that folders share from which their insides may be the classes


@dataclass
class Branch:
    """A folder that holds pictures, directly or below: its path from the root, what is in it."""

    path: str
    pictures: int = 0  # directly inside
    folders: "dict[str, Branch]" = field(default_factory=dict)

    @property
    def inner(self) -> "dict[str, Branch]":
        """The folders inside, those of masks apart where there are others."""
        return {name: branch for name, branch in self.folders.items() if not names_masks(name)} or self.folders


class Structure(NamedTuple):
    """Where the classes stand.

    classes: the path of each class folder, with its published split or nothing. parts: the folders that hold them, in
    the same way. problem: why the folder cannot be read as one data set of class folders, and how to mend it.
    """

    classes: dict[str, str]
    parts: dict[str, str]
    problem: str = ""


def tree_of(files: Iterable[str]) -> Branch:
    """The tree of the folders of these files that may be pictures: paths from the root, with forward slashes."""
    root = Branch("")
    for file in files:
        path = PurePosixPath(file)
        if is_leftover(file) or not (is_picture(file) or is_container(path) or not path.suffix):
            continue
        branch = root
        for name in path.parts[:-1]:
            branch = branch.folders.setdefault(name, Branch(f"{branch.path}/{name}".removeprefix("/")))
        branch.pictures += 1
    return root


def unwrap(branch: Branch, class_names: Set[str] = frozenset()) -> Branch:
    """The folder inside all lone wrapper folders, which hold another folder alone.

    A lone folder is no wrapper where it stands for a split or a class; class_names: slugs that do besides diagnoses.
    """
    while len(branch.inner) == 1:
        ((name, inner),) = branch.inner.items()
        if splits_among([name]) or _slug(name) in class_names or not inner.folders:
            break
        if (known_class(name) or inner.pictures) and not _known_inside(inner):
            break
        branch = inner
    return branch


def find_classes(root: Branch, outermost: bool = False) -> Structure:
    """The class folders below a root. outermost: of two levels that both may be classes take the outer."""
    return _classes_in(root, "", frozenset(), outermost)


def holds_dataset(branch: Branch) -> bool:
    """Whether a folder is a data set of class folders itself: splits with folders inside, or names of diagnoses."""
    inside = unwrap(branch).inner
    splits = splits_among(inside)
    return any(inside[name].folders for name in splits) or any(
        known_class(name, subtypes=True) for name in inside if name not in splits
    )


def join(names: Iterable[str]) -> str:
    """Names for a message, the first MOST_NAMES of them."""
    listed = list(names)
    return ", ".join(listed[:MOST_NAMES]) + (f" and {len(listed) - MOST_NAMES} more" * (len(listed) > MOST_NAMES))


def _classes_in(folder: Branch, split: str, class_names: Set[str], outermost: bool) -> Structure:
    branch = unwrap(folder, class_names)
    splits = splits_among(branch.inner)
    others = [name for name in branch.inner if name not in splits]
    if splits and (not others or any(branch.inner[name].folders for name in splits)):
        diagnoses = [name for name in others if known_class(name)]
        if diagnoses:
            return _problem(
                f"{join(splits)} beside {join(diagnoses)}: splits, or class folders? Put every class folder into one "
                "of the splits, or take the splits away"
            )
        return _classes_in_splits(branch, splits, split, outermost)
    problem = _other_readings(branch, others, outermost)
    names = [name for name in others if any(map(str.isalnum, name)) and (outermost or not names_part(name))]
    if not problem and others and not names:
        problem = (
            f"{join(others)}: named for parts or collections, not for classes, and no table that tells the classes"
        )
    if problem:
        return _problem(problem)
    classes = {branch.inner[name].path: split or class_and_split(name)[1] for name in names}
    return Structure(classes, {branch.path: split} if names else {})


def _classes_in_splits(branch: Branch, splits: dict[str, str], split: str, outermost: bool) -> Structure:
    class_names = frozenset(
        _slug(name) for part in splits if len(branch.inner[part].inner) > 1 for name in branch.inner[part].inner
    )
    classes: dict[str, str] = {}
    parts: dict[str, str] = {}
    for name, own in splits.items():
        part = branch.inner[name]
        inside = _classes_in(part, split if split == "test" else own, class_names, outermost)
        if inside.problem:
            return inside
        classes |= inside.classes
        parts |= {part.path: own} | inside.parts
    return Structure(classes, parts)


def _other_readings(branch: Branch, names: list[str], outermost: bool) -> str:
    """What else than classes the folders of these names may be, in words; empty where there is nothing else."""
    inside = {name: unwrap(branch.inner[name]).inner for name in names}
    datasets = [name for name in names if not known_class(name, subtypes=True) and holds_dataset(branch.inner[name])]
    if len(names) > 1 and datasets:
        listed = "; ".join(f"{name}: {join(inside[name])}" for name in datasets[:MOST_NAMES])
        if len(datasets) == len(names):
            return (
                f"{join(names)}: each a data set of its own ({listed}). Set `dataset` to one of them, or "
                "prepare.layout to joined"
            )
        return (
            f"{join(names)}: class folders? Or does {join(datasets)} hold the class folders ({listed})? Set `dataset` "
            "to the folder whose folders are the classes"
        )
    if outermost:
        return ""
    for name in names:
        finer = [other for other in inside[name] if _other_class(name, other)]
        if finer:
            return _two_levels(names, f"{join(finer)} in {name}")
    unknown = [name for name in names if len(inside[name]) > 1 and not branch.inner[name].pictures]
    if len(unknown) > 1 and not any(known_class(name, subtypes=True) for name in names):
        shared = [name for name in inside[unknown[0]] if all(name in inside[other] for other in unknown)]
        if len(set(shared) - set(splits_among(shared))) >= FEWEST_SHARED:
            return _two_levels(names, f"{join(shared)}, which all of them hold")
    return ""


def _two_levels(outer: list[str], inner: str) -> str:
    return (
        f"{join(outer)}: class folders? Or {inner}? Set prepare.layout to class_folders for the outer ones, or move "
        "the inner ones out of them"
    )


def _other_class(outer: str, inner: str) -> bool:
    """Whether both names stand for classes, and for two."""
    labels = known_class(outer, subtypes=True), known_class(inner, subtypes=True)
    return all(labels) and labels[0] != labels[1]


def _known_inside(branch: Branch) -> bool:
    inside = branch.inner
    return (
        bool(splits_among(inside))
        or any(known_class(name, subtypes=True) for name in inside)
        or any(_known_inside(inner) for inner in inside.values() if len(inside) == 1)
    )


def _problem(text: str) -> Structure:
    return Structure({}, {}, text)


def _slug(name: str) -> str:
    try:
        return slug(name)
    except ValueError:
        return name


def ancestors(path: str) -> Iterator[str]:
    """The folders that a file is in, the innermost first, the root (empty) last."""
    while path:
        path = path.rpartition("/")[0]
        yield path
