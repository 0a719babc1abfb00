"""The audit: leaks are counted, confounds show, foreign pictures stand out, and ordinary ones do not."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from sklearn.datasets import load_sample_images

from lesions.data.pixels import read_pixels, write_png
from lesions.demo.draw import draw
from lesions.preparation.audit import (
    audit,
    cramers_v,
    neighbour_distance_ratio,
    picture_statistics,
    robust_z,
    size_ratio,
)
from lesions.preparation.leakage import leakage_counts

SIDE = 64
NO_PAIRS = pd.DataFrame({"a": [], "b": []}, dtype=int)
CLASSES = ("melanoma", "nevus", "dermatofibroma", "vascular lesion")


def table(n: int, **columns: list[str]) -> pd.DataFrame:
    """A table of n different raw pictures in use, with the columns given instead of the usual ones."""
    usual = {
        "source": [f"{k:03}.jpg" for k in range(n)],
        "label": ["nevus", "melanoma"] * (n // 2) + ["nevus"] * (n % 2),
        "sha256": [f"hash {k}" for k in range(n)],
        **{name: [""] * n for name in ("isic_id", "lesion", "official_lesion", "patient", "official_split", "reason")},
        "split": ["train"] * n,
        "origin": [""] * n,
        "width": [180] * n,
        "height": [180] * n,
    }
    return pd.DataFrame({**usual, **columns})


def shared(found: pd.DataFrame, split: str) -> dict[str, int]:
    rows = found[found["split"] == split]
    return dict(zip(rows["kind"], rows["n_shared"], strict=True))


def foreign_pictures() -> dict[str, Image.Image]:
    """What turns up in folders of lesions and is none."""
    landscape, flower = (Image.fromarray(image) for image in load_sample_images().images)
    chart = Image.new("RGB", (300, 300), "white")
    pen = ImageDraw.Draw(chart)
    for number, (colour, height) in enumerate((("#0072B2", 200), ("#E69F00", 120), ("#009E73", 60), ("#D55E00", 250))):
        pen.rectangle((30 + 60 * number, 290 - height, 70 + 60 * number, 290), fill=colour)
    letter = Image.new("RGB", (300, 300), "white")
    for line in range(10, 290, 14):
        ImageDraw.Draw(letter).text((10, line), "histology: compound nevus, margins clear. " * 2, fill="black")
    blue = np.random.default_rng(0).normal((30, 60, 200), 20, (200, 200, 3)).clip(0, 255).astype(np.uint8)
    return {
        "landscape": landscape,
        "flower": flower,
        "chart": chart,
        "letter": letter,
        "blue": Image.fromarray(blue),
        "cap": Image.new("RGB", (200, 200), (3, 2, 2)),
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepared pictures 0.png ...: 80 synthetic lesions, then the foreign pictures."""
    folder = tmp_path_factory.mktemp("prepared")
    lesions = [Image.fromarray(draw(CLASSES[k % len(CLASSES)], f"audit {k}")) for k in range(80)]
    for number, image in enumerate([*lesions, *foreign_pictures().values()]):
        small = image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        write_png(folder / f"{number}.png", np.asarray(small))
    return folder


def read(folder: Path, row: int) -> np.ndarray:
    return read_pixels(folder / f"{row}.png")


def test_foreign_pictures_are_listed_and_lesions_are_not(folder: Path) -> None:
    """A landscape or a letter with a patient's name among the lesions would be trained on unseen."""
    names = [f"lesion {k}" for k in range(80)] + list(foreign_pictures())
    found = audit(table(len(names), source=names), NO_PAIRS, partial(read, folder))
    assert {"landscape", "flower", "chart", "blue"} <= set(found.off_domain["source"])
    assert set(found.colourless["source"]) >= {"letter", "cap"}
    assert found.blank["source"].tolist() == ["cap"]
    assert "blue" in set(found.odd_colour["source"])
    listed = set(found.off_domain["source"]) | set(found.colourless["source"]) | set(found.blank["source"])
    assert len(listed - set(foreign_pictures())) <= 2, "ordinary lesions bury the foreign pictures"
    assert found.off_domain["score"].is_monotonic_decreasing


def test_only_pictures_in_use_are_read(folder: Path) -> None:
    pictures = table(20, reason=["unreadable"] * 3 + [""] * 17, official_split=["test", "train"] * 10)
    pictures.index = pd.Index([900, 901, 902, *range(17)])  # 900.png is not there
    found = audit(pictures, NO_PAIRS, partial(read, folder))
    assert len(found.blank) == 0
    assert found.by_size.to_numpy().sum() == found.dark_corners["n"].sum() == 17


def test_an_empty_table_has_empty_findings() -> None:
    found = audit(table(0), NO_PAIRS, partial(read, Path()))
    assert len(found.leakage) == len(found.off_domain) == 0
    assert found.association == {"origin": None, "size": None, "dark_corners": None}


def test_a_class_from_another_collection_shows(folder: Path) -> None:
    origin = ["HAM10000", "other"] * 10  # as the labels alternate
    found = audit(table(20, origin=origin), NO_PAIRS, partial(read, folder))
    assert found.association["origin"] is not None and found.association["origin"] > 0.85
    assert found.by_origin.loc["nevus", "HAM10000"] == 10
    assert found.by_origin.loc["melanoma", "HAM10000"] == 0


def test_contamination_counts_each_kind_and_each_test_picture_once() -> None:
    pictures = table(
        6,
        official_split=["test", "test", "test", "train", "train", "train"],
        sha256=["A", "B", "C", "A", "E", "F"],
        lesion=["L1", "L2", "", "L1", "L2", ""],
        reason=["", "", "", "exact duplicate", "", ""],
        split=["test", "test", "train", "", "train", "train"],
    )
    near = pd.DataFrame({"a": [2], "b": [5]})
    found = leakage_counts(pictures, near)
    assert shared(found, "official") == {"picture": 1, "lesion": 2, "patient": 0, "near-duplicate": 1, "any": 3}
    assert shared(found, "ours") == {"picture": 0, "lesion": 1, "patient": 0, "near-duplicate": 0, "any": 1}
    assert found[found["split"] == "official"].set_index("kind")["at_least"].to_dict() == {
        "picture": False,
        "lesion": True,
        "patient": True,
        "near-duplicate": False,
        "any": True,
    }


def test_with_all_ids_known_the_counts_are_exact() -> None:
    pictures = table(4, split=["test", "train", "train", "val"], lesion=list("abcd"), patient=["p", "q", "r", "p"])
    found = leakage_counts(pictures, NO_PAIRS)
    assert not found["at_least"].any()
    assert shared(found, "ours")["patient"] == 1, "a test picture shares a patient with validation"
    assert "official" not in set(found["split"])
    pictures.loc[2, "lesion"] = ""  # of a training picture: it may be a test picture's lesion
    assert leakage_counts(pictures, NO_PAIRS).set_index("kind")["at_least"].to_dict()["lesion"]


def test_unreadable_files_share_nothing() -> None:
    """Their empty hashes are equal, which does not make them the same picture."""
    pictures = table(2, sha256=["", ""], official_split=["test", "train"], reason=["unreadable"] * 2)
    assert leakage_counts(pictures, NO_PAIRS).empty


@pytest.mark.parametrize(("corners", "expected"), [(0, False), (1, False), (2, True), (4, True)])
def test_dark_corners_are_two_or_more(corners: int, expected: bool) -> None:
    pixels = np.full((SIDE, SIDE, 3), 180, np.uint8)
    for row, column in [(0, 0), (0, -8), (-8, -8), (-8, 0)][:corners]:
        pixels[row : row + 8 or None, column : column + 8 or None] = 10
    assert picture_statistics(pixels).dark_corners is expected


def test_a_dark_lesion_or_a_black_picture_has_no_dark_corners() -> None:
    lesion = np.full((SIDE, SIDE, 3), 180, np.uint8)
    lesion[16:48, 16:48] = 30
    assert not picture_statistics(lesion).dark_corners
    assert not picture_statistics(np.zeros((SIDE, SIDE, 3), np.uint8)).dark_corners


def test_a_rare_kind_of_picture_is_not_foreign_but_a_single_one_is() -> None:
    rng = np.random.default_rng(0)
    common, rare, single = rng.normal(0, 10, (60, 9)), rng.normal(90, 10, (8, 9)), rng.normal(-90, 10, (1, 9))
    scores = neighbour_distance_ratio(np.concatenate([common, rare, single]).astype(np.float32))
    assert (scores[:-1] < 3).all()
    assert scores[-1] > 3


@settings(deadline=None)
@given(st.integers(0, 12))
def test_few_or_equal_pictures_are_not_foreign(n: int) -> None:
    assert (neighbour_distance_ratio(np.zeros((n, 3), np.float32)) <= 1).all()


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.floats(0.1, 100), st.floats(-1e3, 1e3))
def test_robust_z_does_not_depend_on_unit_and_origin(values: list[float], unit: float, origin: float) -> None:
    column = np.round(np.array(values)[:, None])
    scores = robust_z(column)
    assert np.isfinite(scores).all() and (scores >= 0).all()
    assert robust_z(column * unit + origin) == pytest.approx(scores, rel=1e-3, abs=1e-3)


def test_a_strip_and_a_stamp_are_odd_sizes() -> None:
    width, height = pd.Series([600] * 9 + [600, 60]), pd.Series([450] * 9 + [100, 45])
    ratio = size_ratio(width, height)
    assert (ratio[:9] == 1).all()
    assert ratio[9:] == pytest.approx([4.5, 100])


def test_cramers_v_is_zero_for_independence_one_for_identity_and_unknown_for_one_column() -> None:
    assert cramers_v(pd.DataFrame([[10, 20], [20, 40]])) == pytest.approx(0)
    assert cramers_v(pd.DataFrame([[10, 0], [0, 10]])) == pytest.approx(1)
    assert cramers_v(pd.DataFrame([[10], [20]])) is None
