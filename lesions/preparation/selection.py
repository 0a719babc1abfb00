"""Selection of the pictures, their labels and their groups: every raw file is used or has one reason why not."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import PurePosixPath

import pandas as pd

from lesions.data.diagnoses import merge_classes
from lesions.params.schema import PrepareParams
from lesions.preparation.groups import group_together
from lesions.preparation.joined_sets import in_common_classes, is_joined, same_by_id, same_by_pixels
from lesions.preparation.near_duplicates import same_picture_pairs
from lesions.preparation.official_labels import resolve_conflicts
from lesions.preparation.splits import assign_splits
from lesions.runtime.console import UserError
from lesions.runtime.file_names import fitting_name, table_name

FEWEST_CLASSES = 2
LONGEST_ID = 200  # bytes: with a hash, the number of a copy and a suffix it is still the name of a file
SAME_PICTURE = ("sha256", "isic_id")  # equal pixels in any orientation, or one picture of the archive by its name
SAME_LESION = ("patient", "lesion", "official_lesion")


def choose_labels(pictures: pd.DataFrame, params: PrepareParams) -> pd.DataFrame:
    """Give every readable picture its label, or the reason why it has none; of copies, keep one.

    pictures: decoded and checked against the official tables. Raises UserError where two labels of one picture are to
    be an error, or prepare.classes or prepare.modality does not fit the pictures.
    """
    pictures = pictures.assign(filed_as=pictures["label"])
    readable = pictures["reason"] == ""
    problems = pictures.loc[readable & (pictures["problem"] != ""), "problem"]
    _exclude(pictures, "no label", dict(zip(problems.index, problems, strict=True)))
    _exclude_other_modalities(pictures, params.modality)
    if params.label_conflicts == "official":
        pictures = resolve_conflicts(pictures)
    if is_joined(pictures) and params.classes == "keep":
        pictures = in_common_classes(pictures)
    merged = merge_classes(pictures["label"], params.classes)
    unmapped = pictures.index[(pictures["reason"] == "") & (merged == "")]
    _exclude(
        pictures, "no label", {row: f"prepare.classes leaves out {pictures.loc[row, 'label']}" for row in unmapped}
    )
    pictures["label"] = merged.where(merged != "", pictures["label"])
    usable = pictures[pictures["reason"] == ""]
    pairs = pd.concat([same_picture_pairs(usable, ("isic_id", "table_id")), same_by_id(usable)])
    _exclude_copies(pictures, pairs, params)
    return pictures


def assign(pictures: pd.DataFrame, near: pd.DataFrame, params: PrepareParams) -> pd.DataFrame:
    """Add `group`, `image_id` and `split` for the pictures that are used; leave out leaking pictures and small classes.

    near: pairs of rows, columns a and b, that show the same lesion by their pixels, and their correlation; of one
    picture in two joined data sets one is left out. Raises UserError where fewer than
    two usable classes remain.
    """
    pictures = pictures.copy()
    numbers = _group_numbers(pictures, near)
    if is_joined(pictures):
        _exclude_copies(pictures, same_by_pixels(pictures[pictures["reason"] == ""], near), params)
    if params.test == "official":
        _exclude_leaking(pictures, numbers)
    _exclude_small_classes(pictures, numbers, params)
    _check_classes(pictures)
    used = pictures.index[pictures["reason"] == ""]
    pictures["image_id"] = image_ids(pictures.loc[used, "source"]).reindex(pictures.index, fill_value="")
    groups = pictures.loc[used, "image_id"].groupby(numbers[used]).transform("min")
    pictures["group"] = groups.reindex(pictures.index, fill_value="")
    pictures["split"] = assign_splits(pictures.loc[used], params).reindex(pictures.index, fill_value="")
    return pictures


def image_ids(sources: pd.Series) -> pd.Series:
    """The stem of each file; where stems repeat, the stem and eight hexadecimal digits of the source path's SHA-256.

    A longer stem is cut to LONGEST_ID bytes, and bytes that are no UTF-8 are written as %XX.
    """
    stems = sources.map(lambda source: fitting_name(table_name(PurePosixPath(source).stem), longest=LONGEST_ID))
    digests = sources.map(lambda source: hashlib.sha256(os.fsencode(source)).hexdigest()[:8])
    return stems.where(~stems.str.lower().duplicated(keep=False), stems + "-" + digests)


def _group_numbers(pictures: pd.DataFrame, near: pd.DataFrame) -> pd.Series:
    """A number for each file: equal where patient, lesion, picture or near-duplicates join them, through any chain.

    Files that are left out still join others: two copies of a picture may each bear the name of another lesion.
    """
    keys = [pictures[column] for column in (*SAME_LESION, *SAME_PICTURE)]
    positions = pd.DataFrame({end: pictures.index.get_indexer(pd.Index(near[end])) for end in "ab"})
    return pd.Series(group_together(len(pictures), keys, positions), index=pictures.index)


def _exclude_other_modalities(pictures: pd.DataFrame, setting: str) -> None:
    """Leave out usable pictures that are known to be of another modality than prepare.modality asks for."""
    known = pictures.loc[(pictures["reason"] == "") & (pictures["modality"] != ""), "modality"]
    counts = known.value_counts().sort_index()
    if setting == "all" or counts.empty:
        return
    wanted = setting
    if setting == "auto":
        wanted = str(counts.index[0]) if len(counts) == 1 else "dermoscopy"
    if wanted not in counts.index:
        found = " and ".join(f"{n} {modality}" for modality, n in counts.items())
        raise UserError(f"prepare.modality: {setting} fits none of the pictures ({found}); name one of these, or all")
    others = pictures.index[pictures.index.isin(known.index[known != wanted])]
    details = {row: f"{pictures.loc[row, 'modality']}, prepare.modality takes {wanted}" for row in others}
    _exclude(pictures, "other modality", details)


def _exclude_copies(pictures: pd.DataFrame, pairs: pd.DataFrame, params: PrepareParams) -> None:
    """Of files of one picture keep one (a test picture first, then the largest); where their labels differ, none, but
    under `keep`.

    One picture: equal pixels, or one of the pairs (columns a and b, positions among the usable pictures).
    """
    usable = pictures[pictures["reason"] == ""]
    numbers = pd.Series(group_together(len(usable), [usable["sha256"]], pairs), index=usable.index)
    repeated = numbers[numbers.duplicated(keep=False)]
    copies: dict[int, str] = {}
    elsewhere: dict[int, str] = {}
    conflicts: dict[int, str] = {}
    for _, members in repeated.groupby(repeated, sort=False):
        same = usable.loc[members.index]
        first_of_label = same.drop_duplicates("label")
        if len(first_of_label) > 1 and params.label_conflicts != "keep":
            for label, of_label in same.groupby("label", sort=False):
                conflicts |= _same_as(first_of_label[first_of_label["label"] != label].iloc[0], of_label)
            continue
        for _, of_label in same.groupby("label"):
            order = pd.DataFrame({"train": of_label["official_split"] != "test", "smaller": -of_label["width"]})
            original = order.sort_values(["train", "smaller"], kind="stable").index[0]
            others = of_label.drop(original)
            in_one_set = others["dataset"] == of_label["dataset"][original]
            copies |= _same_as(of_label.loc[original], others[in_one_set])
            elsewhere |= _same_as(of_label.loc[original], others[~in_one_set])
    if conflicts and params.label_conflicts == "error":
        row, detail = next(iter(conflicts.items()))
        raise UserError(
            f"dataset: {len(conflicts)} files show a picture that also stands under another class, the first: "
            f"{usable['source'][row]}, {detail}; mend the data set, or set prepare.label_conflicts to drop"
        )
    _exclude(pictures, "label conflict", conflicts)
    _exclude(pictures, "exact duplicate", copies)
    _exclude(pictures, "in another data set too", elsewhere)


def _same_as(other: pd.Series, copies: pd.DataFrame) -> dict[int, str]:
    """The detail of each of these copies of another file, by its row."""
    source = str(other["source"])
    same = {True: f"same pixels as {source}", False: f"same picture as {source}"}
    return {row: same[digest == other["sha256"]] for row, digest in zip(copies.index, copies["sha256"], strict=True)}


def _exclude_leaking(pictures: pd.DataFrame, numbers: pd.Series) -> None:
    """Exclude training pictures that share a group with a usable test picture; the official test stays as it is."""
    usable = pictures.index[pictures["reason"] == ""]
    in_test = pictures.loc[usable, "official_split"] == "test"
    test_picture = pictures.loc[usable[in_test], "source"].groupby(numbers[usable[in_test]]).first()
    shared = [row for row in usable[~in_test] if numbers[row] in test_picture.index]
    details = {row: f"with {test_picture[numbers[row]]}" for row in shared}
    _exclude(pictures, "shares a group with the test set", details)


def _exclude_small_classes(pictures: pd.DataFrame, numbers: pd.Series, params: PrepareParams) -> None:
    fewest = max(params.min_class_groups, params.folds) if params.test == "fold" else params.min_class_groups
    usable = pictures[pictures["reason"] == ""]
    if params.test == "official":  # the test part cannot help to train a class
        usable = usable[usable["official_split"] != "test"]
    groups = numbers[usable.index].groupby(usable["label"]).nunique()
    for label in sorted(set(pictures["label"])):
        n = groups.get(label, 0)
        if n < fewest:
            rows = pictures.index[(pictures["reason"] == "") & (pictures["label"] == label)]
            detail = f"{n} independent groups to learn from, fewer than {fewest}"
            _exclude(pictures, "class too small", dict.fromkeys(rows, detail))


def _check_classes(pictures: pd.DataFrame) -> None:
    classes = pictures.loc[pictures["reason"] == "", "label"].unique()
    if len(classes) < FEWEST_CLASSES:
        counts = pictures["reason"].replace("", "usable").value_counts()
        reasons = ", ".join(f"{n} {reason}" for reason, n in counts.items())
        raise UserError(
            f"dataset: {len(classes)} of {pictures['label'].nunique()} classes usable, "
            f"at least {FEWEST_CLASSES} needed ({len(pictures)} files: {reasons}); "
            "give each class its own folder with enough pictures"
        )


def _exclude(pictures: pd.DataFrame, reason: str, details: Mapping[int, str]) -> None:
    """Mark rows (index label -> detail) as left out for a reason."""
    rows = list(details)
    pictures.loc[rows, "reason"] = reason
    pictures.loc[rows, "detail"] = list(details.values())
