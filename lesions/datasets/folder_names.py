"""What the name of a folder or file says of its role: a published split, a part of the data, masks, or no data."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from lesions.data.diagnoses import known_class
from lesions.data.diagnosis_names import slug

# The words that publishers use for their splits; a part to tune on is for validation
SPLITS = {
    "train": "train", "training": "train", "trn": "train",
    "val": "val", "valid": "val", "validation": "val", "validate": "val", "dev": "val", "development": "val",
    "test": "test", "testing": "test", "tst": "test", "eval": "test", "evaluation": "test", "holdout": "test",
}  # fmt: skip
# Of the masks of ISIC 2016 to 2018, HAM10000 and PH2
_MASK_SUFFIX = re.compile(
    r"[_ -](segmentations?|superpixels|lesion|roi|r\d+_label|masks?|seg|attribute_\w+)$", re.IGNORECASE
)
_MASKS = {"mask", "segmentation", "groundtruth", "superpixel", "annotation", "seg", "gt"}
_CONTAINERS = frozenset(
    {
        "base", "data", "dataset", "dir", "directory", "file", "folder", "ground", "image", "img", "input", "jpeg",
        "jpg", "photo", "photograph", "pic", "picture", "png", "raw", "set", "split", "truth",
    }
)  # fmt: skip
_PARTS = frozenset({"part", "fold", "batch", "chunk", "archive", "subset"})
# Collections that folders are named for (docs/methods.md describes those that have a reader)
_COLLECTIONS = re.compile(
    r"isic(?:\d{4}|9)?|ham(?:10000|10k)?|bcn(?:20000)?|msk\d?|ph2|pad|ufes|siim|derm7pt|ddi\d?|fitzpatrick17k|milk10k"
    r"|dermnet|mednode|dermofit|task\d?"
)
_LEFTOVER_FOLDERS = frozenset({"__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information"})
_LEFTOVER_FILES = frozenset({"thumbs.db", "desktop.ini", "ehthumbs.db"})


def splits_among(names: Iterable[str]) -> dict[str, str]:
    """The names that stand for a published split (train, val or test), with it.

    What a name holds beside the word must be nothing, or words such as `dir` and `set` (`train_dir`, `TestSet`), or
    the same in the name of another split (`ISIC2018_Train`, `ISIC2018_Test`), and no diagnosis.
    """
    found = {name: parsed for name in names if (parsed := _split_and_rest(name))}
    rests: dict[tuple[str, ...], set[str]] = {}
    for split, rest in found.values():
        rests.setdefault(rest, set()).add(split)
    several = {rest for rest, splits in rests.items() if len(splits) > 1 and not known_class(" ".join(rest), True)}
    return {name: split for name, (split, rest) in found.items() if not rest or rest in several}


def class_and_split(name: str) -> tuple[str, str]:
    """The known class that a folder stands for, and the split in its name besides (`melanoma_train`); else empty."""
    parsed = _split_and_rest(name)
    label = known_class(" ".join(parsed[1])) if parsed else None
    return (label, parsed[0]) if parsed and label else (known_class(name) or "", "")


def names_part(name: str) -> bool:
    """Whether a folder's name is that of a part or a collection (`images_part_1`, `HAM10000`), and so of no class."""
    words = [word for word in _words(name) if not word.isdigit()]
    return bool(words) and all(
        word in _CONTAINERS | _PARTS or _singular(word) in _CONTAINERS or _COLLECTIONS.fullmatch(word) for word in words
    )


def names_masks(name: str) -> bool:
    """Whether a folder's name says that it holds masks: `masks`, `ISIC2018_Task1_Training_GroundTruth`."""
    words = _words(name)
    return any(_singular(word) in _MASKS for word in words) or "ground_truth" in "_".join(words)


def mask_of(stem: str) -> str:
    """The stem of the photograph whose mask this is by its stem: `IMD003_lesion` -> `IMD003`; empty for no mask."""
    return _MASK_SUFFIX.sub("", stem) if _MASK_SUFFIX.search(stem) else ""


def is_leftover(path: str) -> bool:
    """Whether a file is none of the data set: hidden, or left by macOS, Windows or a network drive."""
    *folders, name = PurePosixPath(path).parts
    hidden = any(part.startswith(".") for part in (*folders, name))
    return hidden or not _LEFTOVER_FOLDERS.isdisjoint(folders) or name.lower() in _LEFTOVER_FILES


def _split_and_rest(name: str) -> tuple[str, tuple[str, ...]] | None:
    """The split that one word of the name stands for, and what else the name says."""
    splits, rest = [], []
    for word in _words(name):
        split = _split_of(word)
        if split:
            splits.append(split)
        elif not (word.isdigit() or _singular(word) in _CONTAINERS or word in _PARTS):
            rest.append(word)
    return (splits[0], tuple(rest)) if len(splits) == 1 else None


def _split_of(word: str) -> str:
    """`train` for train, training and trainset; empty for every other word."""
    if word in SPLITS:
        return SPLITS[word]
    for stem in sorted(SPLITS, key=len, reverse=True):
        if word.startswith(stem) and _singular(word.removeprefix(stem)) in _CONTAINERS:
            return SPLITS[stem]
    return ""


def _words(name: str) -> list[str]:
    """The words of a name in lower case: `trainData_2` -> train, data, 2."""
    try:
        return slug(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)).split("_")
    except ValueError:
        return []


def _singular(word: str) -> str:
    return "directory" if word == "directories" else word.removesuffix("s")
