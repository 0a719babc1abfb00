"""Pictures in a container are read as files are, in any process, and a damaged container is told."""

import io
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lesions.data.containers import is_container, pictures_in, read_content
from lesions.data.images import load_picture
from lesions.data.picture_files import PictureError
from lesions.datasets import read_layout
from lesions.preparation.prepare import decode_all
from lesions.rendering.html import embed_picture
from lesions.runtime.console import UserError
from lesions.runtime.parallel import TOO_FEW_FOR_PROCESSES, map_on_all_cores

IDS = [f"ISIC_{number:07}" for number in range(TOO_FEW_FOR_PROCESSES + 6)]  # enough for worker processes
STORED: dict[str, Callable[[bytes], object]] = {
    "opaque, as ISIC 2024": np.void,
    "numbers": partial(np.frombuffer, dtype=np.uint8),
    "text of fixed length": np.bytes_,
}


def jpeg(number: int) -> bytes:
    content = io.BytesIO()
    pixels = np.random.default_rng(number).integers(0, 255, (24, 24, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(content, "JPEG")
    return content.getvalue()


def fill(path: Path, contents: dict[str, bytes], store: Callable[[bytes], object] = np.void) -> Path:
    with h5py.File(path, "w") as container:
        for name, content in contents.items():
            container.create_dataset(name, data=store(content))
    return path


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """ISIC 2024 as on Kaggle: a table, and all pictures in one HDF5 file."""
    fill(tmp_path / "train-image.hdf5", {name: jpeg(number) for number, name in enumerate(IDS)})
    rows = [f"{name},{number % 2},IP_{number}" for number, name in enumerate(IDS)]
    (tmp_path / "train-metadata.csv").write_text("\n".join(["isic_id,target,patient_id", *rows]))
    return tmp_path


@pytest.mark.parametrize("store", STORED.values(), ids=STORED)
def test_a_contained_picture_is_the_file_that_was_put_in(tmp_path: Path, store: Callable[[bytes], object]) -> None:
    container = fill(tmp_path / "a.hdf5", {"two": jpeg(2), "one": jpeg(1)}, store)
    assert pictures_in(container) == ["one", "two"]
    assert read_content(container / "two") == jpeg(2)
    (tmp_path / "one.jpg").write_bytes(jpeg(1))
    assert read_content(tmp_path / "one.jpg") == read_content(container / "one")


def test_what_is_not_there_is_no_picture(tmp_path: Path) -> None:
    container = fill(tmp_path / "a.hdf5", {"one": jpeg(1)})
    for path in (container / "two", tmp_path / "two.jpg", tmp_path / "none.hdf5" / "one", container / "a" / "b"):
        with pytest.raises(PictureError):
            load_picture(path, 8)
    with pytest.raises(FileNotFoundError):
        read_content(tmp_path / "two.jpg")


def test_a_container_that_was_replaced_is_opened_anew(tmp_path: Path) -> None:
    container = fill(tmp_path / "a.hdf5", {"one": jpeg(1)})
    assert read_content(container / "one") == jpeg(1)
    shutil.move(fill(tmp_path / "b.hdf5", {"one": jpeg(2)}), container)
    os.utime(container, (1, 1))
    assert read_content(container / "one") == jpeg(2)


def test_a_damaged_container_is_one_line_that_names_it(published: Path) -> None:
    """A download that broke off must not end in a data set without pictures."""
    path = published / "train-image.hdf5"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(UserError, match=r"train-image.hdf5: cannot be read .*get it again") as error:
        read_layout(published, "auto")
    assert "\n" not in str(error.value)


def test_weights_in_a_data_set_are_no_container_of_pictures(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "weights.h5", "w") as file:
        file.create_dataset("layer/kernel", data=np.zeros(3))
    assert is_container(tmp_path / "weights.h5")
    assert pictures_in(tmp_path / "weights.h5") == []


def test_workers_read_what_their_parent_has_open(published: Path) -> None:
    """A forked worker that shares its parent's open file moves its place while the parent reads."""
    container = published / "train-image.hdf5"
    assert read_content(container / IDS[0]) == jpeg(0)
    contents = list(map_on_all_cores(read_content, [container / name for name in IDS], "test"))
    assert contents == [jpeg(number) for number in range(len(IDS))]


def test_a_container_is_prepared_as_the_same_pictures_in_files(published: Path, tmp_path: Path) -> None:
    raw = read_layout(published, "auto").table
    assert raw["source"].tolist() == [f"train-image.hdf5/{name}" for name in IDS]
    assert raw["isic_id"].tolist() == IDS
    (tmp_path / "from_container").mkdir()
    decoded = decode_all(raw, published, tmp_path / "from_container", 16, 8)
    assert set(decoded["reason"]) == {""}
    for number, name in enumerate(IDS):
        (published / f"{name}.jpg").write_bytes(jpeg(number))
    (tmp_path / "from_files").mkdir()
    files = pd.DataFrame({"source": [f"{name}.jpg" for name in IDS]})
    hashes = decode_all(files, published, tmp_path / "from_files", 16, 8)["sha256"]
    assert decoded["sha256"].tolist() == hashes.tolist()
    pages = {embed_picture(published, source, "").uri for source in (raw["source"][3], f"{IDS[3]}.jpg")}
    assert len(pages) == 1, "the audit shows another picture"


def test_of_a_picture_in_folder_and_container_the_file_counts(published: Path) -> None:
    """Listed twice, each would be left out as a copy of the other, or stand in two splits."""
    folder = published / "train-image" / "image"
    folder.mkdir(parents=True)
    for name in IDS[:3]:
        (folder / f"{name}.jpg").write_bytes(jpeg(0))
    (published / "stranger.jpg").write_bytes(jpeg(0))
    reading = read_layout(published, "auto")
    expected = [f"train-image.hdf5/{name}" for name in IDS[3:]] + [f"train-image/image/{name}.jpg" for name in IDS[:3]]
    assert sorted(reading.table["source"]) == sorted([*expected, "stranger.jpg"])
    assert reading.counts["pictures both as a file, which is used, and in a container"] == 3
    assert "files that are no pictures" not in reading.counts
