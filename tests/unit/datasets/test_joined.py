"""Several data sets side by side are one: each read by its reader, and names that mean the same compared, no others."""

from pathlib import Path

import pytest

from lesions.datasets import read_layout
from lesions.datasets.raw import RAW_COLUMNS
from lesions.preparation.official_labels import check_labels, read_official_labels
from lesions.runtime.console import UserError
from tests.unit.twins import TWINS, lay_out

CLINIC = "image_id,lesion_id,dx\n{0}_1,1,nv\n{0}_2,HAM_1,mel\n"


def sets(**layouts: dict[str, str]) -> dict[str, str]:
    return {f"{name}/{file}": text for name, files in layouts.items() for file, text in files.items()}


def clinic(name: str) -> dict[str, str]:
    return {"table.csv": CLINIC.format(name), f"{name}_1.jpg": "", f"{name}_2.jpg": ""}


FIVE = {
    **sets(ham=TWINS["ham10000"], isic2017=TWINS["isic2017"], pad=TWINS["pad_ufes_20"], ours=clinic("a")),
    "isic9/Train/melanoma/ISIC_0000001.jpg": "",
    "isic9/Train/nevus/ISIC_0000099.jpg": "",
}


def test_each_sub_folder_is_read_by_its_own_reader(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = lay_out(tmp_path, {**FIVE, "notes/photo of the ward.jpg": ""})
    reading = read_layout(root, "auto")
    table = reading.table.set_index("source")
    assert reading.layout == "joined"
    assert reading.parts == ["ham", "isic2017", "isic9", "ours", "pad"]
    assert list(reading.table.columns) == list(RAW_COLUMNS)
    assert table.loc["ham/HAM10000_images_part_2/ISIC_0000003.jpg", "label"] == "akiec"
    assert table.loc["isic2017/ISIC-2017_Training_Data/ISIC_0000003.jpg", "label"] == "seborrheic_keratosis"
    assert list(table.loc["isic9/Train/melanoma/ISIC_0000001.jpg", ["label", "official_split"]]) == [
        "melanoma",
        "train",
    ]
    stranger = table.loc["notes/photo of the ward.jpg", ["label", "problem", "dataset"]]
    assert list(stranger) == ["", "in none of the data sets", ""]
    pictures = [name for name in FIVE if Path(name).suffix in (".jpg", ".png")]
    assert set(table.index) == {*pictures, "notes/photo of the ward.jpg"}, "every picture has a row"
    assert reading.counts["isic2017: pictures without age"] == 1
    assert "set/pad: read as pad_ufes_20" in capsys.readouterr().out


def test_only_published_ids_are_compared_across_sets(tmp_path: Path) -> None:
    """Lesion 1 of two clinics is two lesions, HAM_1 is one; joined by number, strangers would share a split."""
    root = lay_out(tmp_path, sets(a=clinic("a"), b=clinic("b"), ham=TWINS["ham10000"], pad=TWINS["pad_ufes_20"]))
    lesions = read_layout(root, "auto").table.set_index("source")["lesion"]
    assert lesions[["a/a_1.jpg", "b/b_1.jpg"]].tolist() == ["a:1", "b:1"]
    assert lesions["a/a_2.jpg"] == lesions["ham/HAM10000_images_part_1/ISIC_0000001.jpg"] == "HAM_1"
    assert lesions["pad/images/imgs_part_3/imgs_part_3/PAT_47_882_941.png"] == "PAT_47_882"


def test_an_id_of_two_tables_may_name_two_files(tmp_path: Path) -> None:
    """ISIC 2018 is HAM10000 cut otherwise: one id, two pictures, and no fault of either table."""
    root = lay_out(tmp_path, sets(ham=TWINS["ham10000"], challenge=TWINS["isic2018"]))
    ids = read_layout(root, "auto").table["table_id"]
    assert ids.is_unique
    assert "ham/ISIC_0000001" in set(ids)
    assert "challenge/ISIC_0000001" in set(ids)


def test_the_tables_of_one_set_serve_all(tmp_path: Path) -> None:
    """isic9 has no lesions of its own: those of its HAM10000 pictures stand in the table of its neighbour."""
    root = lay_out(tmp_path, FIVE)
    (tmp_path / "labels").mkdir()
    reading = read_layout(root, "auto")
    official = read_official_labels(tmp_path / "labels", *(root / part for part in reading.parts))
    assert "ham/HAM10000_metadata.csv" in official.tables
    table = check_labels(reading.table, official).table.set_index("source")
    row = table.loc["isic9/Train/melanoma/ISIC_0000001.jpg", ["official_label", "lesion", "origin", "modality"]]
    assert list(row) == ["nevus", "HAM_1", "HAM10000", "dermoscopy"]


def test_sets_of_one_layout_are_joined_when_asked(tmp_path: Path) -> None:
    """Folders of classes in folders may be sets or levels: what is not sure is not guessed."""
    files = {f"{name}/{label}/{name}.jpg": "" for name in ("first", "second") for label in ("nevus", "melanoma")}
    root = lay_out(tmp_path, files)
    with pytest.raises(UserError, match=r"each a data set of its own .* or prepare.layout to joined"):
        read_layout(root, "auto")
    assert read_layout(root, "joined").parts == ["first", "second"]
    with pytest.raises(UserError, match=r"holds 0 data sets in folders of their own"):
        read_layout(root / "first", "joined")


def test_one_set_with_a_fault_is_told_by_its_name(tmp_path: Path) -> None:
    broken = {**TWINS["ham10000"], "nevus/x.jpg": ""}
    root = lay_out(tmp_path, sets(bad=broken, pad=TWINS["pad_ufes_20"]))
    with pytest.raises(UserError, match=r"set/bad fits several layouts"):
        read_layout(root, "auto")
