"""Official tables: every picture is held against them, facts are filled in, and conflicts settled by what they say."""

from pathlib import Path

import pandas as pd
import pytest

from lesions.datasets.raw import raw_table
from lesions.preparation.official_labels import OfficialLabels, check_labels, read_official_labels, resolve_conflicts
from lesions.runtime.console import UserError
from tests.unit.twins import TWINS, lay_out

HAM = TWINS["ham10000"]["HAM10000_metadata.csv"]
ISIC_2019 = {name: text for name, text in TWINS["isic2019"].items() if name.endswith(".csv")}
TABLES = {"any name.csv": HAM, **ISIC_2019, "README.md": "tables"}


@pytest.fixture
def official(tmp_path: Path) -> OfficialLabels:
    return read_official_labels(lay_out(tmp_path, TABLES))


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ("isic2016", ["benign", "malignant", "benign", "malignant", ""]),
        ("isic2017", ["nevus", "melanoma", "seborrheic_keratosis", ""]),
        ("isic2024", ["benign", "melanoma", "basal_cell_carcinoma", "malignant", "benign", ""]),
        ("milk10k", ["scc_or_keratoacanthoma", "scc_or_keratoacanthoma", "nevus", "nevus"]),
    ],
)
def test_the_tables_of_each_set_of_the_archive_are_official_labels(
    tmp_path: Path, layout: str, expected: list[str]
) -> None:
    tables = {Path(name).name: text for name, text in TWINS[layout].items() if name.endswith(".csv")}
    tables.pop("sample_submission.csv", None)
    found = read_official_labels(lay_out(tmp_path, tables))
    assert found.table.sort_index()["official_label"].tolist() == expected
    assert sorted(found.tables) == sorted(tables)
    assert set(found.table["modality"]) - {""} <= {"dermoscopy", "clinical", "total_body"}


def raw(**labels: str) -> pd.DataFrame:
    """A raw table of pictures ISIC_000000<n> (n -> label, as n<number>)."""
    rows = [{"source": f"{label}/ISIC_000000{name[1:]}.jpg", "label": label} for name, label in labels.items()]
    return raw_table(rows)


def test_the_finer_label_stands_and_facts_come_from_all_tables(official: OfficialLabels) -> None:
    table = official.table
    assert table["official_label"].to_dict() == {
        "ISIC_0000001": "nevus",
        "ISIC_0000002": "nevus",
        "ISIC_0000003": "squamous_cell_carcinoma",
        "ISIC_0000004": "",
    }
    assert table.loc["ISIC_0000003", "official_table"] == "ISIC_2019_Training_GroundTruth.csv"
    assert table.loc["ISIC_0000002", "official_table"] == "any name.csv"
    assert table.loc["ISIC_0000003", "confirmation"] == "histology", "in HAM10000 alone"
    assert list(table.loc["ISIC_0000004", ["official_table", "age"]]) == ["", "85"]
    assert sorted(official.tables) == [
        "ISIC_2019_Training_GroundTruth.csv",
        "ISIC_2019_Training_Metadata.csv",
        "any name.csv",
    ]


def test_tables_are_read_however_they_were_saved(official: OfficialLabels, tmp_path: Path) -> None:
    """Tables that a spreadsheet saved as UTF-16 were 'of no known kind', and checked nothing."""
    folder = tmp_path / "saved"
    folder.mkdir()
    for name, text in TABLES.items():
        (folder / name).write_bytes(("sep=;\r\n" + text.replace(",", ";")).encode("utf-16"))
    (folder / "more.xlsx").write_bytes(b"PK")
    found = read_official_labels(folder)
    pd.testing.assert_frame_equal(found.table, official.table)
    assert [(note.kind, note.names) for note in found.notes if note not in official.notes] == [
        ("spreadsheets, which are not read: save them as CSV", ("more.xlsx",))
    ]


def test_a_finer_label_of_a_later_table_takes_the_place_of_a_coarser_one(tmp_path: Path) -> None:
    archive = "isic_id,diagnosis\nISIC_0000003,actinic keratosis\nISIC_0000001,melanoma\n"
    found = read_official_labels(lay_out(tmp_path, {"ham.csv": HAM, "metadata.csv": archive}))
    assert found.table["official_label"].to_dict() == {
        "ISIC_0000001": "nevus",
        "ISIC_0000002": "nevus",
        "ISIC_0000003": "actinic_keratosis",
    }
    assert [(note.kind, note.names) for note in found.notes] == [
        ("ids with official labels that exclude each other, the first stands", ("ISIC_0000001",))
    ]


def test_a_folder_without_tables_is_fine_and_a_strange_table_is_noted(tmp_path: Path) -> None:
    empty = read_official_labels(lay_out(tmp_path, {"README.md": ""}))
    assert (empty.tables, empty.notes) == ([], [])
    checked = check_labels(raw(n1="nevus"), empty)
    assert checked.table.loc[0, "official_label"] == ""
    assert checked.disagreements.empty
    assert checked.notes == []
    strange = read_official_labels(lay_out(tmp_path, {"own.csv": "a,b\n1,2\n", "broken.csv": ""}))
    assert [str(note) for note in strange.notes] == ["tables of no known kind: 2 (broken.csv, own.csv)"]
    with pytest.raises(UserError, match=r"labels: .*nowhere is not a folder"):
        read_official_labels(tmp_path / "nowhere")


def test_every_picture_is_checked_and_no_label_changed(official: OfficialLabels) -> None:
    before = raw(n1="melanoma", n2="nevus", n3="akiec", n4="nevus", n9="nevus")
    checked = check_labels(before, official)
    table = checked.table.set_index("isic_id")
    assert checked.table["label"].tolist() == before["label"].tolist()
    assert checked.disagreements.to_dict("records") == [
        {
            "source": "melanoma/ISIC_0000001.jpg",
            "isic_id": "ISIC_0000001",
            "label": "melanoma",
            "official_label": "nevus",
            "official_table": "ISIC_2019_Training_GroundTruth.csv",
        }
    ]
    assert table.loc["ISIC_0000003", "official_label"] == "squamous_cell_carcinoma", "compatible with akiec"
    assert list(table.loc["ISIC_0000002", ["lesion", "origin", "age"]]) == ["HAM_1", "HAM10000", "45"]
    assert list(table.loc["ISIC_0000009", ["lesion", "origin", "official_label"]]) == ["", "", ""]
    assert [str(note) for note in checked.notes] == [
        "filed as melanoma, officially nevus: 1 (melanoma/ISIC_0000001.jpg)",
        "pictures that no official table knows: 2 (nevus/ISIC_0000004.jpg, nevus/ISIC_0000009.jpg)",
    ]


def test_what_the_layout_gives_is_kept_and_the_official_lesion_stands_beside_it(official: OfficialLabels) -> None:
    before = raw(n1="nevus", n2="nevus")
    before["lesion"] = ["IL_7", ""]
    table = check_labels(before, official).table
    assert table["lesion"].tolist() == ["IL_7", "HAM_1"]
    assert table["official_lesion"].tolist() == ["MSK4_0011169", "HAM_1"]


def test_only_a_list_of_all_of_ham10000_tells_that_a_picture_is_not_in_it(official: OfficialLabels) -> None:
    whole = pd.DataFrame({"origin": "HAM10000"}, index=[f"ISIC_1{number:06}" for number in range(10_015)])
    whole = whole.reindex(columns=official.table.columns, fill_value="")
    table = check_labels(
        raw_table([{"source": "nevus/ISIC_0000001.jpg"}, {"source": "nevus/own.jpg"}]), OfficialLabels(whole, [], [])
    )
    assert table.table["origin"].tolist() == ["other", ""]


def decoded(rows: list[tuple[str, str, str, str]]) -> pd.DataFrame:
    """Pictures (number, label, official label, sha256) as they are after decoding."""
    table = raw_table([{"source": f"{label}/ISIC_{name}.jpg", "label": label} for name, label, _, _ in rows])
    more = pd.DataFrame(rows, columns=["name", "label", "official_label", "sha256"])
    more["source"] = more["label"] + "/ISIC_" + more["name"] + ".jpg"
    table = table.merge(more[["source", "official_label", "sha256"]], on="source")
    return table.assign(official_table="truth.csv", reason="", detail="")


def fates(pictures: pd.DataFrame) -> dict[str, tuple[str, str]]:
    return {row["source"]: (row["label"], row["detail"]) for _, row in resolve_conflicts(pictures).iterrows()}


def test_of_a_picture_under_two_classes_the_official_one_stays() -> None:
    pictures = decoded([("1", "nevus", "actinic_keratosis", "a"), ("1", "actinic_keratosis", "actinic_keratosis", "a")])
    settled = resolve_conflicts(pictures)
    assert settled["reason"].tolist() == ["", "label conflict"]
    assert settled["detail"].tolist() == ["", "officially actinic_keratosis (truth.csv)"]


def test_a_copy_under_another_name_shares_the_official_label() -> None:
    pictures = decoded([("1", "melanoma", "melanoma", "a"), ("9", "seborrheic_keratosis", "", "a")])
    assert resolve_conflicts(pictures)["reason"].tolist() == ["", "label conflict"]


def test_the_same_picture_saved_twice_is_known_by_its_id() -> None:
    pictures = decoded([("1", "melanoma", "melanoma", "a"), ("1", "nevus", "melanoma", "b")])
    assert resolve_conflicts(pictures)["reason"].tolist() == ["", "label conflict"]


def test_conflicts_that_no_table_knows_are_left_to_others() -> None:
    pictures = decoded([("1", "melanoma", "", "a"), ("1", "seborrheic_keratosis", "", "a")])
    assert resolve_conflicts(pictures)["reason"].tolist() == ["", ""]


def test_a_single_picture_is_relabelled_where_the_data_set_has_its_class() -> None:
    others = [("7", "melanoma", "", "x"), ("8", "akiec", "", "y")]
    assert fates(decoded([("1", "nevus", "melanoma", "a"), *others]))["nevus/ISIC_1.jpg"] == ("melanoma", "")
    assert fates(decoded([("1", "nevus", "actinic_keratosis", "a"), *others]))["nevus/ISIC_1.jpg"] == ("akiec", "")
    assert fates(decoded([("1", "nevus", "dermatofibroma", "a"), *others]))["nevus/ISIC_1.jpg"] == (
        "nevus",
        "officially dermatofibroma (truth.csv), which is no class of this data set",
    )


def test_a_coarse_official_label_is_never_made_finer() -> None:
    pictures = decoded([("1", "melanoma", "not_melanoma", "a"), ("2", "nevus", "", "b")])
    assert resolve_conflicts(pictures)["reason"].tolist() == ["label conflict", ""]


def test_what_is_left_out_already_and_what_has_no_label_stays_as_it_is() -> None:
    pictures = decoded([("1", "nevus", "melanoma", "a"), ("2", "melanoma", "", "b"), ("3", "", "nevus", "c")])
    pictures.loc[pictures["isic_id"] == "ISIC_1", "reason"] = "too small"
    settled = resolve_conflicts(pictures)
    assert settled["reason"].tolist() == pictures["reason"].tolist()
    assert settled["label"].tolist() == pictures["label"].tolist()
