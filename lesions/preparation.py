"""From raw files to prepared pictures: decode each once, and put those that are used into their places."""

from functools import partial
from pathlib import Path

import pandas as pd

from lesions.images import PictureError, load_picture, write_png
from lesions.parallel import map_on_all_cores

DECODED = ".decoded"  # pictures wait here for their split; gone at the end


def decode_all(raw: pd.DataFrame, dataset: Path, folder: Path, image_size: int, min_side: int) -> pd.DataFrame:
    """Decode and resize every raw file on all cores, into `folder/.decoded/<row>.png`.

    Returns the raw table with width, height (pixels), sha256, phash; reason and detail are empty where that went well.
    Memory does not grow with the number of pictures.
    """
    (folder / DECODED).mkdir()
    jobs = [(dataset / source, decoded_path(folder, row)) for row, source in enumerate(raw["source"])]
    decode = partial(_decode, image_size=image_size, min_side=min_side)
    found = pd.DataFrame(map_on_all_cores(decode, jobs, "prepare"), index=raw.index)
    return pd.concat([raw, found], axis=1)


def decoded_path(folder: Path, row: int) -> Path:
    """Where decode_all() leaves the picture of a row of the raw table."""
    return folder / DECODED / f"{row}.png"


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
