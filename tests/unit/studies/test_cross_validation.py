"""Comparing recipes over folds: paired by picture, each table from its own split, plans that are wrong are refused."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.metrics import balanced_accuracy_score

from app.fold_predictions import FoldPredictions
from lesions.runtime.console import UserError
from studies.cross_validation import compare
from studies.experiments import read_plan
from tests.imports import REPOSITORY
from tests.unit.app.test_folds import CLASSES, held_out


def fold_predictions(fold: int, seed: int, right: float = 0.0) -> FoldPredictions:
    """A training's predictions; `right`: the share of its test pictures that are put right."""
    table = held_out(fold, seed)
    mended = np.random.default_rng(seed).random(len(table)) < right
    table.loc[mended, "predicted"] = table.loc[mended, "label"]
    test, val = (table[table["split"] == split].reset_index(drop=True) for split in ("test", "val"))
    return FoldPredictions(f"f{fold}-s{seed}", CLASSES, test, val, fold=str(fold))


def recipe(right: float = 0.0, seeds: tuple[int, ...] = (0, 1)) -> list[FoldPredictions]:
    return [fold_predictions(fold, seed, right) for fold in range(3) for seed in seeds]


def difference_in(text: str) -> tuple[float, float, float]:
    match = re.search(r"([+-]\d\.\d+) balanced accuracy \(95 % interval ([+-]\d\.\d+) to ([+-]\d\.\d+)\)", text)
    assert match, text
    value, low, high = (float(number) for number in match.groups())
    return value, low, high


def test_a_recipe_against_itself_differs_by_nothing() -> None:
    """Paired, what makes pictures hard cancels out: an interval of two samples would have a width here."""
    assert difference_in(compare({"one": recipe(), "same": recipe()})) == (0, 0, 0)


def test_the_gain_is_that_of_the_classes_recalls() -> None:
    better, worse = recipe(0.5), recipe()
    value, low, high = difference_in(compare({"better": better, "worse": worse}))
    pooled = [pd.concat([fold_predictions.test for fold_predictions in trainings]) for trainings in (better, worse)]
    # every seed has all pictures of its fold, so pooling them is a mean over seeds
    expected = np.subtract(*(balanced_accuracy_score(table["label"], table["predicted"]) for table in pooled))
    assert value == pytest.approx(expected, abs=1e-3)
    assert 0 < low < value < high


def test_each_table_is_of_its_own_split() -> None:
    """A recipe chosen by test scores would be chosen by what it is to be judged with."""
    tables = compare({"only": recipe(0.5, seeds=(0,))}).split("Test pictures:")
    for table, split in zip(tables, ("val", "test"), strict=True):
        parts = [getattr(fold_predictions(fold, 0, 0.5), split) for fold in range(3)]
        each = [(part["label"] == part["predicted"]).mean() for part in parts]
        row = next(line for line in table.splitlines() if line.startswith("| only"))
        assert f"{np.mean(each):.3f} ({min(each):.3f} to {max(each):.3f})" in row


@pytest.mark.parametrize("text", ["- lesion_net", "lesion_net: 3", "{", ""])
def test_what_is_no_plan_is_refused_in_one_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"plan\.yaml") as caught:
        read_plan(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("plan", ["recipe", "study"])
def test_the_plans_of_the_project_change_params_that_exist(plan: str) -> None:
    """DVC would add a param that is misspelt, and train the wrong recipe."""
    params = yaml.safe_load((REPOSITORY / "params.yaml").read_text(encoding="utf-8"))
    for changes in read_plan(REPOSITORY / f"studies/{plan}.yaml").values():
        for name in changes:
            group = params
            for key in name.split("."):
                assert key in group, name
                group = group[key]


@pytest.mark.parametrize("plan", ["recipe", "study"])
def test_the_figures_do_not_change_with_the_default_number_of_epochs(plan: str) -> None:
    """A recipe that leaves it to params.yaml is another recipe once that changes, under the same name."""
    assert all("epochs" in changes for changes in read_plan(REPOSITORY / f"studies/{plan}.yaml").values())
