"""Data sets as people have them, made by the builders in ../shared/cases: each gives the classes that it holds."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lesions.datasets import read_layout
from lesions.preparation.masks import exclude_masks
from lesions.preparation.official_labels import check_labels, read_official_labels
from lesions.preparation.prepare import decode_all
from lesions.preparation.selection import choose_labels
from tests.data.cases import make_case
from tests.unit.preparation.test_splits import params

BCC = "basal_cell_carcinoma"
# case -> usable pictures by class and published split
CASES: dict[str, dict[tuple[str, str], int]] = {
    "kaggle_wrapper_folder": {
        ("melanoma", "test"): 3, ("melanoma", "train"): 8, ("nevus", "test"): 3, ("nevus", "train"): 8,
    },
    "train_dir_val_dir": {
        (BCC, "train"): 8, (BCC, "val"): 6, ("melanoma", "train"): 8, ("melanoma", "val"): 6, ("nevus", "train"): 8,
        ("nevus", "val"): 6,
    },
    "valid_folder": {
        ("melanoma", "test"): 5, ("melanoma", "train"): 8, ("melanoma", "val"): 5, ("nevus", "test"): 5,
        ("nevus", "train"): 8, ("nevus", "val"): 5,
    },
    "macosx_folder": {("melanoma", ""): 8, ("nevus", ""): 8},
    "unicode_folder_twice": {("melanoma", ""): 16, ("nevus", ""): 8},
    "numbered_class_names": {(BCC, ""): 8, ("benign_keratosis", ""): 8, ("melanoma", ""): 8, ("nevus", ""): 8},
    "masks_beside_pictures": {("melanoma", ""): 12, ("nevus", ""): 12},
    "utf16_table": {("melanoma", ""): 8, ("nevus", ""): 8},
    "decimal_comma": {("melanoma", "train"): 8, ("nevus", "train"): 8},
}  # fmt: skip


def prepared(case: str, folder: Path, **changes: Any) -> pd.DataFrame:
    make_case(case, folder / "set")
    (folder / "labels").mkdir()
    (folder / "prepared").mkdir()
    raw = check_labels(read_layout(folder / "set", "auto").table, read_official_labels(folder / "labels")).table
    pictures = exclude_masks(decode_all(raw, folder / "set", folder / "prepared", 32, 16), folder / "set")
    return choose_labels(pictures, params(**changes))


@pytest.mark.parametrize("case", CASES)
def test_a_data_set_as_people_have_it_is_read_right(case: str, tmp_path: Path) -> None:
    pictures = prepared(case, tmp_path)
    used = pictures[pictures["reason"] == ""]
    assert used.groupby(["label", "official_split"]).size().to_dict() == CASES[case]
    left_out = set(pictures.loc[pictures["reason"] != "", "reason"])
    assert left_out == {"macosx_folder": {"not an image"}, "masks_beside_pictures": {"mask"}}.get(case, set())


@pytest.mark.parametrize("classes", ["melanoma_or_not", "malignant_or_benign", "seven"])
def test_what_macos_leaves_is_no_class_under_any_map_of_classes(classes: str, tmp_path: Path) -> None:
    """No map of classes knows `macosx`: each stopped at it."""
    pictures = prepared("macosx_folder", tmp_path, classes=classes)
    assert (pictures["reason"] == "").sum() == 16
