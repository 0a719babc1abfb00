"""Decoding: every usable file gives the same upright RGB pixels, every other one a reason; copies share a hash."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from lesions.data.images import load_picture, perceptual_hash, pixel_hash, shades_of_gray
from lesions.data.manifest import REASONS
from lesions.data.picture_files import PictureError
from lesions.data.pixels import read_pixels, write_png
from tests.conftest import random_pixels

SMALL = arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3)))


def saved(tmp_path: Path, image: Image.Image, name: str, **options: object) -> Path:
    image.save(tmp_path / name, **options)  # type: ignore[arg-type]
    return tmp_path / name


def views(pixels: np.ndarray) -> list[np.ndarray]:
    turned = [np.rot90(pixels, k) for k in range(4)]
    return turned + [np.fliplr(view) for view in turned]


@given(SMALL)
def test_a_picture_and_its_turned_and_mirrored_copies_share_one_hash(pixels: np.ndarray) -> None:
    assert len({pixel_hash(Image.fromarray(view)) for view in views(pixels)}) == 1


@given(SMALL, SMALL)
def test_different_pictures_have_different_hashes(one: np.ndarray, other: np.ndarray) -> None:
    """A hash that ignored shape or position would throw usable pictures away as duplicates."""
    same = any(one.shape == view.shape and (one == view).all() for view in views(other))
    assert (pixel_hash(Image.fromarray(one)) == pixel_hash(Image.fromarray(other))) == same


def test_one_changed_pixel_changes_the_hash() -> None:
    pixels = random_pixels(1)
    changed = pixels.copy()
    changed[3, 4, 1] ^= 1
    assert pixel_hash(Image.fromarray(pixels)) != pixel_hash(Image.fromarray(changed))


def test_the_perceptual_hash_moves_little_under_compression_and_much_between_pictures(tmp_path: Path) -> None:
    pictures = [Image.fromarray(random_pixels(seed, 200, 200)) for seed in range(20)]
    hashes = [int(perceptual_hash(picture), 16) for picture in pictures]
    for number, picture in enumerate(pictures):
        again = Image.open(saved(tmp_path, picture, f"{number}.jpg", quality=60))
        assert (int(perceptual_hash(again), 16) ^ hashes[number]).bit_count() <= 8
    between = [(a ^ b).bit_count() for i, a in enumerate(hashes) for b in hashes[:i]]
    assert np.median(between) > 20


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "1", "LA", "YCbCr"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    image = Image.fromarray(random_pixels(2)).convert("L").convert(mode)
    suffix = "jpg" if mode in ("CMYK", "YCbCr") else "png"
    picture = load_picture(saved(tmp_path, image, f"a.{suffix}"), 32)
    assert picture.pixels.shape == (32, 32, 3)
    assert picture.pixels.dtype == np.uint8
    grey = np.asarray(Image.fromarray(random_pixels(2)).convert("L").resize((32, 32)), dtype=float)
    assert abs(picture.pixels.mean() - grey.mean()) < 12, "the brightness of the picture was lost on the way"


def test_sixteen_bits_are_scaled_not_clipped(tmp_path: Path) -> None:
    grey = np.asarray(Image.fromarray(random_pixels(3)).convert("L"))
    deep = Image.fromarray(grey.astype(np.uint16) * 257)
    eight, sixteen = saved(tmp_path, Image.fromarray(grey), "8.png"), saved(tmp_path, deep, "16.png")
    assert (load_picture(eight, 32).pixels == load_picture(sixteen, 32).pixels).all()


def test_an_exif_turn_is_applied(tmp_path: Path) -> None:
    upright = Image.fromarray(random_pixels(4, 40, 60))
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = saved(tmp_path, upright.transpose(Image.Transpose.ROTATE_90), "turned.png", exif=exif)
    straight = saved(tmp_path, upright, "straight.png")
    assert load_picture(lying, 32)[1:5] == load_picture(straight, 32)[1:5]
    assert (load_picture(lying, 32).width, load_picture(lying, 32).height) == (60, 40)
    assert (load_picture(lying, 32).pixels == load_picture(straight, 32).pixels).all()


def test_the_size_is_that_of_the_original_where_the_decoder_saves_work(tmp_path: Path) -> None:
    large = saved(tmp_path, Image.fromarray(random_pixels(5, 2100, 2800)), "large.jpg")
    picture = load_picture(large, 64)
    assert (picture.width, picture.height) == (2800, 2100)
    reference = np.asarray(Image.open(large).convert("RGB").resize((64, 64), Image.Resampling.LANCZOS), dtype=float)
    assert np.abs(picture.pixels - reference).mean() < 2, "decoding at a smaller scale changed the picture"


def test_a_prepared_picture_is_lossless(tmp_path: Path) -> None:
    pixels = random_pixels(6)
    write_png(tmp_path / "a.png", pixels)
    assert (read_pixels(tmp_path / "a.png") == pixels).all()


def jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(random_pixels(7, 120, 120)).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not an image"),
        (b"patient list, not a picture\n", "not an image"),
        (jpeg()[: len(jpeg()) // 2], "unreadable"),
        (jpeg()[:40], "unreadable"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "unreadable"),
    ],
    ids=["empty", "text", "half", "head", "broken-png"],
)
def test_a_file_without_a_picture_has_a_reason_and_no_path_in_it(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(PictureError) as error:
        load_picture(path, 32)
    assert error.value.reason in REASONS
    if reason == "not an image" or content == jpeg()[: len(jpeg()) // 2]:
        assert error.value.reason == reason
    assert str(tmp_path) not in error.value.detail
    assert "0x" not in error.value.detail
    assert "\n" not in error.value.detail


def test_a_decompression_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    bomb = saved(tmp_path, Image.new("1", (20_000, 6_000)), "bomb.png")
    with pytest.raises(PictureError, match="more than 100,000,000 pixels"):
        load_picture(bomb, 32)


@settings(deadline=None)
@given(st.binary(max_size=300), st.integers(0, 600))
def test_damage_anywhere_in_a_file_never_ends_the_run(noise: bytes, place: int) -> None:
    """Any exception but PictureError would stop a run of thousands of pictures at one bad file."""
    content = jpeg()
    try:
        load_picture(content[:place] + noise + content[place + len(noise) :], 32)
    except PictureError as error:
        assert error.reason in REASONS


def test_shades_of_gray_takes_out_the_colour_of_the_light() -> None:
    """A picture under warm light and the same one under cold light must come out alike, or nearly."""
    scene = random_pixels(8).astype(float) * 0.6
    warm, cold = (np.clip(scene * light, 0, 255).astype(np.uint8) for light in ((1.2, 1.0, 0.7), (0.8, 1.0, 1.3)))
    assert np.abs(warm.astype(float) - cold).mean() > 20
    assert np.abs(shades_of_gray(warm).astype(float) - shades_of_gray(cold)).mean() < 2


@given(st.integers(0, 255))
def test_shades_of_gray_leaves_grey_as_it_is(level: int) -> None:
    grey = np.full((4, 4, 3), level, dtype=np.uint8)
    assert (shades_of_gray(grey) == grey).all()


def test_colour_constancy_changes_the_pixels_and_not_the_identity(tmp_path: Path) -> None:
    """Duplicates and splits must not depend on a correction of colours."""
    path = saved(tmp_path, Image.fromarray(random_pixels(9)), "a.png")
    plain, corrected = load_picture(path, 32), load_picture(path, 32, "shades_of_gray")
    assert (plain.pixels != corrected.pixels).any()
    assert plain[1:5] == corrected[1:5]
    assert (plain.grey == corrected.grey).all()
