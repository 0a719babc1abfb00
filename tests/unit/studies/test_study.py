"""The study of the write-ups: a verdict follows from its numbers, and the page holds what the experiments say."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lesions.data.results.imbalance import ClassBalance, ImbalanceMetrics
from studies import leak, study, study_claims
from studies.experiments import read_plan
from studies.paired import picture_accuracy
from studies.study_claims import DOES_NOT_HOLD, HOLDS, UNDECIDED
from studies.study_results import STUDY, RecipeResults
from tests.imports import REPOSITORY
from tests.unit.studies.test_cross_validation import fold_predictions

LEAKS = [
    {"fold": fold, "val": {"accuracy": 0.8}, "test": {"accuracy": 0.5}, "siblings": 0.9} for fold in range(3)
]  # fmt: skip
USABLE = ClassBalance(
    n=60, n_classes=2, minority=["nevus"], minority_n=20, majority=["melanoma"], majority_n=40, imbalance_ratio=2.0,
    equal_share=0.5, dominating={},
)  # fmt: skip
RAW = USABLE.model_copy(
    update={"n": 100, "minority": ["seborrheic_keratosis"], "minority_n": 4, "dominating": {"melanoma": 0.4}}
)
IMBALANCE = ImbalanceMetrics(
    findings=[], dominates_from="1.5 times the equal share", n_add=0, raw=RAW, usable=USABLE, train=USABLE,
    target=USABLE, classes={},
)  # fmt: skip


def curves(last: float, epochs: int = 50) -> pd.DataFrame:
    """Validation rises in a straight line to `last`, training to 1."""
    rise = np.arange(1, epochs + 1) / epochs
    scores = {f"{split}_{score}": rise for split in ("train", "val") for score in ("loss", "accuracy")}
    balanced = {"train_balanced_accuracy": rise, "val_balanced_accuracy": last * rise}
    return pd.DataFrame({"epoch": np.arange(1, epochs + 1), **scores, **balanced})


def recipe(name: str, right: float = 0.0, last: float = 0.5) -> RecipeResults:
    predictions = [fold_predictions(fold, 0, right) for fold in range(3)]
    predictions = [each._replace(val=each.test) for each in predictions]  # enough of each class for an interval
    return RecipeResults(name, predictions, [curves(last)] * 3, IMBALANCE)


@pytest.fixture(scope="module")
def names() -> list[str]:
    return list(read_plan(REPOSITORY / STUDY))


def judged(recipes: dict[str, RecipeResults], leaks: list[dict[str, Any]] = LEAKS) -> dict[str, study_claims.Claim]:
    scores = {name: picture_accuracy(recipe.folds) for name, recipe in recipes.items()}
    return {claim.claim: claim for claim in study_claims.judge_all(recipes, scores, leaks)}


@pytest.mark.parametrize(("better", "verdict"), [("model3", HOLDS), ("model3_plain", DOES_NOT_HOLD), ("", UNDECIDED)])
def test_a_difference_is_judged_by_its_interval(names: list[str], better: str, verdict: str) -> None:
    found = judged({name: recipe(name, 0.6 if name == better else 0.0) for name in names})
    assert found["Rebalancing with Augmentor helps (their network)"].verdict == verdict
    if better != "model3":
        assert found["Batch normalisation degrades accuracy"].verdict == UNDECIDED, "neither of the two has changed"


def test_overfitting_and_epochs_are_read_off_the_curves(names: list[str]) -> None:
    apart = judged({name: recipe(name) for name in names})
    assert apart["Rebalancing and dropout solve overfitting"].verdict == DOES_NOT_HOLD
    assert apart["20 epochs are too few"].verdict == HOLDS, "these curves rise to the end"
    flat = judged({name: recipe(name)._replace(curves=[curves(0.0)] * 3) for name in names})
    assert flat["20 epochs are too few"].verdict == DOES_NOT_HOLD
    level = re.findall(r"[+-]\d\.\d{2}", apart["20 epochs are too few"].evidence)
    assert level == ["+0.30"] * 9, "0.5 * (48 - 18) / 50, in each fold of each of three networks"
    one_falls = {name: recipe(name, last=-0.5 if name == "model3" else 0.5) for name in names}
    assert judged(one_falls)["20 epochs are too few"].verdict == UNDECIDED


def test_a_class_whose_pictures_are_all_unusable_is_not_called_the_rarest(names: list[str]) -> None:
    found = judged({name: recipe(name) for name in names})["Seborrheic keratosis has the fewest pictures"]
    assert found.verdict == DOES_NOT_HOLD
    assert "none of them is usable, and nevus (20) takes its place" in found.evidence


def test_the_page_holds_every_recipe_and_its_charts_exist(names: list[str], tmp_path: Path) -> None:
    study.write(tmp_path / "study.md", {name: recipe(name) for name in names}, LEAKS)
    text = (tmp_path / "study.md").read_text(encoding="utf-8")
    assert all(f"| {name} |" in text for name in names)
    charts = re.findall(r"\]\((\S+\.png)\)", text)
    assert len(charts) == 3
    assert all((tmp_path / chart).stat().st_size > 5000 for chart in charts)


def test_the_leaky_order_splits_siblings(names: list[str]) -> None:
    """Otherwise the benchmark would not measure the leak that it is about."""
    ids = [f"p{k}" for k in range(50)]
    files = pd.DataFrame({"image_id": ids + [f"{name}__{k}" for name in ids for k in range(9)]})
    dealt = leak.random_split(files, seed=0)
    assert (dealt["split"] == "val").mean() == pytest.approx(leak.VALIDATION_FRACTION)
    assert leak.share_with_siblings(dealt) > 0.95
    apart = files.assign(split=np.where(files["image_id"].str.partition("__")[0] < "p3", "val", "train"))
    assert leak.share_with_siblings(apart) == 0
