"""Classes: names and codes, which contains which, and maps onto fewer classes."""

import unicodedata
from collections.abc import Callable
from typing import Literal

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lesions.data.diagnoses import (
    CLASS_MAPS,
    DIAGNOSES,
    class_of,
    coarser,
    compatible,
    diagnosis,
    finer,
    known_class,
    merge_classes,
    names_within,
)
from lesions.data.diagnosis_names import NAMES, SUBTYPES, slug, without_decoration
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
    assert diagnosis("melanoma_in_situ").malignancy == "malignant"
    assert merged(("melanoma_in_situ", "nevus"), "malignant_or_benign") == ["malignant", "benign"]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("2. Melanoma 15.75k", "melanoma"), ("4. Basal Cell Carcinoma (BCC) 3323", "basal_cell_carcinoma"),
        ("5. Melanocytic Nevi (NV) - 7970", "nevus"),
        ("6. Benign Keratosis-like Lesions (BKL) 2624", "benign_keratosis"),
        ("Melanoma (MEL)", "melanoma"), ("Melanoma [C43]", "melanoma"), ("melanoma (n=120)", "melanoma"),
        ("300 melanoma", "melanoma"), ("nevus 300 images", "nevus"), ("naevi", "nevus"), ("Nævus", "nevus"),
        ("Mélanome", "melanoma"), ("seborrhoeic keratoses", "seborrheic_keratosis"),
        ("BasalCellCarcinoma", "basal_cell_carcinoma"), ("NV - nevus", "nevus"), ("Nevus (benign)", "nevus"),
        ("Non-melanoma", "not_melanoma"), ("Actinic keratoses (akiec)", "akiec"), ("skin cancer", "malignant"),
        ("Actinic keratoses and intraepithelial carcinoma / Bowen's disease (akiec)", "akiec"),
        ("benign keratosis-like lesions (solar lentigines / seborrheic keratoses and lichen-planus like keratoses)",
         "benign_keratosis"),
        ("vascular lesions (angiomas, angiokeratomas, pyogenic granulomas and hemorrhage, vasc)", "vascular_lesion"),
    ],
)  # fmt: skip
def test_numbering_counts_codes_plurals_and_accents_do_not_matter(name: str, label: str) -> None:
    """Else the class is one of unknown malignancy, and no score of melanoma or malignancy counts it."""
    assert class_of(name) == label


@pytest.mark.parametrize(
    ("name", "within"),
    [
        ("Melanoma and nevus", ["melanoma", "nevus"]), ("Melanoma (benign)", ["melanoma", "benign"]),
        ("not nevus", ["nevus"]), ("Non-melanoma skin cancer", ["not_melanoma", "malignant"]),
        ("Melanoma Skin Cancer Nevi and Moles", ["melanoma", "malignant", "nevus"]), ("blue nevus", ["nevus"]),
        ("8. Seborrheic Keratoses and other Benign Tumors - 1.8k", ["seborrheic_keratosis", "benign"]),
        ("1. Eczema 1677", []), ("scar", []), ("melanoma", []), ("not_melanoma", []),
    ],
)  # fmt: skip
def test_what_is_no_known_class_but_holds_the_name_of_one_is_not_guessed(name: str, within: list[str]) -> None:
    """A name such as 'not nevus' must not become a nevus, nor be passed over in silence."""
    assert names_within(class_of(name)) == within
    if within:
        assert known_class(name) is None


@given(
    name=st.sampled_from([*DIAGNOSES, *(name for names in NAMES.values() for name in names)]),
    before=st.sampled_from(["", "2. ", "03_", "1) ", "4 - "]),
    behind=st.sampled_from(["", " 15.75k", " 3323", " (XYZ)", " [12]", " (1,034)", "_300_images", " (n=12)"]),
    style=st.sampled_from([str, str.upper, str.title, lambda text: text.replace("_", " "), lambda text: f" {text} "]),
    plural=st.booleans(),
    form=st.sampled_from(["NFC", "NFD"]),
)
def test_a_name_is_known_however_it_is_decorated(
    name: str, before: str, behind: str, style: Callable[[str], str], plural: bool, form: Literal["NFC", "NFD"]
) -> None:
    plural = plural and name.endswith(("oma", "mole", "wart"))
    decorated = before + style(name + "s" * plural).replace("o", "ö", 1) + behind
    assert class_of(unicodedata.normalize(form, decorated)) == class_of(name)
    assert known_class(name) in DIAGNOSES


@given(st.text(min_size=1, max_size=12), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
@example("\N{MODIFIER LETTER CAPITAL A}", "NFKC")
@example("\N{LATIN CAPITAL LETTER O WITH STROKE AND ACUTE}", "NFD")
def test_both_ways_to_write_an_accent_are_one_class(text: str, form: Literal["NFC", "NFD", "NFKC", "NFKD"]) -> None:
    """macOS decomposes accents, Windows and Linux do not: one class must not become two."""
    assert slug(f"a{text}") == slug(unicodedata.normalize(form, f"a{text}"))


def test_numbering_of_unknown_names_can_be_left_away() -> None:
    assert without_decoration("10. Warts Molluscum (Viral) - 2103") == "warts_molluscum_viral"
    assert without_decoration("1. Eczema (ECZ) 1677") == without_decoration("Eczema") == "eczema"
    assert without_decoration("12") == "12", "something must be left"


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
    assert merged(("eczema", "nevus"), {"1. Eczema 1677": "other"}) == ["other", "nevus"]
    with pytest.raises(UserError, match=r"prepare\.classes: seven does not say what blue_nevus"):
        merged(("nevus", "blue_nevus"), "seven")
