"""Published layouts with real pictures and official tables: counts agree, and the known faults are found."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from lesions.data.diagnoses import class_of
from lesions.datasets import read_layout
from lesions.preparation.official_labels import OfficialLabels, check_labels, read_official_labels, resolve_conflicts
from tests.conftest import REAL_PICTURES

# layout -> its folder, rows of the whole table, files: those of make_layouts.py
LAYOUTS = {
    "class_folders": ("isic9", 1892, 1892),
    "ham10000": ("ham10000", 10_015, 1153),
    "isic2018": ("isic2018_task3", 10_015, 1153),
    "isic2019": ("isic2019", 25_331, 1540),
    "siim2020": ("siim2020", 33_126, 300),
    "isic_archive": ("isic_archive", 1765, 1765),
}


@pytest.fixture(scope="module")
def layouts(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """The folders with all six layouts: tables whole, and tables with rows for the pictures alone (complete)."""
    maker = REAL_PICTURES / "tools" / "make_layouts.py"
    if not maker.is_file():
        pytest.skip(f"needs real pictures and {maker} (set LESIONS_SHARED to the folder that holds data/ and tools/)")
    folder = tmp_path_factory.mktemp("layouts")
    for complete in (False, True):
        more = ["--complete"] if complete else []
        subprocess.run([sys.executable, maker, folder / str(complete), *more], check=True, capture_output=True)
    return {complete: folder / str(complete) for complete in (False, True)}


@pytest.fixture(scope="module")
def official(layouts: dict[bool, Path]) -> OfficialLabels:
    return read_official_labels(REAL_PICTURES / "data" / "tables")


@pytest.mark.parametrize("complete", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_layout_is_recognised_and_every_file_has_a_label(
    layouts: dict[bool, Path], layout: str, complete: bool
) -> None:
    name, rows, files = LAYOUTS[layout]
    reading = read_layout(layouts[complete] / name, "auto")
    assert reading.layout == layout
    assert len(reading.table) == files == sum(path.suffix == ".jpg" for path in (layouts[complete] / name).rglob("*"))
    assert reading.table["label"].ne("").all()
    assert reading.table["problem"].eq("").all()
    assert reading.counts.get("rows without a picture", 0) == (0 if complete else rows - files)


def truth(name: str) -> pd.DataFrame:
    return pd.read_csv(REAL_PICTURES / "data" / "tables" / name, dtype=str, keep_default_na=False)


def test_ham10000_labels_are_those_of_its_table(layouts: dict[bool, Path]) -> None:
    dx = truth("HAM10000_metadata.csv").set_index("image_id")
    for name in ("ham10000", "isic2018_task3"):
        table = read_layout(layouts[False] / name, "auto").table
        assert table["label"].tolist() == [class_of(str(code)) for code in dx.loc[table["isic_id"], "dx"]]
        assert table["lesion"].tolist() == dx.loc[table["isic_id"], "lesion_id"].tolist()
        assert set(table["origin"]) == {"HAM10000"}
        assert set(table["confirmation"]) == {"histology", "consensus", "confocal microscopy"}


def test_isic2019_labels_are_those_of_its_table_downsampled_ids_included(layouts: dict[bool, Path]) -> None:
    ones = truth("ISIC_2019_Training_GroundTruth.csv").set_index("image").astype(float)
    table = read_layout(layouts[False] / "isic2019", "auto").table
    stems = [Path(source).stem for source in table["source"]]
    assert sum(stem.endswith("_downsampled") for stem in stems) > 0
    assert table["label"].tolist() == [class_of(str(code)) for code in ones.loc[stems].idxmax(axis=1)]


def test_siim2020_has_patients_and_two_classes(layouts: dict[bool, Path]) -> None:
    reading = read_layout(layouts[False] / "siim2020", "auto")
    assert reading.table["label"].value_counts().to_dict() == {"melanoma": 150, "not_melanoma": 150}
    assert reading.table["patient"].str.fullmatch(r"IP_\d{7}").all()


def test_official_tables_are_read_whole(official: OfficialLabels) -> None:
    table = official.table
    assert len(table) == 25_331 + 33_126
    assert (table["origin"] == "HAM10000").sum() == 10_015
    assert table.loc[table["origin"] == "HAM10000", "lesion"].nunique() == 7_470
    assert (table["official_label"] == "squamous_cell_carcinoma").sum() == 628
    assert "akiec" not in set(table["official_label"]), "ISIC 2019 knows finer"
    pairs = truth("ISIC_2020_Training_Duplicates.csv")
    for pair in pairs.itertuples(index=False):
        assert table.loc[pair[0], "lesion"] == table.loc[pair[1], "lesion"] != ""
    assert official.notes == []


@pytest.fixture(scope="module")
def nine(layouts: dict[bool, Path], official: OfficialLabels) -> pd.DataFrame:
    """The nine-class set, checked, with the SHA-256 of each file (whose copies have the same bytes)."""
    folder = layouts[True] / "isic9"
    table = check_labels(read_layout(folder, "auto").table, official).table
    digests = [hashlib.sha256((folder / source).read_bytes()).hexdigest() for source in table["source"]]
    return table.assign(sha256=digests, reason="", detail="")


def test_all_other_layouts_agree_with_the_official_tables(layouts: dict[bool, Path], official: OfficialLabels) -> None:
    for name in ("ham10000", "isic2018_task3", "isic2019", "siim2020"):
        checked = check_labels(read_layout(layouts[True] / name, "auto").table, official)
        assert checked.disagreements.empty
        assert checked.notes == []


def test_the_known_disagreements_of_the_nine_class_set_are_found(nine: pd.DataFrame, official: OfficialLabels) -> None:
    checked = check_labels(nine.drop(columns=["official_label", "official_table", "official_lesion"]), official)
    found = checked.disagreements.groupby(["label", "official_label"])["source"].count().to_dict()
    assert found == {("nevus", "actinic_keratosis"): 62, ("seborrheic_keratosis", "melanoma"): 24}
    assert "Train/nevus/ISIC_0028619.jpg" in set(checked.disagreements["source"])


def test_no_seborrheic_keratosis_of_the_nine_class_set_is_confirmed(nine: pd.DataFrame) -> None:
    keratoses = nine[nine["label"] == "seborrheic_keratosis"]
    assert set(keratoses["official_label"]) == {"", "melanoma"}


def test_class_is_confounded_with_source(nine: pd.DataFrame) -> None:
    """Every melanoma comes from outside of HAM10000, and of the nevi those alone that officially are none."""
    assert set(nine.loc[nine["label"] == "melanoma", "origin"]) == {"other"}
    nevi = nine[nine["label"] == "nevus"]
    assert set(nevi.loc[nevi["origin"] == "HAM10000", "official_label"]) == {"actinic_keratosis"}
    assert set(nine.loc[nine["label"] == "basal_cell_carcinoma", "origin"]) == {"HAM10000"}


def test_official_labels_settle_the_conflicts_they_know(nine: pd.DataFrame) -> None:
    settled = resolve_conflicts(nine)
    out = settled[settled["reason"] != ""]
    assert out.groupby("label")["source"].count().to_dict() == {"nevus": 61, "seborrheic_keratosis": 22}
    moved = settled[settled["label"] != nine["label"]].set_index("isic_id")
    assert moved["label"].to_dict() == {
        "ISIC_0011118": "melanoma",
        "ISIC_0011126": "melanoma",
        "ISIC_0028619": "actinic_keratosis",
    }
    left = settled[settled["reason"] == ""].groupby("sha256")
    unknown = left["label"].nunique() > 1
    assert unknown.sum() == 42
    assert not left["official_label"].any()[unknown].any()


@pytest.mark.parametrize(
    ("name", "layout", "origin", "counts"),
    [
        ("isic2017", "isic2017", "ISIC 2017", {"nevus": 1323, "melanoma": 339, "seborrheic_keratosis": 254}),
        ("ph2", "ph2", "PH2", {"nevus": 160, "melanoma": 40}),
        (
            "isic2018_test", "isic2018", "ISIC 2018 test",
            {"nevus": 461, "benign_keratosis": 106, "melanoma": 90, "basal_cell_carcinoma": 45, "akiec": 21,
             "vascular_lesion": 19, "dermatofibroma": 18},
        ),
    ],
)  # fmt: skip
def test_real_sets_are_read_as_they_lie(
    shared: Path, name: str, layout: str, origin: str, counts: dict[str, int]
) -> None:
    """The counts are those of the publishers' tables for the pictures that are there."""
    reading = read_layout(shared / "data" / name, "auto")
    assert reading.layout == layout
    assert reading.table["label"].value_counts().to_dict() == counts
    assert set(reading.table["origin"]) == {origin}
    assert set(reading.table["modality"]) == {"dermoscopy"}
    assert len(reading.table) == len(list((shared / "data" / name).rglob("*.jpg")))


def test_isic2017_agrees_with_the_official_tables(shared: Path, official: OfficialLabels) -> None:
    """A reader that takes one column for the other, or a row of zeros for no label, shows here."""
    checked = check_labels(read_layout(shared / "data" / "isic2017", "auto").table, official)
    assert checked.table["official_label"].ne("").all()
    assert checked.disagreements.empty
