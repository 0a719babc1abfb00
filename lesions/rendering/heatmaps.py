"""Grad-CAM heat maps: normalised, upsampled, overlaid on the picture, and their share on its frame.

Needs only NumPy and Pillow, so that the report and the web app draw the same map for the same picture.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
Heat = NDArray[np.float32]

RING = 12  # the frame is the outer twelfth of each side, as in the frame-only probe (metrics/probe.py)
# A map 'sits on the frame' if the frame has at least so many times the heat that it has in a uniform map. A higher
# bound could not be met: with all heat in the outer cells of a 4 x 4 map, and none inside, it is 1.33 times as much.
ON_FRAME = 1.25
OPACITY = 0.7  # of the layer at heat 1; at heat 0 it is transparent
# Cividis (Nunez et al., 2018, doi:10.1371/journal.pone.0199239) at nine even steps: lightness rises with heat, it is
# safe for colour-blind readers, and holds no green, which would be read as harmless
COLOURS = ("#00224E", "#1A386F", "#434E6C", "#61656F", "#7D7C78", "#9B9476", "#BCAE6C", "#DEC958", "#FEE838")


def normalise(raw: NDArray[np.floating]) -> Heat:
    """The raw map (height, width) in [0, 1]: negative values, which oppose the class, are cut to 0; the maximum is 1.

    A map without any positive value becomes all zero: no part of the picture supports the class. Raises ValueError
    where the map is not two-dimensional and finite.
    """
    if raw.ndim != 2 or not raw.size or not np.isfinite(raw).all():
        raise ValueError(f"a heat map needs finite numbers by row and column, not an array of shape {raw.shape}")
    positive = np.maximum(raw, 0).astype(np.float64)
    maximum = positive.max()
    heat: Heat = (positive / maximum if maximum > 0 else positive).astype(np.float32)
    return heat


def upsample(heat: Heat, height: int, width: int) -> Heat:
    """The map (rows, columns) at height x width pixels, bilinear, clipped to [0, 1]."""
    resized = Image.fromarray(heat.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR)
    return np.clip(np.asarray(resized, dtype=np.float32), 0, 1)


def frame_share(heat: Heat) -> float | None:
    """How much of the heat (height, width) lies on the frame, 0 to 1; None where there is no heat.

    The frame is a ring of 1/RING of each side, at least one pixel. uniform_share() gives that of a uniform map.
    """
    total = float(heat.sum(dtype=np.float64))
    if not total > 0:
        return None
    return float(heat[_frame(*heat.shape)].sum(dtype=np.float64)) / total


def uniform_share(height: int, width: int) -> float:
    """The share of the heat on the frame in a uniform map of height x width pixels: the frame's share of the area."""
    return float(_frame(height, width).mean())


def sits_on_frame(heat: Heat) -> bool:
    """Whether the frame has at least ON_FRAME times the heat (height, width) of a uniform map; False without heat."""
    share = frame_share(heat)
    return share is not None and share >= ON_FRAME * uniform_share(*heat.shape)


def overlay(pixels: Pixels, heat: Heat) -> Pixels:
    """The picture (height, width, 3) under its heat map of any size, values in [0, 1].

    Colour and opacity both rise with the heat, from fully transparent at 0 to OPACITY of the last colour at 1. Raises
    ValueError where the pixels are not RGB.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"an overlay needs RGB pixels (height, width, 3), not an array of shape {pixels.shape}")
    upsampled = upsample(heat, *pixels.shape[:2])
    opacity = OPACITY * upsampled[..., None].astype(np.float64)
    blended = (1 - opacity) * pixels + opacity * colour(upsampled)
    return (blended + 0.5).astype(np.uint8)


def colour(heat: Heat) -> NDArray[np.float64]:
    """The colours (..., 3) of heat (...) in [0, 1]; red, green and blue in [0, 255]."""
    steps = np.linspace(0, 1, len(COLOURS))
    anchors = np.array([[int(code[start : start + 2], 16) for start in (1, 3, 5)] for code in COLOURS])
    return np.stack([np.interp(heat, steps, anchors[:, channel]) for channel in range(3)], axis=-1)


def _frame(height: int, width: int) -> NDArray[np.bool_]:
    """True on the outer ring of height x width pixels."""
    border_x, border_y = max(1, round(width / RING)), max(1, round(height / RING))
    ring = np.ones((height, width), dtype=bool)
    ring[border_y : height - border_y, border_x : width - border_x] = False
    return ring
