"""Model card, data card and report: filled from numbers, loud on synthetic pictures, silent on what is unknown."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lesions.data.licences import NO_LICENCE
from lesions.preparation.summary import summary_text
from lesions.rendering.html import Section, Table, inline
from lesions.rendering.markdown import write_markdown
from lesions.reports.data_card import SYNTHETIC_WARNING, data_card, reference_standard_table, reference_standard_text
from lesions.reports.findings import findings
from lesions.reports.model_card import DISCLAIMER, model_card
from lesions.reports.page import CHARTS, write_page
from lesions.reports.run_results import RunResults
from tests.unit.run_results import make_counted, make_run_results
from tests.unit.small_params import params_with

CARDS = {"model": lambda results: model_card(results, params_with()), "data": data_card}


def sections_text(sections: list[Section]) -> str:
    cells = [cell for section in sections for table in section.tables for row in table.rows for cell in row]
    return " ".join([text for section in sections for text in section.texts] + cells)


def synthetic_run_results() -> RunResults:
    results = make_run_results()
    return results._replace(manifest=results.manifest.assign(origin="synthetic", confirmation=""))


def test_the_model_card_states_use_limits_and_that_nothing_was_validated_elsewhere() -> None:
    text = sections_text(model_card(make_run_results(), params_with()))
    assert DISCLAIMER in text
    assert "not a medical device" in DISCLAIMER
    assert "No external validation" in text
    assert "answers every picture with one of them" in text
    assert "1,234 weights" in text
    assert "70 % (65 to 75 %)" in text


def test_malignancy_is_not_denied_of_classes_whose_malignancy_is_unknown() -> None:
    """'0 malignant' was said of four classes, one of them `2_melanoma_15_75k_new`."""
    known = sections_text(model_card(make_run_results(), params_with()))
    assert "It knows 3 classes (1 malignant and 2 benign)" in known
    results = make_run_results({"classes": ["eczema", "not_nevus", "scar"]})
    card = " ".join(text for section in model_card(results, params_with()) for text in section.texts)
    report = " ".join(text for section in findings(results, "none", 0.9) for text in section.texts)
    assert "It knows 3 classes (3 of unknown malignancy)" in card
    for text in (card, report):
        assert "The class not nevus holds the name of nevus, but is no known class" in text
        assert "{not_nevus: nevus}" in text
        assert "eczema holds" not in text
    counts = next(iter(results.prepare.classes.values()))
    prepared = results.prepare.model_copy(update={"classes": dict.fromkeys(results.classes, counts)})
    assert summary_text(prepared).count("NOTE: The class not nevus holds the name of nevus") == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"train__sharpness": 0.0}, "plain steps"),
        ({"train__sharpness": 0.05}, "sharpness-aware steps of 0.05"),
        ({"train__keep": "last"}, "were kept (the last)"),
        ({"train__keep": "best", "train__monitor": "val_loss"}, "were kept (the best by val_loss)"),
    ],
)
def test_the_model_card_tells_the_training_as_it_was(changes: dict[str, Any], words: str) -> None:
    """Validation must not seem to have chosen weights that it did not choose, nor the other way round."""
    assert words in sections_text(model_card(make_run_results(), params_with(**changes)))


def test_the_reference_standard_of_each_class_is_that_of_the_manifest() -> None:
    """Unknown is counted as unknown: histology must not be suggested for pictures nobody vouches for."""
    manifest = make_run_results().manifest
    assert reference_standard_table(manifest) == Table(
        ["class", "pictures", "consensus", "histology", "unknown"],
        [["melanoma", "2", "0", "2", "0"], ["nevus", "2", "0", "0", "2"], ["vascular lesion", "2", "1", "0", "1"]],
    )
    text = reference_standard_text(manifest)
    assert "known for 3 of 6 pictures, histology for 2" in text
    assert "not known for any picture of nevus." in text
    assert "unknown for every picture" in reference_standard_text(manifest.assign(confirmation=""))


@pytest.mark.parametrize(("origin", "licence"), [("HAM10000", "CC BY-NC 4.0"), ("", NO_LICENCE), ("other", NO_LICENCE)])
def test_a_licence_is_named_only_where_it_is_known(origin: str, licence: str) -> None:
    results = make_run_results()
    text = sections_text(data_card(results._replace(manifest=results.manifest.assign(origin=origin))))
    assert licence in text
    assert ("'other': in the ISIC archive" in text) is (origin == "other")


def test_synthetic_pictures_promise_nothing_of_people() -> None:
    data, model = data_card(synthetic_run_results()), model_card(synthetic_run_results(), params_with())
    assert "No diagnosis was made" in sections_text(data)
    assert "CC0" in sections_text(data)
    assert "consented" not in sections_text(data)
    assert "drawn by a program" in sections_text(model)
    assert "SYNTHETIC" in SYNTHETIC_WARNING
    assert "synthetic" not in sections_text(model_card(make_run_results(), params_with()))


def test_known_facts_on_people_are_counted_and_unknown_ones_said() -> None:
    text = sections_text(data_card(make_run_results()))
    assert "Age is known for 100 % of the pictures." in text
    assert "Site is known for 0 % of the pictures." in text
    assert "age: 45 to 59 6" in text
    assert "Skin tone is recorded for none." in text


def test_skin_types_are_counted_where_a_data_set_has_them() -> None:
    results = make_run_results()
    manifest = results.manifest.assign(skin_type=["Fitzpatrick II"] * 2 + ["Fitzpatrick V"] + [""] * 3)
    text = sections_text(data_card(results._replace(manifest=manifest)))
    assert "Skin type is known for 50 % of the pictures." in text
    assert "skin type: Fitzpatrick II 2" in text
    assert "none" not in text
    assert "dark skin" not in text


@pytest.mark.parametrize(
    ("modality", "words"),
    [
        (["dermoscopy"] * 6, "one kind: dermoscopy (6)."),
        (["clinical", "total_body"] * 3, "several kinds, mixed: clinical (3) and total body (3)."),
        (["dermoscopy", ""] * 3, "several kinds, mixed: dermoscopy (3) and unknown (3)."),
        ([""] * 6, "is not recorded"),
    ],
)
def test_the_model_card_says_which_modality_the_model_knows(modality: list[str], words: str) -> None:
    results = make_run_results()
    results = results._replace(manifest=results.manifest.assign(modality=modality))
    assert words in sections_text(model_card(results, params_with()))


@pytest.mark.parametrize(("at_least", "words"), [(True, "at least 5 of 60"), (False, "published, 5 of 60")])
def test_leaks_of_the_published_split_are_told(at_least: bool, words: str) -> None:
    row = {"split": "official", "kind": "any", "n_test": 60, "n_shared": 5, "at_least": at_least}
    assert words in sections_text(data_card(make_run_results({"prepare/audit/leakage": [row]})))


def test_subgroups_are_shown_only_where_they_can_be_told() -> None:
    row = {"label": "nevus", "origin": "HAM10000", "attribute": "sex", "value": "male", "n": 20, "n_groups": 20}
    estimable = {**row, "recall": make_counted(0.5, 0.3, 0.7)}
    rows = [estimable, {**row, "value": "female", "n": 3, "recall": None}, {**estimable, "value": "unknown"}]
    results = make_run_results({"test/subgroups": {"skin_tone": "not assessable", "rows": rows}})
    subgroups = {section.title: section for section in model_card(results, params_with())}["Subgroups"]
    assert [list(table.rows) for table in subgroups.tables] == [
        [["nevus", "HAM10000", "sex: male", "20", "50 % (30 to 70 %)"]]
    ]
    assert "1 of 3 subgroups" in subgroups.texts[0]


def test_scores_within_each_collection_are_shown_where_there_are_several() -> None:
    one = model_card(make_run_results(), params_with())
    assert "Within each collection" not in {section.title for section in one}
    entry = {
        "n": 60,
        "classes": ["melanoma", "nevus"],
        "overall": {"balanced_accuracy": {"value": 0.5, "low": None, "high": None}},
    }
    results = make_run_results({"test/within_origin": {"HAM10000": entry, "other": {**entry, "overall": {}}}})
    section = {section.title: section for section in model_card(results, params_with())}["Within each collection"]
    missing = "not estimable"
    assert [list(table.rows) for table in section.tables] == [
        [["HAM10000", "60", "2", "50 %", missing, missing], ["other", "60", "2", missing, missing, missing]]
    ]


@pytest.mark.parametrize("card", CARDS)
def test_cards_hold_no_path_of_a_machine(card: str, tmp_path: Path) -> None:
    """A path in an output differs from machine to machine, and tells who ran it."""
    text = sections_text(CARDS[card](make_run_results()))
    assert str(Path.cwd()) not in text
    assert params_with().dataset not in text


def test_markdown_tables_and_lists_are_whole(tmp_path: Path) -> None:
    sections = [Section("One", ["Alone."], [Table(["a", "b"], [["x|y", "1"]])]), Section("Two", ["First.", "Second."])]
    write_markdown(tmp_path / "page.md", "Title", ["Summary."], sections)
    assert (tmp_path / "page.md").read_text() == (
        "# Title\n\nSummary.\n\n## One\n\nAlone.\n\n| a | b |\n| :-- | --: |\n| x\\|y | 1 |\n\n"
        "## Two\n\n- First.\n- Second.\n"
    )


def test_marked_up_text_is_escaped_first() -> None:
    """A class may be named by a folder of a stranger: its name must not become part of the page."""
    assert inline("`a < b` **c** <img>") == "<code>a &lt; b</code> <strong>c</strong> &lt;img&gt;"
    assert inline("![a](http://b) [c](http://d)") == "![a](http://b) [c](http://d)", "the report loads nothing"


@given(st.text(st.sampled_from("ab <>&\"'`*_/=![]()\\")))
def test_no_text_becomes_another_element(text: str) -> None:
    found = re.findall(r"<(.*?)>", inline(text))
    assert set(found) <= {f"{end}{name}" for name in ("code", "em", "strong") for end in ("", "/")}, found


def test_the_report_is_one_file_with_every_chart_and_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for files in CHARTS.values():
        for file in files:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"\x89PNG")
    sections = findings(synthetic_run_results(), "augment", 0.9)
    write_page(Path("report.html"), synthetic_run_results(), sections)
    page = Path("report.html").read_text()
    assert page.count("data:image/png;base64,") == sum(map(len, CHARTS.values()))
    assert all(section.title in page for section in sections)
    assert "Synthetic pictures." in page
    assert "http" not in page.replace("http-equiv", ""), "it must need nothing from elsewhere"
