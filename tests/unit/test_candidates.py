"""What was tried for lesion_net: its loop is the pipeline's, its changes are what they say, its table is right."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks import candidate_training
from benchmarks.candidate_plan import BASE, CANDIDATES, Task, folder_of, params_of, pictures_of
from benchmarks.candidate_training import Variant, cutmix, mixup, train
from benchmarks.candidates import run_all, tell
from benchmarks.experiments import FOLDS
from benchmarks.race import prepare
from lesions.inference import load_model, predict
from lesions.loading import load_training_data
from lesions.manifest import read_manifest
from lesions.models import save_model
from lesions.params import Params
from lesions.training import fit, set_seeds
from lesions.training_data import Pictures
from lesions.transfer import build_network
from lesions.views import seen_in
from tests.unit.training_pictures import SIDE, write_prepared
from tests.unit.trainings import params_with


def recipe(**changes: object) -> Params:
    return params_with(**{"epochs": 2, "rebalance__method": "sampler", **changes})


@pytest.fixture
def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_prepared(tmp_path, {"a": 20, "b": 15, "c": 18}, val=6, added={})
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("sharpness", [0.0, 0.05])
def test_unchanged_it_is_the_training_of_the_pipeline(prepared: Path, sharpness: float) -> None:
    """Else the table would tell of another recipe than the one that is used."""
    params = recipe(train__sharpness=sharpness)
    answers = train(params, Variant())
    set_seeds(params.seed, deterministic=True)
    data = load_training_data(read_manifest(), params.image_size, params.rebalance, "memory")
    model = build_network(params.model, 3, SIDE)
    fit(model, data, params, [])
    pixels = np.asarray(data.val.pixels[np.arange(18)])
    assert np.allclose(answers.logits[0], predict(model, pixels).logits, atol=1e-4)
    save_model(seen_in("all", model), prepared / "all.keras")
    from_all_sides = predict(load_model(prepared / "all.keras"), pixels)
    assert np.allclose(answers.logits.mean(axis=0), from_all_sides.logits, atol=1e-4)
    assert answers.labels.tolist() == [0] * 6 + [1] * 6 + [2] * 6
    assert {image_id.split("_")[1] for image_id in answers.image_id} == {"val"}, "test pictures stay closed"


@pytest.mark.parametrize(
    "variant",
    [Variant(mix=mixup), Variant(mix=cutmix), Variant(share=0.7), Variant(side=SIDE // 2)],
    ids=["mixup", "cutmix", "fewer pictures", "drawn smaller"],
)
def test_every_change_changes_the_outcome(prepared: Path, variant: Variant) -> None:
    """A change that never arrives would stand in the table as one that does not pay."""
    assert not np.allclose(train(recipe(), variant).logits, train(recipe(), Variant()).logits, atol=1e-3)


@pytest.mark.parametrize("mix", [mixup, cutmix])
def test_mixed_labels_tell_what_is_in_the_picture(mix: Callable[..., candidate_training.Batch]) -> None:
    """Three pictures, each of one value in one channel of its own: their shares can be read off the pixels."""
    labels = np.eye(3, dtype=np.float32)
    pixels = np.ones((3, 1, 32, 32, 1), np.float32) * labels[:, None, None, None, :]
    mixed = [mix((pixels, labels), np.random.default_rng(seed)) for seed in range(20)]
    for found, shares in mixed:
        assert np.allclose(found.mean(axis=(1, 2, 3)), shares, atol=1e-4)
        assert np.allclose(shares.sum(axis=1), 1)
    assert any((shares.max(axis=1) < 0.95).any() for _, shares in mixed), "something is mixed"


def test_a_share_of_the_pictures_is_one_of_every_class_in_as_many_steps() -> None:
    labels = np.repeat([0, 1, 2], [40, 20, 10])
    pixels = np.arange(70, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 3), np.uint8)
    some = candidate_training._some(Pictures(pixels, labels), 0.7)
    assert len(some.labels) == 70
    numbers = np.asarray(some.pixels[np.arange(70)])[:, 0, 0, 0]
    different = set(zip(some.labels.tolist(), numbers.tolist(), strict=True))
    assert [sum(label == each for each, _ in different) for label in range(3)] == [28, 14, 7]


@pytest.mark.parametrize("name", CANDIDATES)
def test_every_candidate_is_the_recipe_but_for_what_it_says(name: str) -> None:
    base = params_with(model__weights="auto", train__sharpness=0.05)
    params = params_of(Task(name, 3, 1), base)
    assert (params.prepare.fold, params.seed) == (3, 1)
    assert (params.model.first_weights == "none") != name.startswith("drawn"), "what starts where is in the name"
    assert pictures_of(Task(name, 3, 1), base).seed == base.seed, "the same pictures by Augmentor"
    assert (params.train.sharpness > 0) == ("sharpness" in name), "how it steps is in the name"
    assert params.train.model_copy(update={"sharpness": 0.05}) == base.train


def test_trainings_run_beside_each_other_and_are_kept(
    make_dataset: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "labels").mkdir()
    dataset = make_dataset({"melanoma": 15, "nevus": 20, "vascular lesion": 15})
    base = params_with(dataset=str(dataset), labels=str(tmp_path / "labels"), epochs=1)
    tasks = [Task(BASE, 0, 0), Task("highest", 0, 0)]
    assert len({folder_of(task, base) for task in tasks}) == 1, "prepared once"
    prepare(folder_of(tasks[0], base), pictures_of(tasks[0], base))
    monkeypatch.chdir(tmp_path)
    run_all(tasks, base)
    found = [np.load(task.result)["logits"] for task in tasks]
    assert found[0].shape == found[1].shape
    assert found[0].shape[::2] == (8, 3)
    assert not np.allclose(*found), "another network"


def test_the_table_tells_the_gain_over_the_same_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Held against the recipe under other seeds, a candidate would be credited with their luck."""
    monkeypatch.chdir(tmp_path)
    base = params_with()
    names = [BASE, "drawn", "sampler"]
    for name in names:
        for seed in range(CANDIDATES[name].seeds):
            for fold in range(FOLDS):
                task = Task(name, fold, seed)
                folder = folder_of(task, base)
                if not folder.exists():
                    write_prepared(folder, {"a": 3, "b": 3, "c": 3}, val=10, added={})
                manifest = read_manifest(folder / "data/prepared").query("split == 'val'")
                labels = np.repeat([0, 1, 2], 10)
                right = {BASE: 5 if seed == 0 else 3, "drawn": 6, "sampler": 5}[name]
                called = np.where(np.tile(np.arange(10), 3) < right, labels, (labels + 1) % 3)
                logits = np.tile(np.eye(3)[called] * 3, (8, 1, 1))
                logits[1:] = np.eye(3)[labels] * 1e-3 + logits[0]
                np.savez(
                    task.result, image_id=manifest["image_id"].to_numpy(str), labels=labels, logits=logits, seconds=9
                )
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in tell(names, base).splitlines()]
    rows = {line[0]: dict(zip(lines[0], line, strict=True)) for line in lines[2:]}
    assert [rows[name]["trainings"] for name in names] == ["15", "10", "5"]
    assert rows[BASE]["balanced accuracy, one view"] == "0.367 (0.367 to 0.367)"
    assert rows["drawn"]["gain (95 % interval)"].startswith("+0.200 (")
    assert rows["sampler"]["gain (95 % interval)"].startswith("+0.000 ("), (
        "against seed 0 alone, where the recipe has .5"
    )
