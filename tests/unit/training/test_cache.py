"""Pictures in memory and on disk: the same pixels, the same hash; and the choice between them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lesions.data.pixels import read_pixels
from lesions.training import cache as picture_cache
from lesions.training.cache import (
    Cache,
    PicturesOnDisk,
    content_hash,
    digest_of,
    fits_in_memory,
    free_memory,
    hash_of_digests,
)
from tests.conftest import random_pixels

PIXELS = np.stack([random_pixels(seed, 32, 32) for seed in range(9)])


@pytest.fixture
def stored(tmp_path: Path) -> PicturesOnDisk:
    paths = [tmp_path / f"{number}.png" for number in range(len(PIXELS))]
    for path, pixels in zip(paths, PIXELS, strict=True):
        Image.fromarray(pixels).save(path)
    return PicturesOnDisk(paths, 32, read_pixels, hash_of_digests([digest_of(pixels) for pixels in PIXELS]))


def test_on_disk_behaves_as_the_array(stored: PicturesOnDisk) -> None:
    members = np.array([3, 0, 3, 8])
    assert np.array_equal(stored[members], PIXELS[members])
    assert stored.shape == PIXELS.shape
    assert content_hash(stored) == content_hash(PIXELS), "else a run could not go on with another train.cache"


def test_the_hash_sees_one_pixel_and_the_order() -> None:
    changed = PIXELS.copy()
    changed[4, 7, 7, 1] ^= 1
    mirrored = PIXELS[:, :, ::-1]  # the hash that finds duplicates is blind to this one
    assert len({content_hash(pixels) for pixels in (PIXELS, changed, PIXELS[::-1], mirrored)}) == 4


@pytest.mark.parametrize(
    ("cache", "free", "expected"),
    [
        ("auto", 2 * PIXELS.nbytes, True),
        ("auto", 2 * PIXELS.nbytes - 1, False),
        ("auto", None, True),
        ("memory", 0, True),
        ("none", 10**12, False),
    ],
)
def test_what_decides_on_memory(
    monkeypatch: pytest.MonkeyPatch, cache: Cache, free: int | None, expected: bool
) -> None:
    monkeypatch.setattr(picture_cache, "free_memory", lambda: free)
    assert fits_in_memory(len(PIXELS), 32, cache) is expected


def test_the_limit_of_a_container_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Inside one, the system tells the memory of the whole computer; taking half of that would be killed."""
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(picture_cache, "LIMITS", (str(limit), str(tmp_path / "absent")))
    whole = free_memory()
    assert whole is not None
    limit.write_text("max\n")
    assert free_memory() > 1000  # type: ignore[operator]
    limit.write_text("1000\n")
    assert free_memory() == 1000
