"""From raw files to prepared pictures: read the layout, check labels, decode each file once, select, split, store."""

from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from lesions.data.images import GREY, ColorConstancy, prepare_pictures
from lesions.data.manifest import write_manifest
from lesions.data.pixels import Pixels
from lesions.datasets import read_layout
from lesions.datasets.raw import RawDataset
from lesions.params.schema import PrepareParams
from lesions.preparation.masks import exclude_masks
from lesions.preparation.near_duplicates import near_duplicates
from lesions.preparation.official_labels import (
    LabelCheck,
    OfficialLabels,
    check_labels,
    notes_text,
    read_official_labels,
)
from lesions.preparation.selection import assign, choose_labels
from lesions.runtime.parallel import map_in_chunks

DECODED = ".decoded"  # pictures wait here for their split; gone at the end
CHUNK_SIZE = 32  # pictures that a worker gets at once: fewer hand-overs, and each kind of work in a row
GREYS = "greys"  # in there: every grey copy, row by row; a file for each would take longer to create than to fill


class PreparedDataset(NamedTuple):
    """A prepared data set: a row per raw file, linked pairs of near-duplicates, and the tables behind it."""

    pictures: pd.DataFrame
    near: pd.DataFrame
    raw: RawDataset
    official: OfficialLabels
    label_check: LabelCheck

    @property
    def used(self) -> pd.DataFrame:
        """The rows of the pictures that are used."""
        return self.pictures[self.pictures["reason"] == ""]


def prepare(dataset: Path, labels: Path, image_size: int, params: PrepareParams, folder: Path) -> PreparedDataset:
    """Prepare the data set in a folder: its pictures and both tables, in an empty folder.

    labels: a folder of official tables, which may hold none. Prints the notes. Raises UserError where the data set
    cannot be used.
    """
    raw = read_layout(dataset, params.layout)
    official = read_official_labels(labels, *(dataset / part for part in raw.parts))
    label_check = check_labels(raw.table, official)
    unknown = label_check.table["origin"] == ""
    label_check.table.loc[unknown, "origin"] = raw.table.loc[unknown, "dataset"]  # empty where no sets are joined
    print(notes_text(official, label_check))
    pictures = decode_all(label_check.table, dataset, folder, image_size, params.min_side, params.color_constancy)
    pictures = choose_labels(exclude_masks(pictures, dataset), params)
    near = near_pairs(pictures, folder)
    prepared = PreparedDataset(place(assign(pictures, near, params), folder), near, raw, official, label_check)
    write_manifest(folder, prepared.used, prepared.pictures.drop(prepared.used.index))
    return prepared


def decode_all(
    raw: pd.DataFrame,
    dataset: Path,
    folder: Path,
    image_size: int,
    min_side: int,
    color_constancy: ColorConstancy = "none",
) -> pd.DataFrame:
    """Decode and resize every raw file on all cores, into `folder/.decoded/<row>.png`.

    Returns the raw table with width, height (pixels), sha256, phash; reason and detail are empty on success.
    Memory does not grow with the number of pictures.
    """
    (folder / DECODED).mkdir()
    jobs = [(dataset / source, decoded_path(folder, row)) for row, source in enumerate(raw["source"])]
    decode = partial(prepare_pictures, image_size=image_size, min_side=min_side, color_constancy=color_constancy)
    records = []
    with (folder / DECODED / GREYS).open("wb") as greys:
        for record, grey in map_in_chunks(decode, jobs, "prepare", CHUNK_SIZE):
            records.append(record)
            greys.write(grey.tobytes())
    return pd.concat([raw, pd.DataFrame(records, index=raw.index)], axis=1)


def decoded_path(folder: Path, row: int) -> Path:
    """Where decode_all() leaves the picture of a row of the raw table."""
    return folder / DECODED / f"{row}.png"


def near_pairs(pictures: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """The pairs of usable pictures that show one lesion nearly alike: columns a and b, rows of the raw table, and more.

    Compares the grey copies of decode_all(): the result does not depend on image_size.
    """
    usable = pictures.loc[pictures["reason"] == "", "phash"]
    pairs = near_duplicates(usable, partial(_read_grey, folder))
    return pairs[pairs["linked"]]


def place(pictures: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Move each used picture to `<split>/<label>/<image_id>.png` under the folder; adds that as `path`."""
    used = pictures[pictures["reason"] == ""]
    paths = used["split"] + "/" + used["label"] + "/" + used["image_id"] + ".png"
    for row, path in paths.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        decoded_path(folder, int(str(row))).rename(target)
    for left_out in (folder / DECODED).iterdir():
        left_out.unlink()
    (folder / DECODED).rmdir()
    return pictures.assign(path=paths.reindex(pictures.index, fill_value=""))


def _read_grey(folder: Path, row: int) -> Pixels:
    return np.fromfile(folder / DECODED / GREYS, np.uint8, np.prod(GREY), offset=row * np.prod(GREY)).reshape(GREY)
