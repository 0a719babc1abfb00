"""Heat maps of where a network looked: from a raw map to a layer over the picture, and how much of it is on the frame.

Needs NumPy and Pillow alone, so that the report and the page of a trained model show the same map for the same picture.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
Heat = NDArray[np.float32]

RING = 12  # the frame is the outer twelfth of each side, what the frame-only probe (metrics/probe.py) sees as well
# A map 'sits on the frame' if the frame has at least so many times the heat that it has in a uniform map. More cannot
# be asked for: where all heat is in the outer cells of a 4 x 4 map, and none inside, it has 1.33 times as much.
ON_FRAME = 1.25
OPACITY = 0.7  # of the layer where it is hottest; where it is cold the picture is as it was
# Cividis (Nunez et al., 2018, doi:10.1371/journal.pone.0199239) at nine even steps: lightness rises with heat, it looks
# alike to colour-blind readers, and holds no green, which would be read as harmless
COLOURS = ("#00224E", "#1A386F", "#434E6C", "#61656F", "#7D7C78", "#9B9476", "#BCAE6C", "#DEC958", "#FEE838")


def normalise(raw: NDArray[np.floating]) -> Heat:
    """The raw map (height, width) in [0, 1]: what is negative speaks against the class and is cut to 0, the top is 1.

    A map without any positive value becomes all zero: nothing in the picture spoke for the class. Raises ValueError
    where the map is not two-dimensional and finite.
    """
    if raw.ndim != 2 or not raw.size or not np.isfinite(raw).all():
        raise ValueError(f"a heat map needs finite numbers by row and column, not an array of shape {raw.shape}")
    positive = np.maximum(raw, 0).astype(np.float64)
    top = positive.max()
    found: Heat = (positive / top if top > 0 else positive).astype(np.float32)
    return found


def upsample(heat: Heat, height: int, width: int) -> Heat:
    """The map (rows, columns) at height x width pixels, bilinear: in [0, 1] where it was."""
    resized = Image.fromarray(heat.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR)
    return np.clip(np.asarray(resized, dtype=np.float32), 0, 1)


def frame_share(heat: Heat) -> float | None:
    """How much of the heat (height, width) lies on the frame, 0 to 1; None where there is no heat at all.

    The frame is a ring of 1/RING of each side, at least one pixel. What a uniform map would have is uniform_share().
    """
    total = float(heat.sum(dtype=np.float64))
    if not total > 0:
        return None
    return float(heat[_frame(*heat.shape)].sum(dtype=np.float64)) / total


def uniform_share(height: int, width: int) -> float:
    """The share of the frame of height x width pixels in the picture: that of the heat of a map without preference."""
    return float(_frame(height, width).mean())


def sits_on_frame(heat: Heat) -> bool:
    """Whether the frame has clearly more of the heat (height, width) than chance would give it; False without heat."""
    share = frame_share(heat)
    return share is not None and share >= ON_FRAME * uniform_share(*heat.shape)


def overlay(pixels: Pixels, heat: Heat) -> Pixels:
    """The picture (height, width, 3) under its heat map of any size, values in [0, 1].

    Colour and opacity both rise with the heat, from the bare picture at 0 to OPACITY of the last colour at 1. Raises
    ValueError where the pixels are not RGB.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"an overlay needs RGB pixels (height, width, 3), not an array of shape {pixels.shape}")
    fitted = upsample(heat, *pixels.shape[:2])
    opacity = OPACITY * fitted[..., None].astype(np.float64)
    blended = (1 - opacity) * pixels + opacity * colour(fitted)
    return (blended + 0.5).astype(np.uint8)


def colour(heat: Heat) -> NDArray[np.float64]:
    """The colours (..., 3) of heat (...) in [0, 1]; red, green and blue in [0, 255]."""
    steps = np.linspace(0, 1, len(COLOURS))
    anchors = np.array([[int(code[start : start + 2], 16) for start in (1, 3, 5)] for code in COLOURS])
    return np.stack([np.interp(heat, steps, anchors[:, channel]) for channel in range(3)], axis=-1)


def _frame(height: int, width: int) -> NDArray[np.bool_]:
    """True on the outer ring of height x width pixels."""
    across, down = max(1, round(width / RING)), max(1, round(height / RING))
    ring = np.ones((height, width), dtype=bool)
    ring[down : height - down, across : width - across] = False
    return ring
