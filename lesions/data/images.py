"""From a picture file to pixels of one size, the same for every stage, the command line and the page.

Pillow alone decodes and resizes: another decoder gives other pixels for the same JPEG, and so other labels.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from PIL import Image

from lesions.data.decoding import decode
from lesions.data.picture_files import PictureError
from lesions.data.pixels import Pixels, write_png

ColorConstancy = Literal["none", "shades_of_gray"]

COMPARED_SIDE = 64  # pixels; side of the grey picture for near-duplicates
GREY = (COMPARED_SIDE, COMPARED_SIDE)
MINKOWSKI = 6  # the norm that Finlayson and Trezzi found best
HASH_SIDE = 32  # pixels; side of the grey picture under the perceptual hash
HASH_FREQUENCIES = tuple(  # (row, column) of the 64 lowest: no mean brightness, and the same set when turned
    (row, column) for row in range(11) for column in range(11 - row) if (row, column) not in ((0, 0), (5, 5))
)
HASH_INDEX = tuple(np.array(HASH_FREQUENCIES).T)  # (rows, columns)
DCT_BASIS = np.cos(np.pi / HASH_SIDE * np.outer(np.arange(11), np.arange(HASH_SIDE) + 0.5))  # (frequency, pixel)
HASH_TOLERANCE = 1e-6  # grey levels; the transform of an even area is rounding noise of either sign
TOO_SMALL = "too small"
ORIENTATIONS = (None, *Image.Transpose)  # as it is, and the seven ways to turn or mirror it


class Picture(NamedTuple):
    """A decoded picture: RGB pixels (size, size, 3) as the network gets them, and properties of the original."""

    pixels: Pixels
    width: int  # pixels of the upright original
    height: int
    sha256: str  # of the decoded pixels, the same for all eight orientations of a picture
    phash: str  # 64-bit perceptual hash, 16 hexadecimal digits
    grey: Pixels  # (64, 64), for comparing pictures: independent of image_size and color_constancy


def load_picture(source: str | Path | bytes, size: int, color_constancy: ColorConstancy = "none") -> Picture:
    """Decode a picture file, or its content, upright and in RGB, and resize it to size x size pixels.

    The whole picture is squeezed into the square, as in the published 180 x 180 copies: no part is cropped away.
    Hashes are those of the picture as it is in the file, before any correction of its colours.
    Raises PictureError where the file cannot be read, is no picture, or is too large to be one.
    """
    decoded, (width, height) = decode(source)
    pixels = _squeeze(decoded, size, color_constancy)
    grey = decoded.reduce(max(1, min(decoded.size) // (2 * COMPARED_SIDE))).convert("L")
    compared = np.asarray(grey.resize((COMPARED_SIDE, COMPARED_SIDE), Image.Resampling.LANCZOS))
    return Picture(pixels, width, height, pixel_hash(decoded), perceptual_hash(grey), compared)


def prepare_pictures(
    jobs: Sequence[tuple[Path, Path]], image_size: int, min_side: int, color_constancy: ColorConstancy
) -> list[tuple[dict[str, object], Pixels]]:
    """Load files and write their pixels as PNGs, where the smaller side of the original has min_side pixels.

    jobs: the file, and the PNG. Returns for each width, height (pixels), sha256, phash, reason and detail (empty on
    success), and the grey copy: black where the file gives no picture. Here, because worker processes import the
    module of their task, and this one in a tenth of a second.
    """
    # Written when all are loaded: one after the other, with the encoder in the processor's cache, takes half as long
    # as each after the many pixels of its original
    loaded = [_load_record(source, image_size, min_side, color_constancy) for source, _ in jobs]
    for (_, target), (record, pixels, _) in zip(jobs, loaded, strict=True):
        if not record["reason"]:
            write_png(target, pixels)
    return [(record, grey) for record, _, grey in loaded]


def load_pixels(source: str | Path | bytes, size: int, color_constancy: ColorConstancy = "none") -> Pixels:
    """The pixels of load_picture() alone, at half the cost: nothing is hashed."""
    return _squeeze(decode(source)[0], size, color_constancy)


def load_view(source: str | Path | bytes, longest: int) -> Pixels:
    """A picture for display: upright, in its own shape, the longer side `longest` pixels at most."""
    decoded = decode(source)[0]
    decoded.thumbnail((longest, longest), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return np.asarray(decoded)


def shades_of_gray(pixels: Pixels) -> Pixels:
    """The pixels (height, width, 3) as under white light, whose colour is estimated by the Minkowski mean.

    Each channel is divided by its Minkowski mean (Finlayson and Trezzi, 2004, with p = 6), scaled so that a grey
    illuminant changes nothing. A black picture stays black.
    """
    channels = pixels.astype(np.float64)
    light = (channels**MINKOWSKI).mean(axis=(0, 1)) ** (1 / MINKOWSKI)
    gain = np.sqrt((light**2).mean()) / np.where(light > 0, light, np.inf)
    corrected: Pixels = np.clip(channels * gain + 0.5, 0, 255).astype(np.uint8)
    return corrected


def pixel_hash(image: Image.Image) -> str:
    """SHA-256 of an RGB picture's pixels in their canonical orientation, as hexadecimal digits.

    A picture and its turned or mirrored copies share one hash. The canonical orientation lies flat and is the one whose
    middle comes first in order of bytes; only where several tie are all of them hashed, so that the usual cost is that
    of one.
    """
    width, height = image.size
    left, top = (width - 1) // 2 - width // 32, (height - 1) // 2 - height // 32
    middle = image.crop((left, top, width - left, height - top))  # as far from each side: the same part of every copy
    keys = [(view.height, view.tobytes()) for view in (_turned(middle, turn) for turn in ORIENTATIONS)]
    return min(_sha256(_turned(image, turn)) for turn, key in zip(ORIENTATIONS, keys, strict=True) if key == min(keys))


def perceptual_hash(image: Image.Image) -> str:
    """64-bit hash of the lowest frequencies, 16 hexadecimal digits; near pictures differ in few bits.

    One bit for each of HASH_FREQUENCIES: the sign of the DCT coefficient of a 32 x 32 grey copy. As in Zauner (2010,
    section 3.2.3), but against zero, not the median, so that the hash of every turned or mirrored copy follows from
    this one: mirroring changes the signs of odd frequencies, transposing swaps rows and columns.
    """
    grey = image.convert("L").resize((HASH_SIDE, HASH_SIDE), Image.Resampling.BOX)
    coefficients = DCT_BASIS @ np.asarray(grey, dtype=np.float64) @ DCT_BASIS.T
    bits = coefficients[HASH_INDEX] > HASH_TOLERANCE
    return np.packbits(bits).tobytes().hex()


def _load_record(
    source: Path, image_size: int, min_side: int, color_constancy: ColorConstancy
) -> tuple[dict[str, object], Pixels, Pixels]:
    """The record of a file, its pixels and its grey copy, as in prepare_pictures(); no pixels where it is none."""
    try:
        picture = load_picture(source, image_size, color_constancy)
    except PictureError as error:
        reason = error.reason if error.side is None or error.side >= min_side else TOO_SMALL
        empty = {"width": 0, "height": 0, "sha256": "", "phash": "", "reason": reason, "detail": error.detail}
        return empty, np.empty((0, 0, 3), np.uint8), np.zeros(GREY, np.uint8)
    record = {"width": picture.width, "height": picture.height, "sha256": picture.sha256, "phash": picture.phash}
    small = min(picture.width, picture.height) < min_side
    detail = f"{picture.width} x {picture.height} pixels" if small else ""
    return {**record, "reason": TOO_SMALL if small else "", "detail": detail}, picture.pixels, picture.grey


def _squeeze(decoded: Image.Image, size: int, color_constancy: ColorConstancy) -> Pixels:
    resized = np.asarray(decoded.resize((size, size), Image.Resampling.LANCZOS, reducing_gap=3.0))
    return shades_of_gray(resized) if color_constancy == "shades_of_gray" else resized


def _turned(image: Image.Image, turn: Image.Transpose | None) -> Image.Image:
    return image if turn is None else image.transpose(turn)


def _sha256(image: Image.Image) -> str:
    digest = hashlib.sha256(repr(image.size).encode())
    digest.update(image.tobytes())
    return digest.hexdigest()
