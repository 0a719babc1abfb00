"""Model card, data card and report: filled from numbers, loud on synthetic pictures, silent on what is unknown."""

from pathlib import Path
from typing import Any

import pytest

from lesions.data.licences import NO_LICENCE
from lesions.rendering.html import Section, Table, inline
from lesions.rendering.markdown import write_markdown
from lesions.reports.data_card import LOUD, confirmed, data_card, reference_table
from lesions.reports.findings import findings
from lesions.reports.model_card import HARM, model_card
from lesions.reports.page import CHARTS, write_page
from lesions.reports.run_results import RunResults
from tests.unit.evidences import made_up
from tests.unit.trainings import params_with

CARDS = {"model": lambda evidence: model_card(evidence, params_with()), "data": data_card}


def text_of(sections: list[Section]) -> str:
    cells = [cell for one in sections for table in one.tables for row in table.rows for cell in row]
    return " ".join([text for one in sections for text in one.texts] + cells)


def synthetic() -> RunResults:
    evidence = made_up()
    return evidence._replace(manifest=evidence.manifest.assign(origin="synthetic", confirmation=""))


def test_the_model_card_states_use_limits_and_that_nothing_was_validated_elsewhere() -> None:
    text = text_of(model_card(made_up(), params_with()))
    assert HARM in text
    assert "not a medical device" in HARM
    assert "No external validation" in text
    assert "answers every picture with one of them" in text
    assert "1,234 weights" in text
    assert "70 % (65 to 75 %)" in text


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
    assert words in text_of(model_card(made_up(), params_with(**changes)))


def test_the_reference_standard_of_each_class_is_that_of_the_manifest() -> None:
    """Unknown is counted as unknown: histology must not be suggested for pictures nobody vouches for."""
    manifest = made_up().manifest
    assert reference_table(manifest) == Table(
        ["class", "pictures", "consensus", "histology", "unknown"],
        [["melanoma", "2", "0", "2", "0"], ["nevus", "2", "0", "0", "2"], ["vascular lesion", "2", "1", "0", "1"]],
    )
    told = confirmed(manifest)
    assert "known for 3 of 6 pictures, histology for 2" in told
    assert "not known for any picture of nevus." in told
    assert "unknown for every picture" in confirmed(manifest.assign(confirmation=""))


@pytest.mark.parametrize(("origin", "licence"), [("HAM10000", "CC BY-NC 4.0"), ("", NO_LICENCE), ("other", NO_LICENCE)])
def test_a_licence_is_named_only_where_it_is_known(origin: str, licence: str) -> None:
    evidence = made_up()
    text = text_of(data_card(evidence._replace(manifest=evidence.manifest.assign(origin=origin))))
    assert licence in text
    assert ("'other': in the ISIC archive" in text) is (origin == "other")


def test_synthetic_pictures_promise_nothing_of_people() -> None:
    data, model = data_card(synthetic()), model_card(synthetic(), params_with())
    assert "No diagnosis was made" in text_of(data)
    assert "CC0" in text_of(data)
    assert "consented" not in text_of(data)
    assert "drawn by a program" in text_of(model)
    assert "SYNTHETIC" in LOUD
    assert "synthetic" not in text_of(model_card(made_up(), params_with()))


def test_known_facts_on_people_are_counted_and_unknown_ones_said() -> None:
    text = text_of(data_card(made_up()))
    assert "Age is known for 100 % of the pictures." in text
    assert "Site is known for 0 % of the pictures." in text
    assert "age: 45 to 59 6" in text
    assert "Skin tone is recorded for none." in text


@pytest.mark.parametrize(("at_least", "words"), [(True, "at least 5 of 60"), (False, "published, 5 of 60")])
def test_leaks_of_the_published_split_are_told(at_least: bool, words: str) -> None:
    evidence = made_up()
    evidence.prepare["audit"]["contamination"][0]["at_least"] = at_least
    assert words in text_of(data_card(evidence))


def test_subgroups_are_shown_only_where_they_can_be_told() -> None:
    row = {"class": "nevus", "origin": "HAM10000", "attribute": "sex", "value": "male", "n": 20, "groups": 20}
    known = {**row, "recall": {"value": 0.5, "low": 0.3, "high": 0.7, "interval": "Wilson"}}
    rows = [known, {**row, "value": "female", "n": 3, "recall": None}, {**known, "value": "unknown"}]
    evidence = made_up(test__subgroups={"skin_tone": "not assessable", "rows": rows})
    found = {one.title: one for one in model_card(evidence, params_with())}["Subgroups"]
    assert [list(table.rows) for table in found.tables] == [
        [["nevus", "HAM10000", "sex: male", "20", "50 % (30 to 70 %)"]]
    ]
    assert "1 of 3 subgroups" in found.texts[0]


@pytest.mark.parametrize("card", CARDS)
def test_cards_hold_no_path_of_a_machine(card: str, tmp_path: Path) -> None:
    """A path in an output differs from machine to machine, and tells who ran it."""
    text = text_of(CARDS[card](made_up()))
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


def test_the_report_is_one_file_with_every_chart_and_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for files in CHARTS.values():
        for file in files:
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            Path(file).write_bytes(b"\x89PNG")
    sections = findings(synthetic(), "augment", 0.9)
    write_page("report.html", synthetic(), sections)
    page = Path("report.html").read_text()
    assert page.count("data:image/png;base64,") == sum(map(len, CHARTS.values()))
    assert all(one.title in page for one in sections)
    assert "Synthetic pictures." in page
    assert "http" not in page.replace("http-equiv", ""), "it must need nothing from elsewhere"
