"""What training sees: never a test picture, the classes in their planned proportions, clear words on what is amiss."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lesions.data.manifest import read_manifest
from lesions.data.plan import class_shares, class_weights
from lesions.params.paths import AUGMENTED, PLAN, PREPARED
from lesions.params.schema import RebalanceParams
from lesions.runtime.console import UserError
from lesions.training import load as loader
from lesions.training.cache import Cache
from lesions.training.load import load_training_data
from lesions.training.training_set import TrainingData, epoch_order, not_in_validation
from tests.unit.training_pictures import SIDE, toy_pixels, write_prepared

PLAN_ROW = st.tuples(st.integers(1, 200), st.integers(0, 400))  # n_train, n_target - n_train
PLANS = st.lists(PLAN_ROW, min_size=2, max_size=9).map(
    lambda rows: pd.DataFrame({"n_train": [n for n, _ in rows], "n_target": [n + more for n, more in rows]})
)


def rebalance(method: str = "none") -> RebalanceParams:
    return RebalanceParams.model_validate({"method": method, "target": "match_majority", "per_class": 1, "cap": None})


def load(method: str = "none", size: int = SIDE, cache: Cache = "memory") -> TrainingData:
    return load_training_data(read_manifest(PREPARED), size, rebalance(method), cache)


@pytest.fixture(autouse=True)
def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: three classes prepared, two new pictures for the first of them."""
    monkeypatch.chdir(tmp_path)
    write_prepared(tmp_path, train={"mel": 3, "nv": 5, "vasc": 4}, val=2, added={"mel": 2})
    return tmp_path


def test_training_is_train_and_augmented_and_validation_is_val() -> None:
    # the test pictures written by the fixture are no pictures at all: opening one would raise
    data = load()
    assert data.classes == ["mel", "nv", "vasc"]
    assert np.bincount(data.train.labels).tolist() == [3 + 2, 5, 4]
    assert np.bincount(data.val.labels).tolist() == [2, 2, 2]
    for split in (data.train, data.val):
        for picture, label in zip(split.pixels[np.arange(len(split.labels))], split.labels, strict=True):
            assert any(np.array_equal(picture, toy_pixels(int(label), number)) for number in range(1000, 1100))


def test_classes_and_pictures_may_be_named_by_numbers(tmp_path: Path) -> None:
    """Folders 0 to 6 are common, and pandas would read their names as numbers."""
    shutil.rmtree(tmp_path / "data")
    write_prepared(tmp_path, train={"0": 3, "1": 5}, val=2, added={"0": 2})
    data = load("weights")
    assert data.classes == ["0", "1"]
    assert np.bincount(data.train.labels).tolist() == [5, 5]


@given(PLANS)
def test_weights_average_to_one_and_balance_the_classes(plan: pd.DataFrame) -> None:
    weights = class_weights(plan)
    totals = weights * plan["n_train"]  # what each class adds to the loss
    assert np.isclose(totals.sum(), plan["n_train"].sum()), "else the learning rate would change with the method"
    assert np.allclose(totals / totals.sum(), plan["n_target"] / plan["n_target"].sum())


@given(PLANS, st.integers(0, 2**31 - 1), st.integers(0, 10_000))
def test_the_sampler_gives_each_class_its_share(plan: pd.DataFrame, seed: int, epoch: int) -> None:
    labels = np.repeat(np.arange(len(plan)), plan["n_train"])
    order = epoch_order(labels, class_shares(plan), seed, epoch)
    assert len(order) == len(labels)
    drawn = np.bincount(labels[order], minlength=len(plan))
    assert np.abs(drawn - class_shares(plan) * len(labels)).max() <= 1
    for label, count in enumerate(drawn):
        repeats = np.bincount(order[labels[order] == label], minlength=len(labels))[labels == label]
        assert repeats.max() - repeats.min() <= 1, "no picture twice before every picture of its class once"
        assert repeats.sum() == count


@given(st.integers(1, 300), st.integers(0, 2**31 - 1), st.integers(0, 10_000))
def test_without_a_sampler_every_picture_comes_once(n: int, seed: int, epoch: int) -> None:
    labels = np.zeros(n, dtype=np.int64)
    order = epoch_order(labels, None, seed, epoch)
    assert sorted(order) == list(range(n))
    assert np.array_equal(order, epoch_order(labels, None, seed, epoch))


def test_every_epoch_and_seed_has_its_own_order() -> None:
    labels = np.zeros(50, dtype=np.int64)
    orders = {tuple(epoch_order(labels, None, seed, epoch)) for seed in range(3) for epoch in range(3)}
    assert len(orders) == 9


@pytest.mark.parametrize("method", ["augment", "none", "weights", "sampler"])
def test_the_method_of_rebalancing_decides(method: str) -> None:
    data = load(method)
    assert (data.shares is not None) == (method == "sampler")
    assert (set(data.loss_weights) != {1.0}) == (method == "weights")
    if method == "weights":  # 3, 5 and 4 pictures, each class to weigh as 5
        assert np.allclose(data.loss_weights / data.loss_weights[1], [5 / 3, 1, 5 / 4])


def remove(path: str) -> Callable[[], object]:
    return lambda: Path(path).unlink()


def edit_manifest(column: str, old: str, new: str) -> Callable[[], object]:
    def edit() -> None:
        path = Path("data/prepared/manifest.csv")
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        table.loc[table[column] == old, column] = new
        table.to_csv(path, index=False)

    return edit


AMISS = {
    "damaged picture": (
        lambda: Path("data/prepared/train/mel/mel_train_0.png").write_bytes(b"\x89PNG"),
        r"mel_train_0\.png cannot be read .*dvc repro prepare",
    ),
    "missing picture": (remove("data/prepared/val/nv/nv_val_1.png"), r"nv_val_1\.png cannot be read"),
    "no validation": (edit_manifest("split", "val", "test"), "no validation pictures: raise prepare.val_fraction"),
    "class without training": (edit_manifest("split", "train", "test"), "class mel has no training picture"),
    "no plan": (PLAN.unlink, "augmentation_plan.csv is not there"),
    "empty plan": (lambda: PLAN.write_text(""), "augmentation_plan.csv: .*dvc repro analyze_imbalance"),
    "plan of another split": (
        lambda: PLAN.write_text("label,n_train,n_target,n_add\nmel,9,9,0\nnv,5,5,0\nvasc,4,4,0\n"),
        "does not fit the manifest, which has 3 training pictures of mel",
    ),
    "nothing augmented": (
        lambda: AUGMENTED.rename("elsewhere"),
        "data/augmented is not there: run `dvc repro augment`",
    ),
    "augmented picture missing": (
        lambda: next(AUGMENTED.glob("*/*.png")).unlink(),
        "data/augmented/mel holds 1 pictures, .* asks for 2",
    ),
    "augmented from validation": (
        lambda: (AUGMENTED / "mel/mel_train_0__0.png").rename(AUGMENTED / "mel/mel_val_0__0.png"),
        r"mel_val_0__0\.png was not made from a training picture",
    ),
}


@pytest.mark.parametrize("cache", ["memory", "none"])
@pytest.mark.parametrize("case", AMISS)
def test_what_is_amiss_is_said_in_one_line(case: str, cache: Cache) -> None:
    """Before the training in any case: not after an hour, when the picture's turn comes."""
    spoil, message = AMISS[case]
    spoil()
    with pytest.raises(UserError, match=message) as caught:
        load(cache=cache)
    assert "\n" not in str(caught.value)


def test_pictures_of_another_size_are_named_with_both_sizes() -> None:
    with pytest.raises(UserError, match=r"\.png has 32 x 32 pixels, image_size in params\.yaml is 64"):
        load(size=64)


def test_pictures_that_no_memory_can_hold_are_told_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhaust(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(loader, "map_in_threads", exhaust)
    with pytest.raises(UserError, match=r"do not fit into memory: set train\.cache: none"):
        load()


def test_classes_without_a_validation_picture_are_named() -> None:
    assert not_in_validation(load()) == []
    table = pd.read_csv("data/prepared/manifest.csv", dtype=str, keep_default_na=False)
    table[~table["image_id"].str.startswith("nv_val")].to_csv("data/prepared/manifest.csv", index=False)
    assert not_in_validation(load()) == ["nv"]
