"""Masks of lesions that lie beside their photographs: told by name, by folder or by their two grey levels, never used.

And where a table's id still fits several files with different pixels, that is the user's to settle.
"""

from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
from PIL import Image

from lesions.data.decoding import decode
from lesions.datasets.folder_names import mask_of, names_masks
from lesions.datasets.raw import picture_id
from lesions.preparation.groups import group_together
from lesions.preparation.near_duplicates import same_picture_pairs
from lesions.runtime.console import UserError
from lesions.runtime.parallel import map_on_all_cores

REASON = "mask"
VIEW = 512  # pixels of the longer side at which grey levels are counted
MOST_LEVELS = 2
NEAR_LEVEL = 12  # grey levels by which JPEG moves one
LEAST_CONTRAST = 100  # grey levels between dark and bright, where JPEG or a change of size blurred the border
MOST_FILES = 3  # in a message
LEAST_CONTRAST = 100  # grey levels between the two, where borders are blurred


def exclude_masks(pictures: pd.DataFrame, dataset: Path) -> pd.DataFrame:
    """Leave out the masks among readable pictures: reason `mask`, and what told it as detail.

    pictures: as decode_all() gives them. A mask shares its id with a photograph, and bears a suffix such as
    `_segmentation`, lies in a folder of masks or has two grey levels. Raises UserError where an id of the table then
    still fits files that show different pictures.
    """
    pictures = pictures.copy()
    usable = pictures[pictures["reason"] == ""]
    details = _by_name(usable["source"])
    rest = usable.drop(details.index)
    shared = _shared_names(rest)
    paths = [dataset / source for source in rest.loc[shared.index, "source"]]
    binary = pd.Series(list(map_on_all_cores(has_two_levels, paths, "masks")), index=shared.index, dtype=bool)
    photographs = rest["source"].drop(binary.index[binary])
    first = photographs.groupby(shared).first().to_dict()
    of = shared[binary].map(first).dropna()
    details = pd.concat([details, "two grey levels, and the name of " + of])
    pictures.loc[details.index, "reason"] = REASON
    pictures.loc[details.index, "detail"] = details
    _refuse_ambiguous(pictures[pictures["reason"] == ""])
    return pictures


def has_two_levels(path: Path) -> bool:
    """Whether a picture has two grey levels at most, or no others but at blurred borders between dark and bright."""
    decoded = decode(path)[0]
    decoded.thumbnail((VIEW, VIEW), Image.Resampling.NEAREST)  # which adds no level
    pixels = np.asarray(decoded)
    if np.ptp(pixels, axis=2).max() > NEAR_LEVEL:
        return False
    counts = np.bincount(pixels[..., 0].ravel(), minlength=256)
    if np.count_nonzero(counts) <= MOST_LEVELS:
        return True
    level = np.arange(256)
    first = int(counts.argmax())
    second = int(np.where(abs(level - first) >= LEAST_CONTRAST, counts, -1).argmax())
    around = [int(counts[abs(level - peak) <= NEAR_LEVEL].sum()) for peak in (first, second)]
    return 2 * (pixels[..., 0].size - sum(around)) <= min(around)


def _by_name(sources: pd.Series) -> pd.Series:
    """The detail of each file that is a mask by its name or folder and has a photograph, by its row."""
    in_folder = sources.map(lambda source: any(map(names_masks, PurePosixPath(source).parts[:-1]))).astype(bool)
    photograph_id = sources.map(lambda source: mask_of(PurePosixPath(source).stem)).where(~in_folder, sources)
    is_mask = photograph_id != ""
    first = {picture_id(source): source for source in reversed(sources[~is_mask].tolist())}
    of = photograph_id[is_mask].map(lambda name: first.get(picture_id(mask_of(picture_id(name)) or name)))
    return "the mask of " + of.dropna()


def _shared_names(rest: pd.DataFrame) -> pd.Series:
    """What files with different pixels share that may be a photograph and its mask: a table's id, or the path but for
    the suffix. Equal stems in different folders mean nothing: `patient1/photo.jpg`, `patient2/photo.jpg`.
    """
    stem = rest["source"].map(lambda source: PurePosixPath(source).with_suffix("").as_posix())
    shared = rest["table_id"].where(rest["table_id"] != "", stem)
    return shared[rest["sha256"].groupby(shared).transform("nunique") > 1]


def _refuse_ambiguous(usable: pd.DataFrame) -> None:
    """Raise UserError where the files of one id of the table show different pictures."""
    of_id = usable[usable["table_id"] != ""]
    repeated = of_id[of_id["table_id"].duplicated(keep=False)]
    pairs = same_picture_pairs(repeated, ("table_id",))
    picture = pd.Series(group_together(len(repeated), [repeated["sha256"]], pairs), index=repeated.index)
    ids = picture.groupby(repeated["table_id"]).nunique().loc[lambda pictures: pictures > 1].index
    if len(ids):
        sources = repeated.loc[repeated["table_id"] == ids[0], "source"]
        raise UserError(
            f"dataset: {len(ids)} ids of the table fit several files that show different pictures, the first: "
            f"{ids[0]} fits {' and '.join(sources[:MOST_FILES])}; keep one file of each id, or let the table name the "
            "folder, too"
        )
