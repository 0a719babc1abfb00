"""Batches: the same in the middle of a run as from its start, from disk as from memory, and made in time."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lesions.data.pixels import read_pixels
from lesions.models.transfer import build_network
from lesions.runtime.console import UserError
from lesions.training.batches import PREFETCHED, prefetch, training_batches, validation_batches
from lesions.training.cache import PicturesOnDisk, content_hash
from lesions.training.fit import fit, set_seeds
from lesions.training.training_set import Pictures, TrainingData
from tests.unit.small_params import SMALL, params_with
from tests.unit.training_pictures import SIDE
from tests.unit.trainings import toy_data

ONLINE = params_with(train__online__rotation=0.1).train.online


def all_batches(data: TrainingData, epochs: range = range(3)) -> list[Any]:
    return list(training_batches(data, 16, epochs, seed=1, params=ONLINE).as_numpy_iterator())


def assert_equal(ours: list[Any], theirs: list[Any]) -> None:
    for one, other in zip(ours, theirs, strict=True):
        assert all(np.array_equal(x, y) for x, y in zip(one, other, strict=True))


def on_disk(data: TrainingData, folder: Path) -> TrainingData:
    """The same pictures, each in a file."""

    def write(pictures: Pictures, split: str) -> Pictures:
        paths = [folder / f"{split}_{number}.png" for number in range(len(pictures.labels))]
        for path, pixels in zip(paths, pictures.pixels[np.arange(len(paths))], strict=True):
            Image.fromarray(pixels).save(path)
        return Pictures(PicturesOnDisk(paths, SIDE, read_pixels, content_hash(pictures.pixels)), pictures.labels)

    return data._replace(train=write(data.train, "train"), val=write(data.val, "val"))


@pytest.mark.parametrize("shares", [None, np.array([0.2, 0.3, 0.5])])
def test_a_run_taken_up_in_the_middle_sees_the_same_batches(shares: Any) -> None:
    data = toy_data(15, shares)
    rest = all_batches(data, range(2, 3))
    assert [len(labels) for _, labels, _ in rest] == [15, 15, 15], "45 in batches of at most 16, none of 13"
    assert_equal(all_batches(data)[-3:], rest)


def test_pictures_on_disk_give_the_batches_of_those_in_memory(tmp_path: Path) -> None:
    data = toy_data(15)
    read = on_disk(data, tmp_path)
    assert_equal(all_batches(data), all_batches(read))
    assert_equal(*(list(validation_batches(x, 4).as_numpy_iterator()) for x in (data, read)))


def test_training_from_disk_ends_with_the_weights_of_training_from_memory(tmp_path: Path) -> None:
    params, data = params_with(**SMALL, epochs=2), toy_data()
    weights = []
    for source in (data, on_disk(data, tmp_path)):
        set_seeds(0, deterministic=True)
        model = build_network(params.model, 3, SIDE)
        fit(model, source, params, [])
        weights.append(model.get_weights())
    assert all(np.array_equal(x, y) for x, y in zip(*weights, strict=True))


def test_every_validation_picture_comes_once_and_in_order() -> None:
    data = toy_data()
    batches = list(validation_batches(data, 4).as_numpy_iterator())
    assert [len(labels) for _, labels in batches] == [4, 4, 4, 3]
    assert np.array_equal(np.concatenate([pixels for pixels, _ in batches]), data.val.pixels[np.arange(15)])
    assert np.concatenate([labels for _, labels in batches]).argmax(axis=1).tolist() == data.val.labels.tolist()


def test_a_picture_that_vanishes_while_training_is_named(tmp_path: Path) -> None:
    def vanish(path: Path) -> Any:
        raise UserError(f"{path.name} cannot be read (FileNotFoundError): run `dvc repro prepare`")

    data = toy_data()
    lost = PicturesOnDisk([Path("lost.png")] * len(data.train.labels), SIDE, vanish, "")
    model = build_network(params_with(**SMALL).model, 3, SIDE)
    with pytest.raises(UserError, match=r"^lost\.png cannot be read \(FileNotFoundError\): run `dvc repro prepare`$"):
        fit(model, data._replace(train=Pictures(lost, data.train.labels)), params_with(**SMALL), [])


def test_items_are_made_ahead_in_their_order_and_no_further() -> None:
    made, enough = list[int](), threading.Event()

    def items() -> Iterator[int]:
        for number in range(10):
            made.append(number)
            if number == PREFETCHED:
                enough.set()
            yield number

    ahead = prefetch(items)
    assert next(ahead) == 0
    assert enough.wait(5), "the next ones are made while nobody asks"
    assert made == list(range(PREFETCHED + 1)), "memory would fill with batches"
    assert list(ahead) == list(range(1, 10))


def test_an_exception_while_making_ahead_is_raised_where_the_item_is_asked_for() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise UserError("no second")

    ahead = prefetch(items)
    assert next(ahead) == 1
    with pytest.raises(UserError, match="no second"):
        next(ahead)
