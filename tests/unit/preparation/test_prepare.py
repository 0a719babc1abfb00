"""Preparation: every raw file is used or left out for one stated reason, and outputs are whole or absent."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd
import pytest
from PIL import Image

from lesions.data.manifest import REASONS, read_excluded, read_manifest
from lesions.datasets import read_layout
from lesions.preparation.official_labels import check_labels, read_official_labels
from lesions.preparation.prepare import decode_all, near_pairs, place, prepare
from lesions.preparation.selection import assign, choose_labels, image_ids
from lesions.runtime.console import UserError
from lesions.runtime.file_names import table_name
from tests.unit.preparation.test_splits import params

MakeDataset = Callable[..., Path]
NO_PAIRS = pd.DataFrame({"a": [], "b": []}, dtype=int)


def prepared(root: Path, tmp_path: Path, **changes: Any) -> pd.DataFrame:
    folder = tmp_path / "prepared"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return place(selected(decoded(root, folder), **changes), folder)


def decoded(root: Path, folder: Path) -> pd.DataFrame:
    labels = folder.parent / "labels"
    labels.mkdir(exist_ok=True)
    raw = check_labels(read_layout(root, "class_folders").table, read_official_labels(labels)).table
    return decode_all(raw, root, folder, 32, 16)


def selected(pictures: pd.DataFrame, near: pd.DataFrame = NO_PAIRS, **changes: Any) -> pd.DataFrame:
    setting = params(**changes)
    return assign(choose_labels(pictures, setting), near, setting)


def fate(pictures: pd.DataFrame) -> dict[str, str]:
    return dict(zip(pictures["source"], pictures["reason"], strict=True))


def test_a_picture_under_two_classes_is_used_under_neither(make_dataset: MakeDataset, tmp_path: Path) -> None:
    root = make_dataset({"nevus": 8, "melanoma": 8})
    shutil.copy(root / "nevus" / "nevus_000.png", root / "melanoma" / "other.png")
    pictures = prepared(root, tmp_path)
    assert {k for k, v in fate(pictures).items() if v} == {"nevus/nevus_000.png", "melanoma/other.png"}
    assert set(pictures["reason"]) == {"", "label conflict"}
    with pytest.raises(UserError, match=r"2 files .* same pixels as .*label_conflicts"):
        prepared(root, tmp_path, label_conflicts="error")


def test_of_copies_one_stays_and_a_test_picture_before_others(make_dataset: MakeDataset, tmp_path: Path) -> None:
    root = make_dataset({"Train/nevus": 8, "Test/nevus": 8, "Train/melanoma": 8, "Test/melanoma": 8})
    for part, name in (("Train", "copy_a.png"), ("Test", "zcopy_b.png")):
        shutil.copy(root / "Train" / "nevus" / "Train_nevus_000.png", root / part / "nevus" / name)
    pictures = prepared(root, tmp_path)
    left_out = {k for k, v in fate(pictures).items() if v == "exact duplicate"}
    assert left_out == {"Train/nevus/Train_nevus_000.png", "Train/nevus/copy_a.png"}
    assert (
        pictures.set_index("source").loc[sorted(left_out), "detail"] == "same pixels as Test/nevus/zcopy_b.png"
    ).all()


def test_under_official_no_training_picture_shares_a_lesion_with_the_test(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    root = make_dataset({"Train/nevus": 9, "Test/nevus": 6, "Train/melanoma": 9, "Test/melanoma": 6})
    (tmp_path / "prepared").mkdir()
    pictures = decoded(root, tmp_path / "prepared")
    pictures.loc[pictures["source"].str.endswith("nevus_000.png"), "lesion"] = "L1"
    row = {source: row for row, source in pictures["source"].items()}
    near = pd.DataFrame({"a": [row["Test/nevus/Test_nevus_001.png"]], "b": [row["Train/nevus/Train_nevus_005.png"]]})
    found = fate(selected(pictures, near, test="official"))
    assert found["Train/nevus/Train_nevus_000.png"] == "shares a group with the test set"
    assert found["Train/nevus/Train_nevus_005.png"] == "shares a group with the test set", "a near-duplicate leaks"
    assert found["Test/nevus/Test_nevus_000.png"] == found["Test/nevus/Test_nevus_001.png"] == ""


def test_an_id_of_the_archive_joins_copies_only_where_the_pixels_agree(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    """A recompressed copy has other pixels; but a stem that two photographs share must cost neither of them."""
    root = make_dataset({"nevus": 8, "melanoma": 8})
    for copy, folder in (("ISIC_0000001 (1).jpg", "nevus"), ("ISIC_0000002.jpg", "melanoma")):
        number = int(copy[11]) - 1
        (root / "nevus" / f"nevus_{number:03}.png").rename(root / "nevus" / f"{copy[:12]}.png")
        with Image.open(root / "nevus" / f"{copy[:12]}.png") as picture:
            picture.save(root / folder / copy, quality=80)
    (root / "nevus" / "nevus_003.png").rename(root / "nevus" / "ISIC_0000003.png")
    (root / "melanoma" / "melanoma_003.png").rename(root / "melanoma" / "ISIC_0000003.png")
    pictures = prepared(root, tmp_path)
    assert {source: reason for source, reason in fate(pictures).items() if reason} == {
        "nevus/ISIC_0000001.png": "exact duplicate",
        "nevus/ISIC_0000002.png": "label conflict",
        "melanoma/ISIC_0000002.jpg": "label conflict",
    }
    same_id = pictures[pictures["isic_id"] == "ISIC_0000003"]
    assert same_id["group"].nunique() == 1, "one id, so one split"


def test_near_duplicates_are_told_by_the_grey_copy_of_their_own_row(make_dataset: MakeDataset, tmp_path: Path) -> None:
    """Files that give no picture have a row too: without it, every later picture would be compared as another one."""
    root = make_dataset({"nevus": 8, "melanoma": 8})
    (root / "melanoma" / "broken.png").write_bytes(b"")
    with Image.open(root / "nevus" / "nevus_003.png") as picture:
        picture.point(lambda level: 0.9 * level).save(root / "nevus" / "darker.png")
    (tmp_path / "prepared").mkdir()
    pictures = decoded(root, tmp_path / "prepared")
    assert pictures.loc[0:8, "reason"].any(), "no row without a picture before the pair"
    pairs = near_pairs(pictures, tmp_path / "prepared")
    found = [sorted(pictures.loc[[a, b], "source"]) for a, b in zip(pairs["a"], pairs["b"], strict=True)]
    assert found == [["nevus/darker.png", "nevus/nevus_003.png"]]


def test_kept_conflicts_stay_in_one_split(make_dataset: MakeDataset, tmp_path: Path) -> None:
    root = make_dataset({"nevus": 9, "melanoma": 9})
    for number in range(5):
        shutil.copy(root / "nevus" / f"nevus_{number:03}.png", root / "melanoma" / f"again_{number}.png")
    pictures = prepared(root, tmp_path, label_conflicts="keep")
    assert (pictures["reason"] == "").all()
    assert (pictures.groupby("sha256")["split"].nunique() == 1).all()


def test_classes_can_be_merged_and_left_out(make_dataset: MakeDataset, tmp_path: Path) -> None:
    root = make_dataset({"nevus": 8, "melanoma": 8, "dermatofibroma": 8})
    pictures = prepared(root, tmp_path, classes={"nevus": "mole", "dermatofibroma": None})
    used = pictures[pictures["reason"] == ""]
    assert used["label"].nunique() == 2
    left_out = pictures[pictures["reason"] == "no label"]
    assert set(left_out["label"]) == {"dermatofibroma"}
    assert (left_out["detail"] == "prepare.classes leaves out dermatofibroma").all()


def test_a_class_with_one_picture_is_left_out_and_one_usable_class_is_an_error(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    root = make_dataset({"nevus": 8, "melanoma": 8, "angioma": 1})
    pictures = prepared(root, tmp_path)
    assert pictures.loc[pictures["label"] == "angioma", "reason"].tolist() == ["class too small"]
    shutil.rmtree(root / "melanoma")
    with pytest.raises(
        UserError, match=r"1 of 2 classes usable, at least 2 needed \(9 files: 8 usable, 1 class too small"
    ):
        prepared(root, tmp_path)


def test_a_tiny_picture_counts_as_too_small_not_as_duplicate(make_dataset: MakeDataset, tmp_path: Path) -> None:
    """Reasons have an order of precedence: two white dots are no copies of a lesion."""
    root = make_dataset({"nevus": 8, "melanoma": 8})
    for name in ("a.png", "b.png"):
        Image.new("RGB", (1, 1)).save(root / "nevus" / name)
    reasons = fate(prepared(root, tmp_path))
    assert reasons["nevus/a.png"] == reasons["nevus/b.png"] == "too small"


def test_every_file_is_in_exactly_one_place(make_dataset: MakeDataset, tmp_path: Path) -> None:
    root = make_dataset({"nevus": 8, "melanoma": 8})
    (root / "nevus" / "x.jpg").write_text("not a picture")
    pictures = prepared(root, tmp_path)
    assert len(pictures) == 17
    assert set(pictures["reason"]) <= {"", *REASONS}
    used = pictures[pictures["reason"] == ""]
    written = {
        p.relative_to(tmp_path / "prepared").as_posix() for p in (tmp_path / "prepared").rglob("*") if p.is_file()
    }
    assert written == set(used["path"])
    assert (used["path"] == used["split"] + "/" + used["label"] + "/" + used["image_id"] + ".png").all()


def test_the_same_pictures_give_the_same_split_whatever_their_order(make_dataset: MakeDataset, tmp_path: Path) -> None:
    root = make_dataset({"nevus": 12, "melanoma": 12})
    (tmp_path / "prepared").mkdir()
    pictures = decoded(root, tmp_path / "prepared")
    one = selected(pictures)
    other = selected(pictures.sample(frac=1, random_state=1)).sort_index()
    pd.testing.assert_frame_equal(one, other[one.columns])


def test_repeated_file_names_get_a_suffix_and_others_keep_theirs() -> None:
    ids = image_ids(pd.Series(["a/x.jpg", "b/x.png", "b/X.png", "b/y.png"]))
    assert ids.is_unique
    assert ids[3] == "y"
    assert ids[:3].str.match(r"^[xX]-[0-9a-f]{8}$").all(), "names that differ in case alone are one file on a Mac"


def test_what_cannot_be_read_is_a_row_and_is_not_waited_for(make_dataset: MakeDataset, tmp_path: Path) -> None:
    """A pipe that nobody writes into would hold the run for ever, as a picture, a table or a container."""
    root = make_dataset({"nevus": 8, "melanoma": 8})
    for name in ("nevus/pipe.jpg", "table.csv", "pictures.hdf5"):
        os.mkfifo(root / name)
    (root / "nevus" / "dangling.jpg").symlink_to("gone.jpg")
    (root / "nevus" / "itself.jpg").symlink_to("itself.jpg")
    pictures = prepared(root, tmp_path)
    left_out = pictures[pictures["reason"] == "unreadable"]
    details = dict(zip(left_out["source"], left_out["detail"], strict=True))
    assert details.pop("nevus/itself.jpg")
    assert details == {
        "nevus/pipe.jpg": "a named pipe, not a file",
        "nevus/dangling.jpg": "a link to a file that is not there",
    }


def test_every_name_of_a_file_is_one_row_that_can_be_read_again(make_dataset: MakeDataset, tmp_path: Path) -> None:
    """Names over line ends, quotes, other scripts, the longest, and bytes that are no UTF-8: none breaks a table."""
    root = make_dataset({"nevus": 14, "melanoma": 8})
    names = [
        *(
            b"Icon\r",
            b"a\nb.png",
            b'"q".png',
            b"a,b.png",
            "\u0634\u0627\u0645\u0629.png".encode(),
            "\U0001fa7a.png".encode(),
        ),
        *(
            b"x" * 255,
            b"y" * 251 + b".png",
            "\u00e9".encode() * 127,
            b"m\xe9.png",
            b"\xff",
            b"100%.png",
            b"-.png",
            b" .png",
        ),
    ]
    for path, name in zip(sorted((root / "nevus").iterdir()), names, strict=True):
        path.rename(root / "nevus" / os.fsdecode(name))
    (root / "melanoma" / "empty\r").touch()
    (tmp_path / "labels").mkdir()
    out = tmp_path / "out"
    out.mkdir()
    prepare(root, tmp_path / "labels", 32, params(), out)
    manifest = read_manifest(out)
    expected = sorted(name.decode("utf-8", "surrogateescape") for name in names)
    found = sorted(PurePosixPath(source).name for source in manifest["source"] if source.startswith("nevus/"))
    assert found == sorted(map(table_name, expected))
    assert read_excluded(out)["source"].tolist() == ["melanoma/empty\r"]
    assert all((out / path).is_file() for path in manifest["path"])
    assert manifest["image_id"].map(lambda name: len(name.encode())).max() <= 200
