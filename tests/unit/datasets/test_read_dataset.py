"""Class folders: every file becomes one row, and what fits no layout is told in one line."""

import os
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lesions.data.images import load_picture
from lesions.data.picture_files import PictureError
from lesions.datasets import SYNTHETIC_MARK, read_dataset, read_layout
from lesions.datasets.folder import Folder
from lesions.datasets.raw import RAW_COLUMNS
from lesions.runtime.console import UserError

MakeDataset = Callable[..., Path]


def test_the_kaggle_layout_gives_label_and_official_split(make_dataset: MakeDataset) -> None:
    root = make_dataset({"Train/Basal Cell Carcinoma": 2, "Train/nevus": 1, "Test/nevus": 1})
    table = read_dataset(root, "auto")
    assert list(table.columns) == list(RAW_COLUMNS)
    assert table["source"].is_monotonic_increasing
    found = sorted(zip(table["label"], table["official_split"], strict=True))
    assert found == [("basal_cell_carcinoma", "train")] * 2 + [("nevus", "test"), ("nevus", "train")]


def test_plain_class_folders_have_no_official_split_and_may_be_deep(make_dataset: MakeDataset) -> None:
    root = make_dataset({"nevus/patient 1": 2, "melanoma": 1})
    table = read_dataset(root, "auto")
    assert table["label"].tolist() == ["melanoma", "nevus", "nevus"]
    assert set(table["official_split"]) == {""}


def test_every_file_in_a_class_folder_has_a_row_whatever_its_name(make_dataset: MakeDataset) -> None:
    """A file that is silently skipped is missing from the account of the data."""
    root = make_dataset({"nevus": 1, "melanoma": 1})
    (root / "nevus" / "Thumbs.db").write_bytes(b"x")
    (root / "nevus" / ".DS_Store").write_bytes(b"x")
    (root / "README.md").write_text("not in a class folder")
    names = {Path(source).name for source in read_dataset(root, "auto")["source"]}
    assert names == {"nevus_000.png", "melanoma_000.png", "Thumbs.db", ".DS_Store"}


def test_a_synthetic_data_set_is_marked_as_such_in_every_row(make_dataset: MakeDataset) -> None:
    root = make_dataset({"nevus": 1, "melanoma": 1})
    (root / SYNTHETIC_MARK).write_text("drawn")
    assert set(read_dataset(root, "auto")["origin"]) == {"synthetic"}


@pytest.mark.parametrize("layout", ["auto", "class_folders"])
def test_what_is_no_data_set_is_one_clear_line(tmp_path: Path, layout: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "loose").mkdir()
    (tmp_path / "loose" / "a.jpg").write_bytes(b"x")
    (tmp_path / "hollow" / "nevus").mkdir(parents=True)
    for name in ("missing", "empty", "loose", "hollow"):
        with pytest.raises(UserError, match=f"dataset: .*{name}") as error:
            read_dataset(tmp_path / name, layout)
        assert "\n" not in str(error.value)


@pytest.mark.skipif(
    not hasattr(os, "seteuid") or os.geteuid() != 0, reason="takes another user's place, which needs root"
)
def test_a_folder_without_permission_is_an_error_as_root_sees_it(make_dataset: MakeDataset) -> None:
    """os.walk passes over folders that it cannot open: their pictures would vanish without a word."""
    root = make_dataset({"nevus": 1, "melanoma": 1})
    for folder in (root, *root.parents):
        if folder.stat().st_uid == 0 and Path(tempfile.gettempdir()) in folder.parents:
            folder.chmod(0o755)
    (root / "nevus").chmod(0o700)
    os.seteuid(65534)
    try:
        with pytest.raises(UserError, match=r"nevus: cannot be opened .*permissions"):
            read_dataset(root, "auto")
    finally:
        os.seteuid(0)


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may open every folder")
def test_a_folder_without_permission_is_an_error(make_dataset: MakeDataset) -> None:
    root = make_dataset({"nevus": 1, "melanoma": 1})
    (root / "nevus").chmod(0)
    try:
        with pytest.raises(UserError, match=r"nevus: cannot be opened .*permissions"):
            Folder(root / "nevus").files  # noqa: B018
    finally:
        (root / "nevus").chmod(0o755)


def test_a_picture_beside_the_class_folders_has_a_row_and_its_reason(make_dataset: MakeDataset) -> None:
    root = make_dataset({"Train/nevus": 1, "Train/melanoma": 1, "Extra/nevus": 1, "Train": 1})
    (root / "notes.txt").write_text("not a picture")
    reading = read_layout(root, "auto")
    table = reading.table.set_index("source")
    assert (
        table.loc[["Extra/nevus/Extra_nevus_000.png", "Train/Train_000.png"], "problem"].tolist()
        == ["in no class folder"] * 2
    )
    assert table["label"].ne("").sum() == 2
    assert reading.counts == {"pictures in no class folder": 2, "files in no class folder": 1}


def test_folders_named_by_codes_are_the_classes_they_stand_for(make_dataset: MakeDataset) -> None:
    reading = read_layout(make_dataset({"nv": 1, "Melanocytic nevi": 1, "MEL": 1, "own class": 1}), "auto")
    assert sorted(reading.table["label"]) == ["melanoma", "nevus", "nevus", "own_class"]
    assert reading.counts == {"folders that stand for one class with others": 2}


def test_a_class_without_a_latin_name_is_one_clear_line(make_dataset: MakeDataset) -> None:
    with pytest.raises(UserError, match=r"痣: .* rename it"):
        read_dataset(make_dataset({"nevus": 1, "痣": 1}), "auto")


def test_a_named_pipe_is_no_table_and_no_picture(make_dataset: MakeDataset) -> None:
    """Who opens it waits for ever. As a picture it gets its reason when it is decoded."""
    root = make_dataset({"nevus": 1, "melanoma": 1})
    for name in ("labels.csv", "nevus/a.jpg"):
        os.mkfifo(root / name)
    signal.signal(signal.SIGALRM, lambda *_: pytest.fail("waits for the pipe"))
    signal.alarm(20)
    try:
        assert len(read_dataset(root, "auto")) == 3
        with pytest.raises(PictureError, match="a named pipe, not a file"):
            load_picture(root / "nevus" / "a.jpg", 32)
    finally:
        signal.alarm(0)


def test_links_are_followed_but_not_for_ever(make_dataset: MakeDataset, tmp_path: Path) -> None:
    root, elsewhere = make_dataset({"nevus": 1}), make_dataset({"melanoma": 2}, "elsewhere")
    (root / "melanoma").symlink_to(elsewhere / "melanoma", target_is_directory=True)
    (root / "nevus" / "again").symlink_to(root, target_is_directory=True)
    assert sorted(read_dataset(root, "auto")["label"]) == ["melanoma", "melanoma", "nevus"]
