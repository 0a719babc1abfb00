"""Classes: names and codes, which contains which, and maps onto fewer classes."""

import pandas as pd
import pytest

from lesions.data.diagnoses import (
    CLASS_MAPS,
    DIAGNOSES,
    NAMES,
    SUBTYPES,
    class_of,
    coarser,
    compatible,
    diagnosis,
    finer,
    known_class,
    merge_classes,
    slug,
)
from lesions.runtime.console import UserError

NINE = (
    "actinic_keratosis", "basal_cell_carcinoma", "dermatofibroma", "melanoma", "nevus",
    "pigmented_benign_keratosis", "seborrheic_keratosis", "squamous_cell_carcinoma", "vascular_lesion",
)  # fmt: skip
HAM = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")


def merged(labels: tuple[str, ...], how: str | dict[str, str | None]) -> list[str]:
    return merge_classes(pd.Series(labels), how).tolist()


def test_slugs_are_safe_in_paths_and_columns() -> None:
    assert slug("Pigmented  benign-keratosis (PBK)") == "pigmented_benign_keratosis_pbk"
    with pytest.raises(ValueError, match="no letter"):
        slug("--")


def test_a_class_of_the_users_own_has_a_name_and_unknown_malignancy() -> None:
    assert diagnosis("blue_nevus") == ("blue_nevus", "blue nevus", "blue nevus", "unknown")
    assert diagnosis("melanoma").malignancy == "malignant"
    assert diagnosis("akiec").malignancy == diagnosis("actinic_keratosis").malignancy == "indeterminate"


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("nv", "nevus"), ("NV", "nevus"), ("Melanocytic nevi", "nevus"), ("mole", "nevus"), ("Nevus", "nevus"),
        ("AK", "actinic_keratosis"), ("AKIEC", "akiec"), ("bkl", "benign_keratosis"),
        ("SCC", "squamous_cell_carcinoma"),
        ("Solar or actinic keratosis", "actinic_keratosis"), ("Melanoma, NOS", "melanoma"),
        ("lichen planus-like keratosis", "lichenoid_keratosis"), ("Benign keratosis-like lesions ", "benign_keratosis"),
        ("vascular lesion", "vascular_lesion"), ("blue nevus", None), ("", None), ("痣", None),
    ],
)  # fmt: skip
def test_names_and_codes_stand_for_one_class(name: str, label: str | None) -> None:
    assert known_class(name) == label
    if label:
        assert class_of(name) == label


def test_subtypes_are_told_apart_unless_asked() -> None:
    """Somebody who sorts melanomas in situ from invasive ones wants two classes; the archive's table wants one."""
    assert known_class("Melanoma in situ") is None
    assert class_of("Melanoma in situ") == "melanoma_in_situ"
    assert known_class("Melanoma in situ", subtypes=True) == "melanoma"


def test_no_name_stands_for_two_classes() -> None:
    names = [name for others in (*NAMES.values(), *SUBTYPES.values()) for name in others]
    assert len(names) == len(set(names))
    assert not set(names) & set(DIAGNOSES)
    assert set(NAMES) | set(SUBTYPES) <= set(DIAGNOSES)
    assert all(slug(name) == name for name in names)
    assert {class_of(diagnosis.name) for diagnosis in DIAGNOSES.values()} == set(DIAGNOSES)


def test_coarse_classes_contain_the_finer_ones() -> None:
    assert finer("akiec") == {"actinic_keratosis", "squamous_cell_carcinoma"}
    assert {"pigmented_benign_keratosis", "seborrheic_keratosis"} < finer("benign_keratosis")
    assert "akiec" in coarser("actinic_keratosis")
    assert finer("nevus") == frozenset()


@pytest.mark.parametrize(
    ("one", "other", "answer"),
    [
        ("nevus", "nevus", True), ("nevus", "melanoma", False), ("akiec", "squamous_cell_carcinoma", True),
        ("actinic_keratosis", "squamous_cell_carcinoma", False), ("akiec", "nevus", False),
        ("benign_keratosis", "seborrheic_keratosis", True), ("not_melanoma", "melanoma", False),
        ("not_melanoma", "akiec", True), ("malignant", "not_melanoma", True), ("benign", "melanoma", False),
        ("benign", "actinic_keratosis", True), ("malignant", "actinic_keratosis", True),
        ("blue_nevus", "melanoma", True),
    ],
)  # fmt: skip
def test_compatible_is_false_only_where_labels_exclude_each_other(one: str, other: str, answer: bool) -> None:
    assert compatible(one, other) is compatible(other, one) is answer


def test_ready_made_maps_know_every_class_and_give_known_ones() -> None:
    for mapping in CLASS_MAPS.values():
        assert set(mapping) == set(DIAGNOSES)
        assert set(mapping.values()) - {None} <= set(DIAGNOSES)


def test_nine_classes_become_two_or_seven() -> None:
    assert merged(NINE, "keep") == list(NINE)
    assert merged(NINE, "melanoma_or_not") == ["not_melanoma"] * 3 + ["melanoma"] + ["not_melanoma"] * 5
    malignant = {"basal_cell_carcinoma", "melanoma", "squamous_cell_carcinoma"}
    for label, coarse in zip(NINE, merged(NINE, "malignant_or_benign"), strict=True):
        assert coarse == ("" if label == "actinic_keratosis" else "malignant" if label in malignant else "benign")
    assert set(merged(NINE, "seven")) == {class_of(code) for code in HAM}
    assert merged(tuple(class_of(code) for code in HAM), "seven") == [class_of(code) for code in HAM]


def test_an_own_map_renames_what_it_names_and_leaves_out_null() -> None:
    labels = ("nevus", "melanoma", "", "dermatofibroma")
    assert merged(labels, {"nv": "Naevus of Ota", "df": None}) == ["naevus_of_ota", "melanoma", "", ""]
    assert merged(labels, {"nevus": "other", "dermatofibroma": "other"}) == ["other", "melanoma", "", "other"]


def test_a_map_that_does_not_fit_the_data_is_one_clear_line() -> None:
    with pytest.raises(UserError, match=r"prepare\.classes: no class dermatofibroma .* melanoma, nevus"):
        merged(("nevus", "melanoma"), {"df": "benign"})
    with pytest.raises(UserError, match=r"prepare\.classes: seven does not say what blue_nevus"):
        merged(("nevus", "blue_nevus"), "seven")
