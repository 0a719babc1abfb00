"""Published layouts with tables: a tiny twin of each is recognised and read whole."""

from pathlib import Path

import pytest

from lesions.data.picture_formats import is_picture
from lesions.datasets import READERS, read_layout
from lesions.datasets.raw import RAW_COLUMNS, isic_id, picture_id
from lesions.runtime.console import UserError
from tests.unit.twins import TWINS, lay_out


def test_every_table_layout_has_a_twin() -> None:
    assert set(TWINS) | {"class_folders"} == set(READERS)


@pytest.mark.parametrize("layout", TWINS)
def test_each_layout_is_recognised_and_read_whole(
    tmp_path: Path, layout: str, capsys: pytest.CaptureFixture[str]
) -> None:
    root = lay_out(tmp_path, TWINS[layout])
    reading = read_layout(root, "auto")
    assert reading.layout == layout
    assert f"read as {layout} (" in capsys.readouterr().out
    assert list(reading.table.columns) == list(RAW_COLUMNS)
    assert reading.table["source"].tolist() == sorted(name for name in TWINS[layout] if is_picture(name))
    assert ((reading.table["label"] == "") == (reading.table["problem"] != "")).all()
    assert reading.table.equals(read_layout(root, layout).table)


def read(root: Path) -> dict[str, dict[str, str]]:
    table = read_layout(root, "auto").table
    return {str(row["isic_id"]): {str(name): str(cell) for name, cell in row.items()} for _, row in table.iterrows()}


def test_ham10000_gives_lesions_and_what_the_diagnosis_rests_on(tmp_path: Path) -> None:
    rows = read(lay_out(tmp_path, TWINS["ham10000"]))
    assert [row["label"] for row in rows.values()] == ["nevus", "nevus", "akiec"]
    assert rows["ISIC_0000001"]["lesion"] == rows["ISIC_0000002"]["lesion"] == "HAM_1"
    assert [row["confirmation"] for row in rows.values()] == ["follow-up", "follow-up", "histology"]
    assert {row["origin"] for row in rows.values()} == {"HAM10000"}
    assert [rows["ISIC_0000001"][fact] for fact in ("age", "sex", "site")] == ["45", "male", "trunk"]
    assert [rows["ISIC_0000003"][fact] for fact in ("age", "sex", "site")] == ["0", "", ""]


def columns_of(layout: str, folder: Path, *names: str) -> list[tuple[str, ...]]:
    table = read_layout(lay_out(folder, TWINS[layout]), "auto").table
    return list(table[list(names)].itertuples(index=False, name=None))


def test_isic2016_has_no_header_and_its_test_has_numbers(tmp_path: Path) -> None:
    """A first row taken for a header is a picture without a label; read as text, 0.0 and 1.0 are no class."""
    assert columns_of("isic2016", tmp_path, "isic_id", "label", "problem", "official_split") == [
        ("ISIC_0000003", "benign", "", "test"),
        ("ISIC_0000004", "malignant", "", "test"),
        ("ISIC_0000005", "", "no label in ISBI2016_ISIC_Part3_Test_GroundTruth.csv: ?", "test"),
        ("ISIC_0000001", "benign", "", "train"),
        ("ISIC_0000002", "malignant", "", "train"),
    ]


def test_isic2017_is_a_nevus_where_it_is_neither_and_unknown_ages_are_empty(tmp_path: Path) -> None:
    assert columns_of("isic2017", tmp_path, "label", "problem", "age", "sex") == [
        ("nevus", "", "", ""),
        ("melanoma", "", "60", "female"),
        ("seborrheic_keratosis", "", "45", "male"),
        ("", "no label in ISIC-2017_Training_Part3_GroundTruth.csv", "5", "male"),
    ]
    reading = read_layout(tmp_path / "set", "auto")
    assert set(reading.counts) == {"rows with no label", "pictures without age", "pictures without sex"}


def test_isic2024_is_benign_but_for_the_diagnoses_of_its_targets(tmp_path: Path) -> None:
    """The levels of a benign row are no ground truth, and a target without a known diagnosis is still malignant."""
    assert columns_of("isic2024", tmp_path, "label", "patient", "lesion", "confirmation", "modality") == [
        ("benign", "IP_1", "", "", "total_body"),
        ("melanoma", "IP_2", "IL_1", "histology", "total_body"),
        ("basal_cell_carcinoma", "IP_2", "IL_2", "histology", "total_body"),
        ("malignant", "IP_3", "IL_3", "histology", "total_body"),
        ("benign", "IP_3", "IL_4", "", "total_body"),
    ]
    assert read_layout(tmp_path / "set", "auto").counts["rows of metadata without a label"] == 1, "the test's"


def test_isic2024_of_the_challenge_has_its_columns_in_three_tables(tmp_path: Path) -> None:
    files = {
        "ISIC_2024_Training_GroundTruth.csv": "isic_id,malignant\nISIC_0000001,0.0\nISIC_0000002,1.0\nISIC_0000003,x\n",
        "ISIC_2024_Training_Supplement.csv": "isic_id,iddx_full,iddx_2,iddx_3\nISIC_0000002,x,y,Melanoma Invasive\n",
        "ISIC_2024_Training_Input/metadata.csv": "isic_id,patient_id,tbp_tile_type,sex\nISIC_0000002,IP_2,3D,male\n",
        **{f"ISIC_2024_Training_Input/ISIC_000000{number}.jpg": "" for number in (1, 2, 3)},
    }
    rows = read(lay_out(tmp_path, files))
    assert [(row["label"], row["patient"], row["sex"]) for row in rows.values()] == [
        ("benign", "", ""),
        ("melanoma", "IP_2", "male"),
        ("", "", ""),
    ]
    assert rows["ISIC_0000003"]["problem"] == "no label in ISIC_2024_Training_GroundTruth.csv: target is x"


def test_milk10k_gives_both_pictures_of_a_lesion_its_label(tmp_path: Path) -> None:
    columns = ("label", "lesion", "modality", "skin_type", "confirmation", "official_split")
    assert columns_of("milk10k", tmp_path, *columns) == [
        ("scc_or_keratoacanthoma", "IL_1", "clinical", "MILK10k tone 3", "histology", "train"),
        ("scc_or_keratoacanthoma", "IL_1", "dermoscopy", "MILK10k tone 3", "histology", "train"),
        ("nevus", "IL_2", "clinical", "", "consensus", "train"),
        ("nevus", "IL_2", "dermoscopy", "", "consensus", "train"),
    ]


@pytest.mark.parametrize("layout", ["auto", "class_folders", "ham10000"])
def test_ham10000_as_pixels_is_refused_with_what_to_get_instead(tmp_path: Path, layout: str) -> None:
    table = "pixel0000,pixel0001,label\n192,153,2\n25,14,2\n"
    with pytest.raises(UserError, match=r"hmnist_28_28_RGB.csv.*HAM10000_images_part_1.zip.*dataverse|10.7910/DVN"):
        read_layout(lay_out(tmp_path, {"hmnist_28_28_RGB.csv": table}), layout)
    beside = lay_out(tmp_path, TWINS["ham10000"])
    assert read_layout(beside, "auto").layout == "ham10000", "beside the pictures, as on Kaggle, it does not matter"


def test_pad_ufes_20_has_photographs_patients_and_skin_types(tmp_path: Path) -> None:
    columns = ("label", "patient", "lesion", "confirmation", "sex", "skin_type", "modality")
    assert columns_of("pad_ufes_20", tmp_path, *columns) == [
        ("nevus", "PAT_1516", "PAT_1516_1765", "consensus", "", "", "clinical"),
        ("basal_cell_carcinoma", "PAT_46", "PAT_46_881", "histology", "female", "Fitzpatrick III", "clinical"),
        ("basal_cell_carcinoma", "PAT_46", "PAT_46_881", "histology", "female", "Fitzpatrick III", "clinical"),
        ("actinic_keratosis", "PAT_47", "PAT_47_882", "consensus", "male", "Fitzpatrick I", "clinical"),
    ]


def test_ph2_joins_its_nevi_and_its_legend_is_no_row(tmp_path: Path) -> None:
    assert columns_of("ph2", tmp_path, "label", "confirmation", "origin", "modality") == [
        ("nevus", "", "PH2", "dermoscopy"),
        ("nevus", "", "PH2", "dermoscopy"),
        ("melanoma", "histology", "PH2", "dermoscopy"),
    ]
    assert read_layout(tmp_path / "set", "auto").counts == {"atypical nevi, read as nevus": 1}


def test_isic2018_joins_its_lesion_groupings(tmp_path: Path) -> None:
    rows = read(lay_out(tmp_path, TWINS["isic2018"]))
    assert [(row["label"], row["lesion"], row["confirmation"], row["official_split"]) for row in rows.values()] == [
        ("nevus", "HAM_1", "follow-up", "train"),
        ("akiec", "HAM_2", "histology", "train"),
    ]


def test_isic2019_joins_its_metadata_and_tells_the_collection(tmp_path: Path) -> None:
    reading = read_layout(lay_out(tmp_path, TWINS["isic2019"]), "auto")
    rows = reading.table.set_index("isic_id")
    assert rows["label"].tolist() == ["nevus", "squamous_cell_carcinoma", ""]
    assert rows["problem"].tolist() == ["", "", "an unknown class in ISIC_2019_Training_GroundTruth.csv: UNK"]
    assert rows["origin"].tolist() == ["MSK", "BCN20000", ""]
    assert rows["age"].tolist() == ["30", "", "85"]
    assert reading.counts["rows with an unknown class"] == 1


def test_siim2020_is_binary_with_patients_and_pairs(tmp_path: Path) -> None:
    reading = read_layout(lay_out(tmp_path, {**TWINS["siim2020"], "jpeg/test/ISIC_0000005.jpg": ""}), "auto")
    rows = reading.table.set_index("isic_id").sort_index()
    assert rows["label"].tolist() == ["not_melanoma", "not_melanoma", "melanoma", "not_melanoma", ""]
    assert rows["problem"].tolist() == [""] * 4 + ["no row in train.csv"]
    assert rows["patient"].tolist() == ["IP_1", "IP_2", "IP_2", "IP_3", ""]
    assert rows["lesion"].tolist() == ["ISIC_0000001", "", "ISIC_0000001", "", ""], "1 and 3 both pair with 9"
    assert rows["confirmation"].tolist() == ["", "", "histology", "", ""]


def test_a_pair_joins_the_lesions_of_the_second_siim_table(tmp_path: Path) -> None:
    table = """image_name,patient_id,lesion_id,target
ISIC_0000001,IP_1,IL_5,0
ISIC_0000002,IP_1,IL_5,0
ISIC_0000003,IP_2,IL_7,1
ISIC_0000004,IP_2,IL_8,1
"""
    pairs = {"pairs.csv": "image_name_1,image_name_2\nISIC_0000001,ISIC_0000003\n"}
    rows = read(
        lay_out(tmp_path, {**TWINS["siim2020"], "train.csv": table, **pairs, "ISIC_2020_Training_Duplicates.csv": ""})
    )
    assert [row["lesion"] for row in rows.values()] == ["IL_5", "IL_5", "IL_5", "IL_8"]


def test_the_archive_gives_the_finest_diagnosis_that_is_known(tmp_path: Path) -> None:
    reading = read_layout(lay_out(tmp_path, TWINS["isic_archive"]), "auto")
    rows = reading.table.set_index("isic_id")
    expected = ["melanoma", "nevus", "scar", "vascular_lesion", "actinic_keratosis", ""]
    assert rows["label"].tolist() == expected
    assert rows.loc["ISIC_0000006", "problem"] == "no label in metadata.csv: Benign melanocytic proliferations"
    assert list(rows.loc["ISIC_0000001", ["patient", "lesion", "age", "confirmation"]]) == [
        "IP_1", "IL_1", "85", "histology",
    ]  # fmt: skip
    assert reading.counts["files that are no pictures"] == 2


def test_a_partial_download_is_read_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {**TWINS["ham10000"], "more/ISIC_0000009.jpg": "", "more/ISIC_0000003 (1).jpg": "", "readme.txt": ""}
    del files["HAM10000_images_part_1/ISIC_0000001.jpg"]
    reading = read_layout(lay_out(tmp_path, files), "auto")
    table = reading.table.set_index("source")
    assert list(table.loc["more/ISIC_0000009.jpg", ["label", "problem"]]) == ["", "no row in HAM10000_metadata.csv"]
    assert table.loc["more/ISIC_0000003 (1).jpg", "label"] == "akiec"
    assert reading.counts == {
        "rows without a picture": 1,
        "pictures without a row": 1,
        "files with an id that another file has too": 1,
        "files that are no pictures": 1,
        "pictures without sex": 2,
        "pictures without site": 2,
    }
    assert "rows without a picture: 1 (ISIC_0000001)" in capsys.readouterr().out


def test_two_tables_that_fit_are_an_error_that_names_the_key(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {**TWINS["ham10000"], **TWINS["isic2018"]})
    with pytest.raises(UserError, match=r"fits several layouts \(ham10000: .*isic2018: .*prepare.layout"):
        read_layout(root, "auto")
    assert read_layout(root, "isic2018").layout == "isic2018"


def test_a_table_decides_unless_folders_are_named_for_diagnoses(tmp_path: Path) -> None:
    root = lay_out(tmp_path, TWINS["ham10000"])
    assert read_layout(root, "auto").layout == "ham10000"
    lay_out(tmp_path, {"Nevus/ISIC_0000007.jpg": ""})
    with pytest.raises(UserError, match=r"class_folders: .*ham10000: .*prepare.layout"):
        read_layout(root, "auto")


def test_class_folders_with_a_table_of_no_layout(tmp_path: Path) -> None:
    table = {"metadata.csv": "file,camera\na.jpg,X\n"}
    assert (
        read_layout(lay_out(tmp_path, {"nevus/a.jpg": "", "melanoma/b.jpg": "", **table}), "auto").layout
        == "class_folders"
    )


def test_unknown_folders_beside_a_table_of_no_layout_are_not_guessed(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {"part_1/a.jpg": "", "part_2/b.jpg": "", "labels.csv": "file,truth\na,nv\nb,mel\n"})
    with pytest.raises(UserError, match=r"part_1, part_2: named for parts .*labels.csv \(its columns are: file, truth"):
        read_layout(root, "auto")
    assert read_layout(root, "class_folders").layout == "class_folders"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Train/nevus/ISIC_0000555.jpg", "ISIC_0000555"), ("ISIC_0000555(1).jpg", "ISIC_0000555"),
        ("ISIC_0000555 (2).JPG", "ISIC_0000555"), ("isic_0000555_downsampled.jpeg", "ISIC_0000555"),
        ("ISIC_0000555 - Copy (3).jpg", "ISIC_0000555"), ("ISIC_0000555 copy 2.png", "ISIC_0000555"),
        ("ISIC_0000555", "ISIC_0000555"), ("ISIC_0000555_segmentation.png", ""), ("photo.jpg", ""),
        ("._ISIC_0000555.jpg", ""),
    ],
)  # fmt: skip
def test_the_isic_id_of_a_file(name: str, expected: str) -> None:
    assert isic_id(name) == expected
    assert picture_id("my own picture.jpg") == "my own picture"
