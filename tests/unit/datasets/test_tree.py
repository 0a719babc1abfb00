"""Trees of folders as people have them: classes are found below wrappers and splits, and never guessed."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesions.datasets import read_layout
from lesions.datasets.folder_names import names_masks, names_part, splits_among
from lesions.runtime.console import UserError
from tests.unit.twins import TWINS, lay_out

CLASSES = ["melanoma", "nevus"]
WRAPPERS = [
    "Skin cancer ISIC The International Skin Imaging Collaboration",
    "archive",
    "isic-2019",
    "data",
    "mélanomes 2",
]
SPLIT_NAMES = {
    "train": [
        "Train",
        "training",
        "train_dir",
        "TrainSet",
        "train-images",
        "Training Data",
        "trainData",
        "train/train",
    ],
    "val": ["val", "Valid", "validation", "val_dir", "dev", "Validation_Set"],
    "test": ["Test", "testing", "test_dir", "TestImages", "test/test"],
}


def files(folders: list[str], n: int = 2) -> dict[str, str]:
    return {f"{folder}/{number}.jpg": "" for folder in folders for number in range(n)}


def found(root: Path, layout: str = "auto") -> dict[str, tuple[str, str]]:
    """Class and split of each folder that has one."""
    table = read_layout(root, layout).table
    rows = table[table["label"] != ""]
    folders = [Path(source).parent.as_posix() for source in rows["source"]]
    return dict(zip(folders, zip(rows["label"], rows["official_split"], strict=True), strict=True))


@settings(max_examples=60, deadline=None)
@given(
    wrappers=st.lists(st.sampled_from(WRAPPERS), max_size=2),
    splits=st.sets(st.sampled_from(["train", "val", "test"])),
    inner=st.sampled_from([[], ["images"]]),
    extras=st.sets(st.sampled_from(["__MACOSX", "masks", ".ipynb_checkpoints", "@eaDir"])),
    names=st.data(),
)
def test_classes_are_found_below_wrappers_and_splits(
    wrappers: list[str], splits: set[str], inner: list[str], extras: set[str], names: st.DataObject
) -> None:
    """Else the names of splits or wrappers are trained on, or pictures are left out."""
    above = {split: names.draw(st.sampled_from(SPLIT_NAMES[split])) for split in splits} or {"": ""}
    expected = {}
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        for split, folder in above.items():
            for label in CLASSES:
                path = "/".join(filter(None, [*wrappers, folder, *inner, label]))
                expected[path] = (label, split)
                lay_out(root, files([path]))
                lay_out(root, {f"{extra}/{path}/._0.jpg": "" for extra in extras})
        lay_out(root, {"LICENSE.txt": "", "/".join([*wrappers, "README.md"]): ""})
        assert found(root / "set") == expected


def test_a_lone_class_in_one_split_is_no_wrapper(tmp_path: Path) -> None:
    root = lay_out(tmp_path, files(["Train/kind a", "Train/kind b", "Test/kind a/patient 1", "Test/kind a/patient 2"]))
    assert {label for label, _ in found(root).values()} == {"kind_a", "kind_b"}


def test_splits_below_the_classes_are_splits_too(tmp_path: Path) -> None:
    root = lay_out(tmp_path, files(["nevus/train", "nevus/test", "melanoma/train", "melanoma/valid"]))
    assert found(root) == {
        "nevus/train": ("nevus", "train"), "nevus/test": ("nevus", "test"),
        "melanoma/train": ("melanoma", "train"), "melanoma/valid": ("melanoma", "val"),
    }  # fmt: skip


def test_a_split_in_the_name_of_a_class_is_no_class(tmp_path: Path) -> None:
    root = lay_out(tmp_path, files(["melanoma_train", "melanoma_test", "train nevi", "testNV"]))
    assert list(found(root).values()) == [
        ("melanoma", "test"), ("melanoma", "train"), ("nevus", "test"), ("nevus", "train"),
    ]  # fmt: skip


def test_pictures_of_a_split_without_classes_are_left_out_with_a_reason(tmp_path: Path) -> None:
    for name, folders in {"beside": ["train/mel", "train/nv", "test"], "below": ["mel", "nv", "test"]}.items():
        table = read_layout(lay_out(tmp_path / name, files(folders)), "auto").table
        assert set(table["label"]) == {"", "melanoma", "nevus"}
        assert set(table.loc[table["label"] == "", "problem"]) == {"in no class folder"}


@pytest.mark.parametrize(
    ("folders", "told"),
    [
        (["HAM10000/mel", "HAM10000/nv", "ISIC2019/mel", "ISIC2019/nv"], r"HAM10000, ISIC2019: each a data set"),
        (["train/A/mel", "train/A/nv", "train/B/mel"], r"A, B: each a data set of its own \(A: mel, nv; B: mel\)"),
        (["patient1/nevus", "patient2/melanoma"], r"patient1, patient2: each a data set"),
        (["dataset/mel", "dataset/nv", "extra"], r"dataset, extra: class folders\? Or does dataset hold"),
        (["Train/mel", "Train/nv", "melanoma"], r"Train beside melanoma: splits, or class folders"),
        (["benign/nevus", "malignant/melanoma"], r"benign, malignant: class folders\? Or nevus in benign"),
        (["site 1/kind a", "site 1/kind b", "site 2/kind a", "site 2/kind b"], r"class folders\? Or kind a, kind b"),
        (["HAM10000", "ISIC2019"], r"HAM10000, ISIC2019: named for parts or collections"),
        (["images_part_1", "images_part_2"], r"named for parts or collections"),
        (["train", "test"], r"fits no known layout"),
    ],
)
def test_what_can_be_read_in_two_ways_or_in_none_is_told_in_one_line(
    tmp_path: Path, folders: list[str], told: str
) -> None:
    with pytest.raises(UserError, match=told) as error:
        read_layout(lay_out(tmp_path, files(folders)), "auto")
    assert "\n" not in str(error.value)


def test_the_layout_named_takes_the_outer_of_two_levels_but_never_data_sets(tmp_path: Path) -> None:
    outer = lay_out(tmp_path / "levels", files(["benign/nevus", "malignant/melanoma"]))
    assert {label for label, _ in found(outer, "class_folders").values()} == {"benign", "malignant"}
    several = lay_out(tmp_path / "several", files(["HAM10000/mel", "HAM10000/nv", "ISIC2019/mel", "ISIC2019/nv"]))
    with pytest.raises(UserError, match="each a data set of its own"):
        read_layout(several, "class_folders")


@pytest.mark.parametrize("layout", TWINS)
def test_a_table_layout_is_read_below_wrapper_folders(tmp_path: Path, layout: str) -> None:
    wrapped = {f"archive (3)/{layout} data/{name}": text for name, text in TWINS[layout].items()}
    table = read_layout(lay_out(tmp_path, wrapped), "auto").table
    assert (
        table["label"].tolist()
        == read_layout(lay_out(tmp_path / "bare", TWINS[layout]), layout).table["label"].tolist()
    )


def test_both_forms_of_an_accent_are_one_class_folder(tmp_path: Path) -> None:
    root = lay_out(tmp_path, files(["nevus", "l\N{LATIN SMALL LETTER E WITH ACUTE}sion b", "le\u0301sion b"]))
    assert {label for label, _ in found(root).values()} == {"nevus", "lesion_b"}


def test_numbers_are_left_away_from_unknown_names_unless_they_tell_them_apart(tmp_path: Path) -> None:
    """Train and Test hold different counts of one class: `1. Eczema 1677` and `1. Eczema 309`."""
    folders = ["Train/1. Eczema 1677", "Train/2. Melanoma 15.75k", "Test/1. Eczema 309", "Test/2. Melanoma 1.2k"]
    assert {label for label, _ in found(lay_out(tmp_path / "counts", files(folders))).values()} == {
        "eczema",
        "melanoma",
    }
    kept = found(lay_out(tmp_path / "types", files(["type 1", "type 2", "nevus"])))
    assert {label for label, _ in kept.values()} == {"type_1", "type_2", "nevus"}


def test_spreadsheets_are_named_where_they_are_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = lay_out(tmp_path, {"labels.xlsx": "", "a.jpg": ""})
    with pytest.raises(UserError, match=r"labels.xlsx: spreadsheets are not read, save them as CSV"):
        read_layout(root, "auto")
    lay_out(tmp_path, files(["first", "second"]))
    with pytest.raises(UserError, match=r"name no known diagnosis .*labels.xlsx: spreadsheets are not read"):
        read_layout(root, "auto")
    lay_out(tmp_path, files(["nevus", "melanoma"]))
    read_layout(root, "auto")
    assert "save them as CSV: 1 (labels.xlsx)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (["ISIC2018_Task3_Training_Input", "ISIC2018_Task3_Test_Input"], ["train", "test"]),
        (["melanoma_train", "melanoma_test"], []),
        (["latest", "contest", "trainee", "valley", "testis", "devices"], []),
        (["train_val", "train_test_split"], []),
        (["skin_train", "other_test"], []),
    ],
)
def test_only_names_of_splits_are_taken_for_them(names: list[str], splits: list[str]) -> None:
    assert list(splits_among(names).values()) == splits


def test_folders_of_parts_and_of_masks_are_told_from_classes() -> None:
    assert all(map(names_part, ["images", "HAM10000_images_part_1", "ISIC_2019", "fold_1", "data", "ISIC2018 images"]))
    assert not any(map(names_part, ["nevus", "0", "1", "type 1", "skin", "other", "normal", "set of nevi"]))
    assert all(map(names_masks, ["masks", "ISIC2018_Task1_Training_GroundTruth", "Ground Truth", "segmentations"]))
    assert not any(map(names_masks, ["nevus", "images", "unmasked", "ground", "truth"]))
