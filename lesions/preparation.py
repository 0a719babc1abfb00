"""From raw files to prepared pictures: decode each once, decide which to use, give each its group, split and name."""

import hashlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path, PurePosixPath

import pandas as pd

from lesions.console import UserError
from lesions.duplicates import exact_duplicates, group_together
from lesions.images import PictureError, load_picture, write_png
from lesions.parallel import map_on_all_cores
from lesions.params import PrepareParams
from lesions.splits import assign_splits

DECODED = ".decoded"  # pictures wait here for their split; gone at the end
FEWEST_CLASSES = 2


def decode_all(raw: pd.DataFrame, dataset: Path, folder: Path, image_size: int, min_side: int) -> pd.DataFrame:
    """Decode and resize every raw file on all cores, into `folder/.decoded/<row>.png`.

    Returns the raw table with width, height (pixels), sha256, phash; reason and detail are empty where that went well.
    Memory does not grow with the number of pictures.
    """
    (folder / DECODED).mkdir()
    jobs = [(dataset / source, folder / DECODED / f"{row}.png") for row, source in enumerate(raw["source"])]
    decode = partial(_decode, image_size=image_size, min_side=min_side)
    found = pd.DataFrame(map_on_all_cores(decode, jobs, "prepare"), index=raw.index)
    return pd.concat([raw, found], axis=1)


def select(pictures: pd.DataFrame, params: PrepareParams) -> pd.DataFrame:
    """Fill in `reason` and `detail` for the pictures left out, and `image_id`, `group`, `split` for the others.

    Raises UserError where two labels of one picture are to be an error, or fewer than two usable classes remain.
    """
    pictures = pictures.copy()
    readable = pictures.index[pictures["reason"] == ""]
    _exclude_copies(pictures, params)
    pictures["group"] = ""
    keys = [pictures.loc[readable, column] for column in ("patient", "lesion", "sha256")]
    numbers = pd.Series(group_together(len(readable), keys), index=readable)
    if params.test == "official":
        _exclude_contaminated(pictures, numbers)
    _exclude_small_classes(pictures, numbers, params)
    _check_classes(pictures)

    used = pictures.index[pictures["reason"] == ""]
    pictures["image_id"] = image_ids(pictures.loc[used, "source"]).reindex(pictures.index, fill_value="")
    pictures.loc[used, "group"] = pictures.loc[used, "image_id"].groupby(numbers[used]).transform("min")
    pictures["split"] = assign_splits(pictures.loc[used], params).reindex(pictures.index, fill_value="")
    return pictures


def place(pictures: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Move each used picture to `<split>/<label>/<image_id>.png` under the folder; adds that as `path`."""
    used = pictures[pictures["reason"] == ""]
    paths = used["split"] + "/" + used["label"] + "/" + used["image_id"] + ".png"
    for row, path in paths.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        (folder / DECODED / f"{row}.png").rename(target)
    for left_out in (folder / DECODED).iterdir():
        left_out.unlink()
    (folder / DECODED).rmdir()
    return pictures.assign(path=paths.reindex(pictures.index, fill_value=""))


def image_ids(sources: pd.Series) -> pd.Series:
    """The stem of each file; where stems repeat, the stem and eight hexadecimal digits of the source path's SHA-256."""
    stems = sources.map(lambda source: PurePosixPath(source).stem)
    digests = sources.map(lambda source: hashlib.sha256(source.encode()).hexdigest()[:8])
    return stems.where(~stems.str.lower().duplicated(keep=False), stems + "-" + digests)


def _decode(job: tuple[Path, Path], image_size: int, min_side: int) -> dict[str, object]:
    source, target = job
    unknown = {"width": 0, "height": 0, "sha256": "", "phash": ""}
    try:
        picture = load_picture(source, image_size)
    except PictureError as error:
        return {**unknown, "reason": error.reason, "detail": error.detail}
    known = {"width": picture.width, "height": picture.height, "sha256": picture.sha256, "phash": picture.phash}
    if min(picture.width, picture.height) < min_side:
        return {**known, "reason": "too small", "detail": f"{picture.width} x {picture.height} pixels"}
    write_png(target, picture.pixels)
    return {**known, "reason": "", "detail": ""}


def _exclude_copies(pictures: pd.DataFrame, params: PrepareParams) -> None:
    """Of pictures with the same pixels one stays (a test picture first); where their labels differ, none does."""
    usable = pictures[pictures["reason"] == ""]
    copies, conflicts = {}, {}
    for rows in exact_duplicates(usable["sha256"]):
        same = usable.loc[rows]
        if same["label"].nunique() > 1:
            for row in rows:
                others = same.loc[same["label"] != same.loc[row, "label"], "source"]
                conflicts[row] = f"same pixels as {others.iloc[0]}"
        else:
            kept = same["official_split"].ne("test").sort_values(kind="stable").index[0]
            copies.update(dict.fromkeys(rows.drop(kept), f"same pixels as {same.loc[kept, 'source']}"))
    if conflicts and params.label_conflicts == "error":
        row, detail = next(iter(conflicts.items()))
        raise UserError(
            f"dataset: {len(conflicts)} files show a picture that also stands under another class, the first: "
            f"{usable.loc[row, 'source']}, {detail}; mend the data set, or set prepare.label_conflicts to drop"
        )
    _exclude(pictures, "label conflict", conflicts)
    _exclude(pictures, "exact duplicate", copies)


def _exclude_contaminated(pictures: pd.DataFrame, numbers: pd.Series) -> None:
    """Training pictures that share a group with a usable test picture go; the official test stays as it is."""
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
    left = pictures.loc[pictures["reason"] == "", "label"].unique()
    if len(left) < FEWEST_CLASSES:
        counts = pictures["reason"].replace("", "usable").value_counts()
        found = ", ".join(f"{n} {reason}" for reason, n in counts.items())
        raise UserError(
            f"dataset: {len(left)} of {pictures['label'].nunique()} classes usable, at least {FEWEST_CLASSES} needed "
            f"({len(pictures)} files: {found}); give each class its own folder with enough pictures"
        )


def _exclude(pictures: pd.DataFrame, reason: str, details: Mapping[int, str]) -> None:
    """Mark rows (index label -> detail) as left out for a reason."""
    rows = list(details)
    pictures.loc[rows, "reason"] = reason
    pictures.loc[rows, "detail"] = list(details.values())
