"""Near-duplicates: the search loses no candidate, and changed copies of a picture are linked while others are not."""

import io
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance
from scipy.ndimage import gaussian_filter

from lesions.data.images import load_picture, perceptual_hash
from lesions.data.pixels import read_pixels, write_png
from lesions.preparation.groups import group_together
from lesions.preparation.near_duplicates import (
    COLUMNS,
    MIN_CORRELATION,
    ORIENTATIONS,
    candidate_pairs,
    correlate,
    details_of,
    hash_views,
    near_duplicates,
)

HASHES = st.lists(st.integers(0, 2**64 - 1), max_size=40).map(lambda numbers: [f"{n:016x}" for n in numbers])


def skin(seed: int, side: int = 128) -> Image.Image:
    """A picture with detail of every size, as skin has, and a dark spot in the middle, as most lesions are."""
    rng = np.random.default_rng(seed)
    scales = [gaussian_filter(rng.normal(size=(side, side)), sigma) * sigma for sigma in (1, 2, 4, 8, 16)]
    y, x = np.mgrid[:side, :side] - side / 2
    spot = np.hypot(y + rng.uniform(-9, 9), x + rng.uniform(-9, 9)) < side * rng.uniform(0.15, 0.3)
    grey = 170 + 60 * np.sum(scales, axis=0) - 70 * gaussian_filter(spot.astype(float), 2)
    tint = np.array([1.0, 0.8, 0.7])
    return Image.fromarray(np.clip(grey[..., None] * tint, 0, 255).astype(np.uint8))


def views(pixels: np.ndarray) -> list[np.ndarray]:
    """The pixels in each of ORIENTATIONS, said in another way than the module does."""
    found = []
    for transposed, upside_down, mirrored in ORIENTATIONS:
        view = np.swapaxes(pixels, 0, 1) if transposed else pixels
        view = np.flipud(view) if upside_down else view
        found.append(np.fliplr(view) if mirrored else view)
    return found


def brute_force(hashes: list[str], farthest: int) -> set[tuple[int, int, int]]:
    """Pairs and their distance in the nearest orientation, one by one."""
    seen = [[int(hash_views([text])[k, 0]) for k in range(8)] for text in hashes]
    nearest = {
        (a, b): min((seen[a][0] ^ other).bit_count() for other in seen[b]) for a, b in combinations(range(len(seen)), 2)
    }
    return {(a, b, distance) for (a, b), distance in nearest.items() if distance <= farthest}


def found(hashes: list[str], farthest: int) -> set[tuple[int, int, int]]:
    nearest = candidate_pairs(hashes, farthest).groupby(["a", "b"], as_index=False)["distance"].min()
    return set(nearest.itertuples(index=False, name=None))


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_the_hash_of_every_orientation_follows_from_the_hash_of_one(seed: int) -> None:
    """Otherwise a mirrored copy would be looked for under the wrong hash, and never be found."""
    pixels = np.random.default_rng(seed).integers(0, 256, (32, 32), dtype=np.uint8)
    derived = hash_views([perceptual_hash(Image.fromarray(pixels))])[:, 0]
    measured = [perceptual_hash(Image.fromarray(np.ascontiguousarray(view))) for view in views(pixels)]
    assert derived.tolist() == hash_views(measured)[0].tolist()


@settings(deadline=None)
@given(HASHES, st.integers(0, 64))
def test_the_search_finds_exactly_the_pairs_of_brute_force(hashes: list[str], farthest: int) -> None:
    assert found(hashes, farthest) == brute_force(hashes, farthest)


@settings(deadline=None, max_examples=25)
@given(HASHES.filter(bool), st.data())
def test_distance_is_the_same_from_both_sides_and_zero_for_a_turned_copy(
    hashes: list[str], data: st.DataObject
) -> None:
    view = data.draw(st.integers(0, 7))
    turned = f"{int.from_bytes(hash_views(hashes[:1])[view].tobytes(), 'big'):016x}"
    assert (0, len(hashes), 0) in found([*hashes, turned], 0)
    last = len(hashes) - 1
    assert {(last - b, last - a, d) for a, b, d in found(hashes[::-1], 20)} == found(hashes, 20)


def test_no_pair_is_lost_or_found_twice_where_the_search_goes_from_block_to_block() -> None:
    """Every pair in every orientation, of so many hashes that each core has several blocks in both directions."""
    digits = np.random.default_rng(0).bytes(8 * (2 * COLUMNS + 50)).hex()
    hashes = [digits[start : start + 16] for start in range(0, len(digits), 16)]
    seen = hash_views(hashes)
    expected = []
    for a in range(len(hashes)):
        distances = np.bitwise_count(seen[0, a] ^ seen[:, a + 1 :])
        expected += [(a, a + 1 + b, view, distances[view, b]) for b, view in np.argwhere(distances.T <= 15)]
    assert len(expected) > 1000
    assert list(candidate_pairs(hashes, 15).itertuples(index=False, name=None)) == expected


PLAIN_SKIN = (170, 136, 119)


def bluer(image: Image.Image) -> Image.Image:
    """Another white balance."""
    return Image.fromarray(np.clip(np.asarray(image) * np.array([0.8, 1.0, 1.3]), 0, 255).astype(np.uint8))


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "smaller JPEG": lambda image: image,
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.6),
    "less contrast": lambda image: ImageEnhance.Contrast(image).enhance(0.6),
    "bluer": bluer,
    "cropped by 4 %": lambda image: image.crop((5, 2, 126, 124)),
    "moved by 3 %": lambda image: image.rotate(0, translate=(4, -3), fillcolor=PLAIN_SKIN),
    "turned by 4 degrees": lambda image: image.rotate(4, Image.Resampling.BILINEAR, fillcolor=PLAIN_SKIN),
    "turned by 90 degrees": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "mirrored and turned": lambda image: image.transpose(Image.Transpose.TRANSVERSE),
}


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.Series]:
    """A folder of six pictures, each with a changed copy of every kind, and their hashes by the file's name."""
    folder = tmp_path_factory.mktemp("copies")
    hashes = {}
    for seed in range(6):
        for number, change in enumerate((lambda image: image, *CHANGES.values())):
            content = io.BytesIO()
            change(skin(seed)).resize((96, 96)).save(content, "JPEG", quality=80)
            picture = load_picture(content.getvalue(), 64)
            name = f"{seed}_{number}.png"
            write_png(folder / name, picture.pixels)
            hashes[name] = picture.phash
    return folder, pd.Series(hashes)


def test_changed_copies_are_linked_and_different_pictures_are_not(copies: tuple[Path, pd.Series]) -> None:
    """A copy that is not linked can stand in training and in the test; a wrong link ties strangers together."""
    folder, hashes = copies
    pairs = near_duplicates(hashes, lambda name: read_pixels(folder / name))
    linked = pairs[pairs["linked"]]
    assert (linked["a"].str[0] == linked["b"].str[0]).all(), "two different pictures are linked"
    of_original = set(linked.loc[linked["a"].str.endswith("_0.png"), "b"])
    missed = [
        kind
        for number, kind in enumerate(CHANGES, start=1)
        if sum(f"{seed}_{number}.png" in of_original for seed in range(6)) < 6
    ]
    assert not missed


def test_each_pair_stands_once_with_the_nearest_distance_and_in_the_order_of_the_table(
    copies: tuple[Path, pd.Series],
) -> None:
    folder, hashes = copies
    pairs = near_duplicates(hashes, lambda name: read_pixels(folder / name), max_distance=20)
    assert list(pairs.columns) == ["a", "b", "distance", "correlation", "linked"]
    assert not pairs.duplicated(["a", "b"]).any()
    order = [hashes.index.get_indexer(pd.Index(pairs[end])) for end in ("a", "b")]
    assert (order[0] < order[1]).all()
    assert pairs["distance"].between(0, 20).all()
    assert pairs["correlation"].between(-1, 1 + 1e-6).all()
    assert (pairs["linked"] == (pairs["correlation"] >= MIN_CORRELATION)).all()
    numbers = pairs.assign(a=order[0], b=order[1])
    assert set(numbers[["a", "b", "distance"]].itertuples(index=False, name=None)) == found(hashes.tolist(), 20)


def test_without_candidates_the_table_is_empty_and_nothing_is_read() -> None:
    def read(_: object) -> np.ndarray:
        raise AssertionError("a picture without a candidate was read")

    for hashes in ([], ["0" * 16], ["0" * 16, "0123456789abcdef"]):
        pairs = near_duplicates(pd.Series(hashes, dtype=str), read, max_distance=5)
        assert len(pairs) == 0
        assert list(pairs.columns) == ["a", "b", "distance", "correlation", "linked"]


def test_even_pictures_are_not_linked() -> None:
    """All blank pictures share a hash: they would otherwise become one large group that cannot be split."""
    even = {0: np.full((64, 64, 3), 200, np.uint8), 1: np.zeros((64, 64, 3), np.uint8)}
    phash = pd.Series({key: perceptual_hash(Image.fromarray(pixels)) for key, pixels in even.items()})
    pairs = near_duplicates(phash, even.__getitem__)
    assert len(pairs) == 1
    assert not pairs["linked"].any()


def test_a_dark_spot_in_the_same_place_is_no_link() -> None:
    """Most lesions are one dark spot in the middle: without a limit on large details all of them would correlate."""
    spot = np.hypot(*(np.mgrid[:64, :64] - 31.5)) < 8
    pixels = []
    for seed in (1, 2):
        texture = gaussian_filter(np.random.default_rng(seed).normal(size=(64, 64)), 1.5) * 20
        pixels.append(np.repeat((180 + texture - 110 * spot)[..., None], 3, axis=2).astype(np.uint8))
    first, second = (details_of(picture)[None] for picture in pixels)
    assert correlate(first, second)[0] < MIN_CORRELATION


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32), st.integers(-5, 5), st.integers(-5, 5))
def test_correlation_is_one_with_itself_symmetric_and_keeps_small_shifts(seed: int, down: int, right: int) -> None:
    details = details_of(np.asarray(skin(seed, 64)))[None]
    shifted = np.roll(details, (down, right), axis=(1, 2))
    assert correlate(details, details)[0] == pytest.approx(1, abs=1e-5)
    assert correlate(details, shifted)[0] > 0.75
    assert correlate(details, shifted)[0] == pytest.approx(correlate(shifted, details)[0], abs=0.05)


def test_copies_by_the_hundred_are_joined_without_comparing_each_with_each() -> None:
    """1,500 copies took minutes: a million pairs. One picture that is like all the others joins them as well."""
    pixels = {0: np.asarray(skin(0)), 1: np.asarray(skin(1))}
    for copy in range(2, 100):
        pixels[copy] = pixels[0].copy()
        pixels[copy][copy, copy] = copy
    hashes = pd.Series({number: perceptual_hash(Image.fromarray(array)) for number, array in pixels.items()})
    hashes[1] = hashes[0]  # a candidate, but another picture
    pairs = near_duplicates(hashes, pixels.__getitem__)
    linked = pairs[pairs["linked"]]
    assert set(linked["a"]) | set(linked["b"]) == {0, *range(2, 100)}
    positions = linked[["a", "b"]]
    assert len(set(group_together(100, [], positions))) == 2, "all copies are one group, the other picture another"
    assert len(pairs) < 3 * len(pixels)
