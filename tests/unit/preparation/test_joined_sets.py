"""Joined data sets: a picture of two is used once, classes are those that all allow, and splits show each origin."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lesions.data.diagnoses import DIAGNOSES, common_classes, compatible
from lesions.preparation.joined_sets import in_common_classes, overlap, same_by_id, same_by_pixels
from lesions.preparation.selection import assign, choose_labels
from tests.unit.preparation.test_selection import table
from tests.unit.preparation.test_splits import params

NO_PAIRS = pd.DataFrame({"a": [], "b": [], "correlation": []}).astype({"a": int, "b": int})
HAM = {"akiec", "benign_keratosis", "melanoma", "nevus"}
NINE = {"actinic_keratosis", "squamous_cell_carcinoma", "seborrheic_keratosis", "melanoma", "nevus"}


def joined(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Usable pictures of several sets, each with pixels of its own unless said."""
    usual = {
        "label": "nevus", "problem": "", "official_label": "", "official_split": "", "isic_id": "", "table_id": "",
        "reason": "", "patient": "", "lesion": "", "official_lesion": "", "modality": "", "origin": "",
    }  # fmt: skip
    pictures = table([{**usual, "pixels": number, **row} for number, row in enumerate(rows)])
    pictures["dataset"] = [str(row["dataset"]) for row in rows]
    pictures["width"] = [row.get("width", 100) for row in rows]
    return pictures.assign(
        origin=pictures["dataset"], phash=[sha256(str(n).encode()).hexdigest()[:16] for n in range(len(rows))]
    )


@pytest.mark.parametrize(
    ("sets", "expected"),
    [
        ([HAM, NINE], {
            "akiec": "akiec", "actinic_keratosis": "akiec", "squamous_cell_carcinoma": "akiec",
            "benign_keratosis": "benign_keratosis", "seborrheic_keratosis": "benign_keratosis",
            "melanoma": "melanoma", "nevus": "nevus",
        }),
        ([{"akiec", "scc_or_keratoacanthoma"}], {
            "akiec": "akiec", "scc_or_keratoacanthoma": "scc_or_keratoacanthoma",
        }),
        ([{"akiec"}, {"scc_or_keratoacanthoma"}], dict.fromkeys(
            ("akiec", "scc_or_keratoacanthoma"), "akiec_or_scc_or_keratoacanthoma",
        )),
        ([{"nevus", "scar"}, {"nevus", "wart"}], {"nevus": "nevus", "scar": "scar", "wart": "wart"}),
    ],
)  # fmt: skip
def test_classes_are_the_finest_that_all_sets_allow(sets: list[set[str]], expected: Mapping[str, str]) -> None:
    assert common_classes(sets) == expected


@given(st.lists(st.sets(st.sampled_from(sorted(DIAGNOSES)), min_size=1), min_size=1, max_size=4))
def test_no_diagnosis_is_in_two_classes_of_different_sets(sets: list[set[str]]) -> None:
    """A picture of the one could then bear the label of the other, and teach the wrong class."""
    classes = common_classes(sets)
    assert set(classes) == set().union(*sets)
    for one in classes:
        for other in classes:
            apart = not any({one, other} <= labels for labels in sets)
            assert classes[one] == classes[other] or not (apart and compatible(one, other))


def test_what_would_merge_known_diagnoses_is_left_out_and_counted() -> None:
    """All benign lesions in one class, or the melanomas of a set without its other lesions, would tell the set."""
    pictures = joined(
        [
            *[{"dataset": "ham", "label": label} for label in ("nevus", "akiec", "melanoma")],
            *[{"dataset": "siim", "label": label} for label in ("not_melanoma", "not_melanoma", "melanoma")],
            *[{"dataset": "archive", "label": label} for label in ("nevus", "melanoma", "benign")],
            {"dataset": "archive", "label": "malignant", "official_label": "basal_cell_carcinoma"},
        ]
    )
    found = in_common_classes(pictures)
    left_out = found[found["reason"] != ""]
    assert set(left_out["reason"]) == {"label too coarse"}
    assert left_out["detail"].tolist() == [
        "not melanoma; siim mostly tells no diagnosis",
        "not melanoma; siim mostly tells no diagnosis",
        "melanoma; siim mostly tells no diagnosis",
        "benign",
    ]
    assert found["label"].iloc[-1] == "basal_cell_carcinoma", "a finer official label is taken"
    only_coarse = in_common_classes(pictures[pictures["label"].isin(["benign", "not_melanoma"])])
    assert set(only_coarse["reason"]) == {""}, "where no set knows more, nothing is too coarse"


def test_a_picture_of_two_sets_is_used_once_by_id_and_by_pixels() -> None:
    pictures = joined(
        [
            {"dataset": "ham", "isic_id": "ISIC_1", "label": "akiec"},
            {"dataset": "nine", "isic_id": "ISIC_1", "label": "actinic_keratosis", "width": 600},
            {"dataset": "ham"},
            {"dataset": "ours", "isic_id": "ISIC_2"},
            {"dataset": "ours", "isic_id": "ISIC_2"},
            *({"dataset": "ham", "label": label} for label in ("akiec", "nevus") for _ in range(4)),
        ]
    )
    near = pd.DataFrame([(2, 3, 0.97), (5, 6, 0.99), (2, 4, 0.9)], columns=["a", "b", "correlation"])
    setting = params(min_class_groups=3)
    found = assign(choose_labels(pictures, setting), near, setting)
    assert found["reason"].tolist()[:5] == ["in another data set too", "", "", "in another data set too", ""]
    assert found["detail"].tolist()[0] == "same picture as 001.jpg", "the larger one is used"
    assert set(found["reason"][5:]) == {""}, "within one set near-duplicates only group"
    assert found.loc[1, "label"] == "akiec"


def test_pictures_of_two_sets_whose_labels_exclude_each_other_are_conflicts() -> None:
    rows = [
        {"dataset": "one", "isic_id": "ISIC_1", "label": "nevus"},
        {"dataset": "two", "isic_id": "ISIC_1", "label": "melanoma"},
    ]
    found = choose_labels(joined(rows), params())
    assert set(found["reason"]) == {"label conflict"}


def test_pairs_are_positions_and_only_across_sets() -> None:
    rows = [
        {"dataset": name, "isic_id": isic_id} for name, isic_id in zip("aabbc", ["x", "x", "x", "", "y"], strict=True)
    ]
    pictures = joined(rows).set_axis(range(10, 15))
    assert same_by_id(pictures).to_numpy().tolist() == [[0, 1], [0, 2]]
    near = pd.DataFrame([(10, 11, 1.0), (11, 13, 1.0), (12, 14, 0.8), (10, 99, 1.0)], columns=["a", "b", "correlation"])
    assert same_by_pixels(pictures, near).to_numpy().tolist() == [[1, 3]]
    assert same_by_pixels(pictures, NO_PAIRS).empty


def test_each_origin_of_a_class_is_in_every_split() -> None:
    """Were the test of a class all from one origin, its score would be that of telling origins apart."""
    sizes = {("ham", "nevus"): 60, ("ham", "melanoma"): 20, ("nine", "melanoma"): 20, ("nine", "nevus"): 20}
    pictures = joined([{"dataset": name, "label": label} for (name, label), n in sizes.items() for _ in range(n)])
    setting = params(test_fraction=0.2, val_fraction=0.2)
    found = assign(choose_labels(pictures, setting), NO_PAIRS, setting)
    counts = found.groupby(["origin", "label", "split"]).size().unstack()
    assert (counts["test"] / counts.sum(axis=1)).between(0.15, 0.25).all()
    assert (counts["val"] > 0).all()


def test_overlap_counts_what_two_sets_share() -> None:
    rows = [
        {"dataset": "ham", "isic_id": "ISIC_1", "lesion": "HAM_1"},
        {"dataset": "ham", "isic_id": "ISIC_2", "lesion": "HAM_2"},
        {"dataset": "nine", "isic_id": "ISIC_1", "official_lesion": "HAM_1"},
        {"dataset": "nine", "isic_id": "ISIC_1", "official_lesion": "HAM_1"},
        {"dataset": "nine", "isic_id": "ISIC_3", "official_lesion": "HAM_2"},
        {"dataset": "nine", "isic_id": "ISIC_4"},
        {"dataset": "ours"},
    ]
    near = pd.DataFrame([(0, 2, 1.0), (1, 5, 0.97), (1, 4, 0.85)], columns=["a", "b", "correlation"])
    assert overlap(joined(rows), near).to_numpy().tolist() == [
        ["ham", "nine", 1, 1, 2],
        ["ham", "ours", 0, 0, 0],
        ["nine", "ours", 0, 0, 0],
    ]
