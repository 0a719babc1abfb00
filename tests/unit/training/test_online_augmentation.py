"""Random changes of training pictures: each does what its key says, and follows from (seed, step) alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lesions.models.backend import tf
from lesions.params.schema import OnlineParams
from lesions.training import online_augmentation

OFF = {"flip": "none"} | dict.fromkeys(set(OnlineParams.model_fields) - {"flip"}, 0.0)
SIDE = 16


def only(**changes: object) -> OnlineParams:
    return OnlineParams.model_validate({**OFF, **changes})


def pictures(n: int = 32) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (n, SIDE, SIDE, 3), dtype=np.uint8)


def changed(pixels: NDArray[np.uint8], params: OnlineParams, seed: int = 0, step: int = 0) -> NDArray[np.float32]:
    result: NDArray[np.float32] = online_augmentation.augment(
        tf.constant(pixels), params, seed, tf.constant(step)
    ).numpy()
    return result


def test_nothing_on_changes_nothing() -> None:
    assert np.array_equal(changed(pictures(), only()), pictures())


@pytest.mark.parametrize("flip", ["horizontal", "vertical", "both"])
def test_a_flip_moves_pixels_and_alters_none(flip: str) -> None:
    before, after = pictures(), changed(pictures(), only(flip=flip))
    seen = set()
    for old, new in zip(before, after, strict=True):
        views = {"none": old, "horizontal": old[:, ::-1], "vertical": old[::-1], "both": old[::-1, ::-1]}
        matching = [name for name, view in views.items() if np.array_equal(view, new)]
        assert len(matching) == 1, "neither the picture nor a mirrored one, to the bit"
        seen.add(matching[0])
    assert seen == ({"none", "horizontal", "vertical", "both"} if flip == "both" else {"none", flip})


def ramp() -> NDArray[np.uint8]:
    """Pictures whose first channel is the column and whose second is the row: they show where a pixel came from."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return np.repeat(np.stack([columns, rows, 0 * rows], axis=-1)[None].astype(np.uint8), 64, axis=0)


def centre_of(after: NDArray[np.float32]) -> NDArray[np.float32]:
    """Where the four middle pixels of each picture came from: (n, 2) columns and rows relative to the middle."""
    middle = slice(SIDE // 2 - 1, SIDE // 2 + 1)
    place: NDArray[np.float32] = after[:, middle, middle, :2].mean(axis=(1, 2)) - (SIDE - 1) / 2
    return place


def spread_of(after: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, 2) step of the column read from, per pixel to the right and per pixel down, in the middle of the picture."""
    middle = SIDE // 2
    right = after[:, middle, middle, 0] - after[:, middle, middle - 1, 0]
    down = after[:, middle, middle, 0] - after[:, middle - 1, middle, 0]
    return np.stack([right, down], axis=1)


def test_translation_shifts_up_to_its_share_of_the_side() -> None:
    shifts = centre_of(changed(ramp(), only(translation=0.25)))
    assert np.abs(shifts).max() <= 0.25 * SIDE + 1e-3
    assert np.abs(shifts).max() > 0.2 * SIDE, "the largest of 128 draws is near the limit"
    assert shifts.min() < 0 < shifts.max()


def test_zoom_scales_up_to_its_share() -> None:
    after = changed(ramp(), only(zoom=0.2))
    assert np.allclose(centre_of(after), 0, atol=1e-3), "the middle stays where it is"
    factors = 1 / spread_of(after)[:, 0]
    assert 0.8 - 1e-3 <= factors.min() < 0.85
    assert 1.15 < factors.max() <= 1.2 + 1e-3


def test_rotation_turns_up_to_its_share_of_a_full_turn() -> None:
    after = changed(ramp(), only(rotation=0.1))
    assert np.allclose(centre_of(after), 0, atol=1e-3), "the middle stays where it is"
    right, down = spread_of(after).T
    assert np.allclose(right**2 + down**2, 1, atol=1e-3), "a turn keeps lengths"
    turns = np.arctan2(down, right) / (2 * np.pi)
    assert -0.1 - 1e-4 <= turns.min() < -0.08
    assert 0.08 < turns.max() <= 0.1 + 1e-4


def test_brightness_shifts_up_to_its_share_of_white() -> None:
    grey = np.full((64, SIDE, SIDE, 3), 128, dtype=np.uint8)
    shifts = changed(grey, only(brightness=0.1))[:, 0, 0, 0] - 128
    assert 20 < np.abs(shifts).max() <= 25.5 + 1e-3


def test_contrast_stretches_around_the_mean() -> None:
    grey = np.clip(pictures(), 100, 156)  # far from black and white, so that nothing is cut off
    after = changed(grey, only(contrast=0.2))
    assert np.allclose(after.mean(axis=(1, 2)), grey.mean(axis=(1, 2)), atol=1e-2)
    factors = after.std(axis=(1, 2)) / grey.std(axis=(1, 2))
    assert 0.8 - 1e-3 <= factors.min() < 0.85
    assert 1.15 < factors.max() <= 1.2 + 1e-3


def test_stretch_changes_width_against_height_and_keeps_the_area() -> None:
    after = changed(ramp(), only(stretch=0.2))
    middle = SIDE // 2
    width = 1 / (after[:, middle, middle, 0] - after[:, middle, middle - 1, 0])
    height = 1 / (after[:, middle, middle, 1] - after[:, middle - 1, middle, 1])
    assert np.allclose(width * height, 1, atol=1e-3)
    assert 0.8 - 1e-3 <= (width / height).min() < 0.85
    assert 1.15 < (width / height).max() <= 1.2 + 1e-3


def test_saturation_keeps_each_pixels_grey_and_scales_its_distance_from_it() -> None:
    muted = np.clip(pictures(), 100, 156)
    after = changed(muted, only(saturation=0.3))
    grey = muted.mean(axis=3, keepdims=True)
    assert np.allclose(after.mean(axis=3, keepdims=True), grey, atol=1e-2)
    factors = np.abs(after - grey).sum(axis=(1, 2, 3)) / np.abs(muted - grey).sum(axis=(1, 2, 3))
    assert 0.7 - 1e-3 <= factors.min() < 0.8
    assert 1.2 < factors.max() <= 1.3 + 1e-3


def test_hue_turns_colours_around_the_greys() -> None:
    orange = np.tile(np.array([150, 128, 100], dtype=np.uint8), (64, SIDE, SIDE, 1))
    after = changed(orange, only(hue=0.1))[:, 0, 0]
    grey = orange[0, 0, 0].mean()
    assert np.allclose(after.mean(axis=1), grey, atol=1e-3), "a shift of brightness"
    before, now = orange[0, 0, 0] - grey, after - grey
    assert np.allclose(np.linalg.norm(now, axis=1), np.linalg.norm(before), atol=1e-2), "a change of saturation"
    turns = np.arccos(np.clip(now @ before / np.linalg.norm(before) ** 2, -1, 1)) / (2 * np.pi)
    assert 0.08 < turns.max() <= 0.1 + 1e-3
    third = changed(orange, only(hue=1 / 3), seed=3)[:, 0, 0]
    assert np.abs(third[:, 0] - 128).max() > 10, "colours must reach other channels"
    assert np.array_equal(changed(np.full_like(orange, 90), only(hue=0.5)).round(2), np.full(orange.shape, 90.0))


share = st.floats(0, 0.5, allow_subnormal=False)
everything = st.builds(
    only,
    flip=st.sampled_from(["none", "horizontal", "vertical", "both"]),
    rotation=share,
    translation=share,
    zoom=share,
    stretch=share,
    brightness=st.floats(0, 1, allow_subnormal=False),
    contrast=st.floats(0, 1, allow_subnormal=False),
    saturation=st.floats(0, 1, allow_subnormal=False),
    hue=share,
)


@settings(max_examples=30, deadline=None)
@given(everything, st.integers(0, 2**31 - 1), st.integers(0, 2**40))
def test_pixels_stay_pixels_and_repeat_exactly(params: OnlineParams, seed: int, step: int) -> None:
    first = changed(pictures(4), params, seed, step)
    assert first.shape == (4, SIDE, SIDE, 3)
    assert first.dtype == np.float32
    assert np.isfinite(first).all()
    assert -1e-3 <= first.min() <= first.max() <= 255 + 1e-3
    assert np.array_equal(first, changed(pictures(4), params, seed, step))


def test_other_seeds_and_steps_change_otherwise() -> None:
    params = only(flip="both", rotation=0.1, brightness=0.1)
    draws = [changed(pictures(), params, seed, step) for seed, step in ((0, 0), (0, 1), (1, 0), (1, 1))]
    for number, draw in enumerate(draws):
        assert not any(np.array_equal(draw, other) for other in draws[number + 1 :])
