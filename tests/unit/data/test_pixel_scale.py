"""A picture keeps its grey levels whatever the numbers it is stored in, or is left out with the reason: never black."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lesions.data.decoding import decode
from lesions.data.picture_files import PictureError
from tests.conftest import random_pixels
from tests.unit.data.picture_writers import Order, png, tiff

BITS = st.integers(9, 16)
CHANNELS = st.sampled_from([1, 3, 4])
ORDERS = st.sampled_from("<>")


def levels(channels: int = 1) -> np.ndarray:
    """(40, 50, channels) in [0, 1], the largest 1; opaque where there is alpha."""
    pixels = random_pixels(1, 40, 50)[..., [0, 1, 2, 2]][..., :channels] / 255
    pixels[0, 0] = 1
    if channels == 4:
        pixels[..., 3] = 1
    return pixels


def decoded(content: bytes) -> np.ndarray:
    return np.asarray(decode(content)[0], dtype=float)


def expected(channels: int) -> np.ndarray:
    return np.broadcast_to(levels(channels)[..., :3] * 255, (40, 50, 3))


def refusal(content: bytes) -> str:
    with pytest.raises(PictureError) as error:
        decode(content)
    return str(error.value)


@given(BITS, CHANNELS, ORDERS)
def test_a_tiff_is_on_the_scale_that_it_declares(bits: int, channels: int, order: Order) -> None:
    """12 bits stored in 16 would else be nearly black."""
    top = 2**bits - 1
    content = tiff((levels(channels) * top).round().astype(np.uint16), order, {281: top})
    assert np.abs(decoded(content) - expected(channels)).max() <= 1.01


@given(BITS, CHANNELS)
def test_a_png_is_on_the_scale_that_it_declares(bits: int, channels: int) -> None:
    top = 2**bits - 1
    stored = (levels(channels) * top).round().astype(np.uint16)
    content = png(stored, (b"sBIT", bytes([bits] * channels)))
    assert np.abs(decoded(content) - expected(channels)).max() <= 1.01


@given(BITS, CHANNELS)
def test_a_png_that_is_scaled_as_its_standard_says_stays_as_it_is(bits: int, channels: int) -> None:
    """The standard wants significant bits at the top: dividing such values by 2**bits would make all white."""
    stored = (levels(channels) * (2**bits - 1)).round().astype(np.uint16) << (16 - bits)
    content = png(stored, (b"sBIT", bytes([bits] * channels)))
    assert np.abs(decoded(content) - expected(channels)).max() <= 2


@given(st.integers(1, 4), CHANNELS, ORDERS)
def test_few_bits_in_a_byte_are_on_the_scale_that_the_file_declares(bits: int, channels: int, order: Order) -> None:
    top = 2**bits - 1
    stored = (levels(channels) * top).round().astype(np.uint8)
    kept = np.broadcast_to(stored[..., :3] * (255 / top), (40, 50, 3))
    if channels < 4:
        assert np.abs(decoded(tiff(stored, order, {281: top})) - kept).max() <= 1
        assert np.abs(decoded(png(stored, (b"sBIT", bytes([bits] * channels)))) - kept).max() <= 1


@given(st.integers(9, 13), CHANNELS, ORDERS)
def test_a_scale_that_is_mostly_unused_and_undeclared_is_a_reason(bits: int, channels: int, order: Order) -> None:
    stored = (levels(channels) * (2**bits - 1)).round().astype(np.uint16)
    if channels == 4:
        stored[..., 3] = 65535
    for content in (tiff(stored, order), png(stored)):
        assert "no contrast: the largest value is at" in refusal(content)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int16, np.int32, np.float32])
def test_every_kind_of_number_over_its_whole_scale_keeps_its_grey_levels(order: Order, kind: type) -> None:
    top = 1.0 if kind is np.float32 else float(np.iinfo(kind).max)
    stored: np.ndarray = (levels() * top).astype(kind)
    assert np.abs(decoded(tiff(stored, order)) - expected(1)).max() <= 1


def test_unsigned_32_bits_are_no_negative_numbers() -> None:
    stored = (levels() * (2.0**32 - 1)).astype(np.uint32)
    assert np.abs(decoded(tiff(stored)) - expected(1)).max() <= 1


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_white_is_zero_is_not_a_negative(order: Order, kind: type) -> None:
    top = 1.0 if kind is np.float32 else float(np.iinfo(kind).max)
    try:
        pixels = decoded(tiff(((1 - levels()) * top).astype(kind), order, {262: 0}))
    except PictureError as error:  # Pillow does not read every combination
        assert error.detail.startswith("damaged, or of a kind")
        return
    assert np.abs(pixels - expected(1)).max() <= 1


@settings(deadline=None)
@given(st.floats(0.3, 1), st.sampled_from([0.0, np.nan]))
def test_floats_within_0_and_1_are_grey_levels_as_they_are(largest: float, hole: float) -> None:
    """Neither stretched to the largest value, nor spoilt by a hole without a number."""
    stored = (levels() * largest).astype(np.float32)
    stored[3, 4] = hole
    target = expected(1) * largest
    target[3, 4] = 0
    assert np.abs(decoded(tiff(stored)) - target).max() <= 1


@pytest.mark.parametrize(("low", "high"), [(0, 255), (-1, 1), (0, 1.5), (0, np.inf), (1000, 60000)])
def test_other_floats_have_no_known_scale(low: float, high: float) -> None:
    stored = np.interp(levels(), (0, 1), (low, min(high, 1e30))).astype(np.float32)
    stored[5, 5] = high
    assert "their scale is unknown: divide them" in refusal(tiff(stored))


def test_floats_with_a_declared_scale_are_on_it() -> None:
    assert np.abs(decoded(tiff((levels() * 255).astype(np.float32), tags={281: 255})) - expected(1)).max() <= 1


def test_whole_numbers_of_32_bits_that_only_reach_255_are_a_reason() -> None:
    """Scientific programs save 8 bits in 32: nothing in the file says so."""
    assert "no contrast" in refusal(tiff((levels() * 255).astype(np.int32)))


@given(st.sampled_from(["L", "RGB", "RGBA", "P", "CMYK", "YCbCr", "LAB", "I;16", "F", "1"]), st.integers(0, 255))
def test_a_constant_picture_is_a_reason(mode: str, level: int) -> None:
    buffer = io.BytesIO()
    values = {"I;16": level * 257, "F": level / 255}.get(mode, level)
    colour = values if mode in ("L", "I;16", "F", "P", "1") else (level,) * len(Image.new(mode, (1, 1)).getbands())
    Image.new(mode, (30, 30), colour).save(buffer, "TIFF")
    assert "no contrast: every pixel is the same" in refusal(buffer.getvalue())


def test_one_bright_or_other_pixel_is_enough() -> None:
    """Most pixels of a large picture are looked at only where a sample shows nothing."""
    pixels = np.full((900, 900, 3), 20, np.uint8)
    pixels[511, 333, 1] = 60
    assert (decoded(png(pixels)) == pixels).all()


def test_what_is_transparent_all_over_is_a_reason() -> None:
    pixels = (levels(4) * 255).astype(np.uint8)
    pixels[..., 3] = 0
    assert "every pixel is the same" in refusal(png(pixels))


def test_lab_becomes_rgb() -> None:
    """Pillow alone refuses to convert it."""
    lab = np.zeros((40, 50, 3), np.uint8)
    lab[..., 0] = levels()[..., 0] * 255
    content = tiff(lab, tags={262: 8})
    pixels = decoded(content)
    assert np.ptp(pixels, axis=2).max() <= 2, "grey became coloured"
    assert pixels.max() > 250 > 10 > pixels.min()


def test_a_mask_of_classes_is_no_photograph() -> None:
    assert "no contrast" in refusal(png((levels() * 7).astype(np.uint8)))
