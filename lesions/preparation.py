"""From raw files to prepared pictures: decode each once, and put those that are used into their places."""

from functools import partial
from pathlib import Path

import pandas as pd

from lesions.images import ColorConstancy, PictureError, Pixels, load_picture, read_pixels, write_png
from lesions.near_duplicates import near_duplicates
from lesions.parallel import map_on_all_cores

DECODED = ".decoded"  # pictures wait here for their split; gone at the end


def decode_all(
    raw: pd.DataFrame,
    dataset: Path,
    folder: Path,
    image_size: int,
    min_side: int,
    color_constancy: ColorConstancy = "none",
) -> pd.DataFrame:
    """Decode and resize every raw file on all cores, into `folder/.decoded/<row>.png`.

    Returns the raw table with width, height (pixels), sha256, phash; reason and detail are empty where that went well.
    Memory does not grow with the number of pictures.
    """
    (folder / DECODED).mkdir()
    jobs = [(dataset / source, decoded_path(folder, row)) for row, source in enumerate(raw["source"])]
    decode = partial(_decode, image_size=image_size, min_side=min_side, color_constancy=color_constancy)
    found = pd.DataFrame(map_on_all_cores(decode, jobs, "prepare"), index=raw.index)
    return pd.concat([raw, found], axis=1)


def decoded_path(folder: Path, row: int) -> Path:
    """Where decode_all() leaves the picture of a row of the raw table."""
    return folder / DECODED / f"{row}.png"


def near_pairs(pictures: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """The pairs of usable pictures that show one lesion nearly alike: columns a and b, rows of the raw table, and more.

    Compares the grey copies that decode_all() left: what is found does not depend on image_size.
    """
    usable = pictures.loc[pictures["reason"] == "", "phash"]
    found = near_duplicates(usable, partial(_read_grey, folder))
    return found[found["linked"]]


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


def _grey_path(target: Path) -> Path:
    return target.with_suffix(".grey.png")


def _read_grey(folder: Path, row: int) -> Pixels:
    return read_pixels(_grey_path(decoded_path(folder, row)))


def _decode(
    job: tuple[Path, Path], image_size: int, min_side: int, color_constancy: ColorConstancy
) -> dict[str, object]:
    source, target = job
    unknown = {"width": 0, "height": 0, "sha256": "", "phash": ""}
    try:
        picture = load_picture(source, image_size, color_constancy)
    except PictureError as error:
        return {**unknown, "reason": error.reason, "detail": error.detail}
    known = {"width": picture.width, "height": picture.height, "sha256": picture.sha256, "phash": picture.phash}
    if min(picture.width, picture.height) < min_side:
        return {**known, "reason": "too small", "detail": f"{picture.width} x {picture.height} pixels"}
    write_png(target, picture.pixels)
    write_png(_grey_path(target), picture.grey)
    return {**known, "reason": "", "detail": ""}
