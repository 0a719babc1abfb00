"""Heat maps: their scale, their size, what share lies on the frame, and the layer over the picture."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lesions.metrics import probe
from lesions.rendering import heatmaps
from tests.conftest import random_pixels

MAPS = arrays(
    np.float32,
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    elements=st.floats(-1e6, 1e6, width=32, allow_nan=False),
)


@given(MAPS)
def test_a_normalised_map_is_between_zero_and_one_and_keeps_the_order_of_what_is_positive(raw: np.ndarray) -> None:
    """Otherwise the layer would show another place as the hottest than the network gave."""
    heat = heatmaps.normalise(raw)
    assert heat.dtype == np.float32
    assert heat.min() >= 0
    assert heat.max() == (1 if (raw > 0).any() else 0)
    assert heat.argmax() == np.maximum(raw, 0).argmax()
    assert (heat[raw <= 0] == 0).all()


def test_a_map_without_heat_stays_empty_and_has_no_share_on_the_frame() -> None:
    """Divided by its maximum it would be all NaN; called 0 % it would count as a map that avoids the frame."""
    empty = heatmaps.normalise(np.full((4, 4), -1.0))
    assert not empty.any()
    assert heatmaps.frame_share(empty) is None
    assert not heatmaps.sits_on_frame(empty)
    picture = random_pixels(0)
    assert (heatmaps.overlay(picture, empty) == picture).all()


@pytest.mark.parametrize("raw", [np.array([[np.nan, 1.0]]), np.array([[np.inf]]), np.ones(4), np.empty((0, 3))])
def test_what_is_no_map_is_refused(raw: np.ndarray) -> None:
    """A NaN from a broken network would become a picture without heat, which looks like a prediction."""
    with pytest.raises(ValueError, match="heat map"):
        heatmaps.normalise(raw)


@given(MAPS, st.integers(1, 70), st.integers(1, 70))
def test_an_enlarged_map_has_the_size_of_the_picture_and_no_value_outside_the_range(
    raw: np.ndarray, height: int, width: int
) -> None:
    """Values outside would be drawn in colours that the scale does not have."""
    upsampled = heatmaps.upsample(heatmaps.normalise(raw), height, width)
    assert upsampled.shape == (height, width)
    assert upsampled.min() >= 0
    assert upsampled.max() <= 1


def test_an_enlarged_map_is_hot_where_the_small_one_was() -> None:
    """Rows and columns swapped, or a map shifted by half a cell, would point beside the lesion."""
    small = np.zeros((4, 8), np.float32)
    small[1, 6] = 1
    upsampled = heatmaps.upsample(small, 40, 160)
    rows, columns = (np.average(np.arange(n), weights=upsampled.sum(axis=axis)) for n, axis in ((40, 1), (160, 0)))
    assert (rows, columns) == pytest.approx((14.5, 129.5), abs=0.2)  # the middle of that cell: 1.5/4 and 6.5/8


@pytest.mark.parametrize("size", [(64, 64), (180, 180), (75, 100), (7, 7)])
def test_a_uniform_map_has_the_share_that_is_stated_for_it(size: tuple[int, int]) -> None:
    """'More than a uniform map' would be wrong for every map."""
    assert heatmaps.frame_share(np.ones(size, np.float32)) == pytest.approx(heatmaps.uniform_share(*size))


def test_the_frame_is_that_of_the_frame_only_probe() -> None:
    """Both are compared in the report: the share of heat on what the probe sees."""
    assert heatmaps.RING == probe.CELLS
    assert heatmaps.uniform_share(180, 180) == pytest.approx(44 / 144)


def test_heat_on_the_frame_counts_and_heat_inside_does_not() -> None:
    """A ring taken one pixel too wide or too narrow would call a central map a frame map, or miss one."""
    for place, share in ((14, 1.0), (15, 0.0), (164, 0.0), (165, 1.0)):
        for axis in (0, 1):
            spot = np.zeros((180, 180), np.float32)
            spot[(place, 90) if axis == 0 else (90, place)] = 0.5
            assert heatmaps.frame_share(spot) == share


@pytest.mark.parametrize(("times", "sits"), [(1.24, False), (1.26, True)])
def test_a_map_sits_on_the_frame_from_a_quarter_more_heat_than_chance(times: float, sits: bool) -> None:
    """The rule that the report states."""
    share = times * heatmaps.uniform_share(60, 60)
    inside, outside = (1 - share) / 50**2, share / (60**2 - 50**2)
    heat = np.full((60, 60), outside, np.float32)
    heat[5:-5, 5:-5] = inside
    assert heatmaps.frame_share(heat) == pytest.approx(share)
    assert heatmaps.sits_on_frame(heat) is sits


def test_a_coarse_map_can_sit_on_the_frame_too() -> None:
    """The last map of lesion_net has 4 x 4 cells at 64 pixels: a stricter rule would find it innocent always."""
    coarse = np.ones((4, 4), np.float32)
    coarse[1:-1, 1:-1] = 0
    assert heatmaps.sits_on_frame(heatmaps.upsample(coarse, 64, 64))
    assert not heatmaps.sits_on_frame(heatmaps.upsample(1 - coarse, 64, 64))


def test_the_layer_takes_the_last_colour_where_it_is_hottest_and_leaves_the_cold_alone() -> None:
    """A layer over everything would change what the reader sees of the lesion."""
    picture = np.full((2, 2, 3), 100, np.uint8)
    blended = heatmaps.overlay(picture, np.array([[0, 1], [0, 1]], np.float32))
    assert (blended[:, 0] == 100).all()
    yellow = np.array([0xFE, 0xE8, 0x38])
    assert np.abs(blended[:, 1] - (0.3 * 100 + 0.7 * yellow)).max() <= 0.5


def test_lightness_rises_with_heat() -> None:
    """The colour-blind, and whoever prints in grey, read the scale by lightness alone."""
    red, green, blue = np.moveaxis(heatmaps.colour(np.linspace(0, 1, 101, dtype=np.float32)), -1, 0)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    assert (np.diff(luminance) > 0).all()


def test_only_rgb_pictures_take_a_layer() -> None:
    """A grey picture would be broadcast to nonsense."""
    with pytest.raises(ValueError, match="RGB"):
        heatmaps.overlay(np.zeros((4, 4), np.uint8), np.zeros((2, 2), np.float32))


def test_importing_it_loads_neither_tensorflow_nor_matplotlib() -> None:
    """The page of a trained model shows these maps, and starts in a fraction of a second without both."""
    heavy = {"tensorflow", "keras", "matplotlib", "sklearn"}
    code = f"import sys, lesions.rendering.heatmaps; print(sorted({heavy} & set(sys.modules)))"
    completed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert completed.stdout.strip() == "[]"
