"""Near-duplicates among real pictures: known pairs are linked, known strangers are not, changed copies are found."""

import io
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageEnhance

from lesions.data.images import load_picture
from lesions.data.pixels import read_pixels, write_png
from lesions.preparation.near_duplicates import near_duplicates
from studies.near_duplicates import NAMED_PAIRS, distinct_pictures, judged_pairs, named_pairs
from tests.conftest import REAL_PICTURES

SAMPLE = 40  # pictures that are changed and looked for


@pytest.fixture(scope="module")
def pictures() -> pd.DataFrame:
    folder = REAL_PICTURES / "data"
    if not (folder / "isic9").is_dir():
        pytest.skip(f"needs real pictures in {folder}/isic9 (set LESIONS_SHARED to the folder that holds data/)")
    return distinct_pictures(folder / "isic9", folder / "tables")


@pytest.fixture(scope="module")
def linked(pictures: pd.DataFrame) -> pd.DataFrame:
    pairs = judged_pairs(pictures, REAL_PICTURES / "data" / "isic9", 14)
    return pairs[pairs["linked"]]


def test_pairs_that_are_one_lesion_by_eye_are_linked(pictures: pd.DataFrame, linked: pd.DataFrame) -> None:
    """No id tells of them: unlinked, they could stand in training and in the test."""
    there = set(pictures["isic_id"])
    expected = {f"{a} / {b}" for a, b in NAMED_PAIRS if {a, b} <= there}
    assert set(named_pairs(linked)["pair"]) == expected


def test_no_link_joins_two_different_lesions(linked: pd.DataFrame) -> None:
    """Wrong links tie strangers into groups, until groups are too large to split."""
    counts = linked["truth"].value_counts()
    assert counts.get("false", 0) == 0
    assert counts["true"] >= 25, "pairs of one lesion that were found before are missed"
    assert counts["unknown"] <= 10, "links of unknown truth: look at them, then say so in docs/methods.md"


def changed(source: Path, rng: np.random.Generator) -> bytes:
    """A copy as another publisher might have made it: cropped, scaled, mirrored, brightened, compressed."""
    with Image.open(source) as opened:
        image = opened.convert("RGB")
    left, top, right, bottom = (int(rng.integers(0, 6)) for _ in range(4))
    image = image.crop((left, top, image.width - right, image.height - bottom)).resize((150, 150))
    image = image.transpose(Image.Transpose(int(rng.integers(0, 7))))
    image = ImageEnhance.Brightness(image).enhance(float(rng.uniform(0.75, 1.25)))
    content = io.BytesIO()
    image.save(content, "JPEG", quality=60)
    return content.getvalue()


def test_changed_copies_of_real_pictures_are_linked_to_them(
    shared: Path, pictures: pd.DataFrame, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    hashes = {}
    for number, source in enumerate(pictures["source"].sample(SAMPLE, random_state=0)):
        original = shared / "data" / "isic9" / source
        for name, content in ((f"{number}_original", original), (f"{number}_copy", changed(original, rng))):
            picture = load_picture(content, 64)
            write_png(tmp_path / f"{name}.png", picture.pixels)
            hashes[name] = picture.phash
    pairs = near_duplicates(pd.Series(hashes), partial(_read, tmp_path))
    linked = pairs[pairs["linked"]]
    right = linked["a"].str.partition("_")[0] == linked["b"].str.partition("_")[0]
    assert right.all()
    assert len(linked) >= 0.95 * SAMPLE


def _read(folder: Path, name: str) -> np.ndarray:
    return read_pixels(folder / f"{name}.png")
