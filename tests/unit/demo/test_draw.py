"""The demo data set: drawn alike every time, like a small copy of the real set, with exactly the faults it lists."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageOps, UnidentifiedImageError

from lesions.data.images import load_picture
from lesions.datasets import SYNTHETIC_MARK
from lesions.demo import dataset, draw, traits
from lesions.demo.plan import SEED, TEST, TRAIN, plan
from lesions.preparation.near_duplicates import near_duplicates

SMALL = plan(dict.fromkeys(TRAIN, 7), dict.fromkeys(TEST, 2))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set with few pictures but all faults, and the list of them beside it."""
    folder = tmp_path_factory.mktemp("data")
    dataset.make(folder / "demo", folder / "demo_faults.json", SMALL)
    return folder / "demo"


@pytest.fixture
def faults(small: Path) -> dict[str, Any]:
    listed: dict[str, Any] = json.loads((small.parent / "demo_faults.json").read_text(encoding="utf-8"))
    return listed


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def strings(value: Any) -> Iterator[str]:
    """Every string inside nested lists and dictionaries."""
    if isinstance(value, str):
        yield value
    else:
        for inner in value.values() if isinstance(value, dict) else value:
            yield from strings(inner)


@pytest.mark.parametrize("class_name", traits.CLASS_NAMES)
def test_every_class_gives_rgb_pictures_of_one_size_that_show_something(class_name: str) -> None:
    picture = draw.draw(class_name, "any")
    assert picture.shape == (draw.HEIGHT, draw.WIDTH, 3)
    assert picture.dtype == np.uint8
    assert picture.std() > 10


def test_pictures_of_one_class_differ_beyond_noise() -> None:
    """Near-copies would be grouped as one lesion, or leak from training into the test set."""
    first, *others = (draw.draw("nevus", f"{number}").astype(float) for number in range(6))
    assert all(np.abs(first - other).mean() > 8 for other in others)


def test_an_unknown_class_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'mole'.*melanoma"):
        draw.draw("mole", "any")


def test_every_lookalike_and_trait_exists() -> None:
    """A misspelt trait would be ignored in silence, and a class lose its structure."""
    known = traits.SHAPE_AND_COLOUR | traits.STRUCTURES
    assert all(set(traits) <= set(known) for traits in traits.TYPICAL.values())
    assert set(traits.MISTAKEN_FOR) == set(traits.CLASS_NAMES) == set(TRAIN)
    assert {name for names in traits.MISTAKEN_FOR.values() for name in names} <= set(TRAIN)


def test_order_and_number_of_processes_change_no_byte(tmp_path: Path) -> None:
    """A shared random stream or a salted hash would make the same revision give other data on another machine."""
    pictures = SMALL[:12]
    for name in ("one", "two"):
        for picture in pictures:
            (tmp_path / name / picture.path.parent).mkdir(parents=True, exist_ok=True)
    for picture in pictures:
        dataset.write_picture(tmp_path / "one", picture)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        list(pool.map(partial(dataset.write_picture, tmp_path / "two"), reversed(pictures)))
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_making_it_again_changes_no_byte(small: Path, tmp_path: Path) -> None:
    """DVC would see changed data, and rerun everything, after each `dvc repro --force`."""
    leftover = tmp_path / "demo" / "Train" / "leftover.jpg"
    leftover.parent.mkdir(parents=True)
    leftover.touch()
    dataset.make(tmp_path / "demo", tmp_path / "demo_faults.json", SMALL)
    assert contents(tmp_path) == contents(small.parent)


def test_a_run_that_fails_leaves_the_earlier_data_set(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "earlier").touch()
    with pytest.raises(ValueError, match="not in list"):
        dataset.make(tmp_path / "demo", tmp_path / "demo_faults.json", SMALL[:3])
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["demo", "demo/earlier"]


def test_the_plan_is_a_small_copy_of_the_real_set() -> None:
    """Without the real imbalance the demo would not show what the pipeline is for."""
    counts = Counter((picture.split, picture.class_name) for picture in plan())
    train = {name: n for (split, name), n in counts.items() if split == "Train"}
    assert 5.5 < max(train.values()) / min(train.values()) < 6.5
    assert 650 < sum(train.values()) < 750
    assert 50 < counts.total() - sum(train.values()) < 80


def test_image_ids_are_unique_and_tell_no_class() -> None:
    pictures = plan()
    assert len({picture.image_id for picture in pictures}) == len(pictures)
    assert len({picture.class_name for picture in pictures[:40]}) > 5


def test_classes_can_be_told_apart_but_not_by_colour_alone() -> None:
    """With classes that are all alike, or all distinct, no score downstream would mean anything."""

    def colours(picture: np.ndarray) -> np.ndarray:
        centre, edge = picture[45:105, 70:130].astype(float), picture[20:130, 20:30].astype(float)
        return np.concatenate([centre.mean(axis=(0, 1)) - edge.mean(axis=(0, 1)), centre.std(axis=(0, 1))])

    drawn = [draw.draw(picture.class_name, f"{SEED}:{picture.image_id}") for picture in SMALL]
    features = np.array([colours(picture) for picture in drawn])
    labels = np.array([picture.class_name for picture in SMALL])
    distances = np.linalg.norm(features[:, None] - features, axis=2)
    np.fill_diagonal(distances, np.inf)
    accuracy = np.mean(labels[distances.argmin(axis=1)] == labels)  # of the nearest neighbour; chance is 1 / 9
    assert 2 / 9 < accuracy < 7 / 9


def test_every_listed_file_exists_and_stands_in_one_list_only(small: Path, faults: dict[str, Any]) -> None:
    """A file with two faults would hide one from the tests that count them."""
    listed = list(strings(faults))
    assert [path for path in listed if not (small / path).is_file()] == []
    assert len(listed) == len(set(listed))
    assert list(faults) == sorted(faults)
    assert all(faults.values())
    assert all(faults["unusual_modes"].values())


def test_files_that_no_fault_lists_are_sound_and_unique(small: Path, faults: dict[str, Any]) -> None:
    """A fault that is not listed would make a right answer of the data audit look wrong."""
    listed = set(strings(faults))
    rest = [path for path in small.glob("*/*/*") if path.relative_to(small).as_posix() not in listed]
    assert {pixels(path).shape for path in rest} == {(draw.HEIGHT, draw.WIDTH, 3)}
    assert len({path.read_bytes() for path in rest}) == len({path.name for path in rest}) == len(rest)


def test_same_bytes_where_copies_are_listed(small: Path, faults: dict[str, Any]) -> None:
    pairs = faults["exact_duplicates"] + faults["label_conflicts"] + faults["train_test_overlap"]
    assert all((small / first).read_bytes() == (small / second).read_bytes() for first, second in pairs)


def test_copies_lie_where_their_list_says(faults: dict[str, Any]) -> None:
    def place(path: str) -> tuple[str, ...]:
        return Path(path).parts[:2]

    same_class = faults["exact_duplicates"] + faults["rotated_duplicates"] + faults["mirrored_duplicates"]
    assert all(place(first) == place(second) for first, second in same_class)
    assert all(place(first)[1] != place(second)[1] for first, second in faults["label_conflicts"])
    for train, test in faults["train_test_overlap"]:
        assert (place(train)[0], place(test)[0]) == ("Train", "Test")
        assert place(train)[1] == place(test)[1]


@pytest.mark.parametrize(
    ("kind", "turn"),
    [("rotated_duplicates", np.rot90), ("mirrored_duplicates", np.fliplr)],
)
def test_turned_copies_hold_the_very_same_pixels(
    small: Path, faults: dict[str, Any], kind: str, turn: Callable[[np.ndarray], np.ndarray]
) -> None:
    """Pixels that went through JPEG again could not be found by comparing pixels."""
    for original, copy in faults[kind]:
        assert np.array_equal(turn(pixels(small / original)), pixels(small / copy))


def test_near_duplicates_are_linked_and_nothing_else_is(small: Path, faults: dict[str, Any]) -> None:
    """The audit of the demo would show no near-duplicate, or pairs that nobody planted."""
    planted = faults["near_duplicates"]
    files = [path.relative_to(small).as_posix() for path in small.glob("*/*/*.jpg")]
    others = sorted(set(files) - set(strings(faults)))
    loaded = {path: load_picture(small / path, 64) for path in [*strings(planted), *others]}
    hashes = pd.Series({path: picture.phash for path, picture in loaded.items()})
    pairs = near_duplicates(hashes, partial(_grey, small))
    assert pairs.loc[pairs["linked"], ["a", "b"]].to_numpy().tolist() == planted
    assert len({picture.sha256 for picture in loaded.values()}) == len(loaded), "an exact copy"


def _grey(folder: Path, path: str) -> np.ndarray:
    return load_picture(folder / path, 64).grey


def test_broken_files_are_broken_in_the_way_listed(small: Path, faults: dict[str, Any]) -> None:
    for path in faults["unreadable"]:  # the header is whole: only decoding finds the fault
        with Image.open(small / path) as picture, pytest.raises(OSError, match="truncated"):
            picture.load()
    for path in faults["not_an_image"]:
        with pytest.raises(UnidentifiedImageError):
            Image.open(small / path)
    assert any((small / path).stat().st_size == 0 for path in faults["not_an_image"])
    assert pixels(small / faults["too_small"][0]).shape == (1, 1, 3)
    assert not any(Path(path).suffix.lower() in {".jpg", ".png"} for path in faults["other_files"])


@pytest.mark.parametrize(
    ("kind", "mode"), [("cmyk", "CMYK"), ("grey", "L"), ("grey_16_bit", "I;16"), ("palette", "P"), ("rgba", "RGBA")]
)
def test_unusual_modes_are_stored_as_such(small: Path, faults: dict[str, Any], kind: str, mode: str) -> None:
    for path in faults["unusual_modes"][kind]:
        with Image.open(small / path) as picture:
            assert picture.mode == mode
            assert picture.size == (draw.WIDTH, draw.HEIGHT)


def test_unusual_modes_still_show_the_picture_that_was_drawn(small: Path, faults: dict[str, Any]) -> None:
    """They are usable pictures of their class: an inverted or black one would teach nonsense."""
    for path in strings({kind: paths for kind, paths in faults["unusual_modes"].items() if kind != "grey_16_bit"}):
        drawn = draw.draw(Path(path).parts[1], f"{SEED}:{Path(path).stem}")
        difference = pixels(small / path).mean(axis=2) - drawn.mean(axis=2)
        assert np.abs(difference).mean() < 12


def test_sixteen_bit_grey_spans_the_whole_range(small: Path, faults: dict[str, Any]) -> None:
    """Values that fit in 8 bits would not catch a decoder that clips 16 bits to white."""
    for path in faults["unusual_modes"]["grey_16_bit"]:
        with Image.open(small / path) as picture:
            assert np.asarray(picture).max() > 30_000


def test_pictures_on_their_side_are_upright_once_their_exif_tag_is_followed(
    small: Path, faults: dict[str, Any]
) -> None:
    for path in faults["exif_rotated"]:
        with Image.open(small / path) as picture:
            assert picture.size == (draw.HEIGHT, draw.WIDTH)
            assert dict(picture.getexif()) == {0x0112: 6}
            upright = np.asarray(ImageOps.exif_transpose(picture)).astype(float)
        drawn = draw.draw(Path(path).parts[1], f"{SEED}:{Path(path).stem}")
        assert np.abs(upright - drawn).mean() < 6


def test_same_names_show_different_pictures(small: Path, faults: dict[str, Any]) -> None:
    """They would overwrite each other where names are taken for identity."""
    for first, second in faults["same_name"]:
        assert Path(first).name == Path(second).name
        assert Path(first).parent != Path(second).parent
        assert not np.array_equal(pixels(small / first), pixels(small / second))


def test_extensions_in_capitals_are_sound_pictures(small: Path, faults: dict[str, Any]) -> None:
    for path in faults["extension_in_capitals"]:
        assert path.endswith(".JPG")
        assert pixels(small / path).shape == (draw.HEIGHT, draw.WIDTH, 3)


def test_no_picture_carries_metadata(small: Path, faults: dict[str, Any]) -> None:
    """A date, program or place in a file would tell the machine it was made on, and change its bytes."""
    listed = {*faults["unreadable"], *faults["not_an_image"], *faults["other_files"], *faults["exif_rotated"]}
    for path in small.glob("*/*/*"):
        if path.relative_to(small).as_posix() not in listed:
            with Image.open(path) as picture:
                assert not set(picture.info) & {"exif", "comment", "xmp", "icc_profile", "Software", "date:create"}


def test_the_folder_says_that_it_is_synthetic(small: Path) -> None:
    """Scores on drawn pictures must never be read as scores on people; the readers look for the mark."""
    assert (small / SYNTHETIC_MARK).is_file()
    text = (small / "README.md").read_text(encoding="utf-8")
    assert all(word in text for word in ("SYNTHETIC", "not for any medical use", "CC0"))
