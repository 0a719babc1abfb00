"""From the numbers in a picture file to RGB of 8 bits, on the scale that the file declares: nothing is guessed.

Floats are in [0, 1] by convention; whole numbers reach as far as their bits, or as the file says (PNG's sBIT, TIFF's
MaxSampleValue). What then is constant, or leaves most of its scale unused, shows nothing and is no usable picture.
"""

import io
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from lesions.data.picture_files import PictureError
from lesions.data.picture_formats import FORMATS
from lesions.data.picture_metadata import bits_per_sample, declared_maximum

# Share of the scale that the largest value must reach. The darkest of 10,583 photographs in five published sets reaches
# half of it, 12 bits in 16 a sixteenth, a mask of classes less.
MIN_USED = 0.2
SAMPLE_SIDE = 64  # pixels of a picture that are looked at first
BYTE, WORD = 255, 65_535
_WHITE_IS_ZERO, _SIGNED = (262, 0), (339, 2)  # TIFF: PhotometricInterpretation and SampleFormat
_SWAPPED = {";16B": ";16L", ";16L": ";16B", ";16N": ";16B"}  # what reads the low bytes of 16 bits as the high ones


def to_rgb(image: Image.Image, content: bytes) -> Image.Image:
    """Load an opened image as RGB. Raises PictureError where its scale is unknown, or its pixels show nothing.

    content: the file that the image was opened from, for what it says of the scale.
    """
    declared = declared_maximum(image, content)
    low_bytes = _low_bytes(image, content) if declared and declared < WORD else None
    image.load()
    if image.mode.startswith(("I", "F")):
        image = _on_scale(*_numbers(image), declared)
    elif low_bytes is not None:
        image = _on_scale(np.asarray(image) * 256.0 + np.asarray(low_bytes), WORD, declared)
    rgb = _flatten(image)
    # To look at every pixel takes as long as decoding them
    sample = rgb.resize((SAMPLE_SIDE, SAMPLE_SIDE), Image.Resampling.NEAREST)
    return rgb if _shows_something(_ranges(sample)) else _checked(rgb, declared)


def _checked(rgb: Image.Image, declared: float | None) -> Image.Image:
    """The image, on the declared scale where it leaves most of 8 bits unused. Raises PictureError as to_rgb() does."""
    ranges = _ranges(rgb)
    largest = max(high for _, high in ranges)
    if declared and largest <= declared < BYTE and largest < MIN_USED * BYTE:
        return _checked(_on_scale(np.asarray(rgb, dtype=np.float64), BYTE, declared), None)
    if _shows_something(ranges):
        return rgb
    if all(low == high for low, high in ranges):
        raise PictureError("no contrast", "every pixel is the same", min(rgb.size))
    raise PictureError(
        "no contrast",
        f"the largest value is at {largest / BYTE:.0%} of the scale, so nearly all is black: save it with 8 bits a "
        "channel from 0 to 255",
        min(rgb.size),
    )


def _ranges(rgb: Image.Image) -> tuple[tuple[int, int], ...]:
    """The smallest and the largest value of each band."""
    return cast(tuple[tuple[int, int], ...], rgb.getextrema())


def _shows_something(ranges: tuple[tuple[int, int], ...]) -> bool:
    return max(high for _, high in ranges) >= MIN_USED * BYTE and any(low < high for low, high in ranges)


def _numbers(image: Image.Image) -> tuple[NDArray[np.float64], float]:
    """The grey levels (height, width) of 16 or 32 bits or floats, and the end of their scale."""
    values = np.asarray(image, dtype=np.float64)
    tags = getattr(image, "tag_v2", {})
    signed = tags.get(_SIGNED[0], (1,))[0] == _SIGNED[1]
    if image.mode.startswith("F"):
        top = 1.0
    elif image.mode == "I" and image.format == "TIFF":
        bits = bits_per_sample(image) or 32
        values = np.where(values < 0, values + 2.0**bits, values) if not signed else values
        top = 2.0 ** (bits - signed) - 1
    else:
        top = float(WORD)  # also PPM: Pillow stretches it to that
    return (top - values if tags.get(_WHITE_IS_ZERO[0]) == _WHITE_IS_ZERO[1] else values), top


def _on_scale(values: NDArray[np.float64], top: float, declared: float | None) -> Image.Image:
    """Numbers from 0 to `declared`, where they keep to it, else to `top`, as an image from 0 to 255."""
    values = np.nan_to_num(values, nan=0.0, posinf=np.inf, neginf=-np.inf)
    lowest, largest = float(values.min()), float(values.max())
    if declared and largest <= declared:
        top = declared
    if largest > top or (top == 1 and lowest < 0):
        raise PictureError(
            "unreadable",
            f"floats from {lowest:g} to {largest:g}, so their scale is unknown: divide them to lie in 0 to 1, or save "
            "it with 8 bits a channel",
        )
    return Image.fromarray(np.clip(values * (BYTE / top) + 0.5, 0, BYTE).astype(np.uint8))


def _low_bytes(image: Image.Image, content: bytes) -> Image.Image | None:
    """The low bytes of an image of 16 bits a channel, of which Pillow gives the high ones; None for any other."""
    if not any(mode in repr(tile.args) for tile in getattr(image, "tile", ()) for mode in _SWAPPED):
        return None
    if image.mode not in ("RGB", "RGBA"):
        return None
    low = Image.open(io.BytesIO(content), formats=FORMATS)
    low.tile = [tile._replace(args=_swap(tile.args)) for tile in low.tile]
    low.load()
    return low


def _swap(args: Any) -> Any:
    """The arguments of Pillow's decoder, a mode or a tuple with one, the other byte of 16 bits first."""
    if isinstance(args, tuple):
        return tuple(map(_swap, args))
    return args[:-4] + _SWAPPED.get(args[-4:], args[-4:]) if isinstance(args, str) else args


def _flatten(image: Image.Image) -> Image.Image:
    """In RGB, what is transparent over white."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode == "LAB":
        profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return cast(Image.Image, ImageCms.applyTransform(image, ImageCms.buildTransform(*profiles, "LAB", "RGB")))
    if image.mode == "La":
        image = image.convert("LA")
    if image.has_transparency_data:
        layers = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layers.size, "white"), layers).convert("RGB")
    return image.convert("RGB")
