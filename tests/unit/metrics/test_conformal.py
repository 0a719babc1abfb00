"""Conformal sets hold the truth as often as promised, in every class, and say where nothing can be promised."""

from typing import Any

import numpy as np
import pytest
from mapie.classification import SplitConformalClassifier
from sklearn.base import BaseEstimator, ClassifierMixin

from lesions.data.predictions import probability_columns
from lesions.metrics import conformal
from lesions.metrics.intervals import bootstrap_weights
from tests.unit.held_out import CLASSES, table


def test_the_quantile_is_the_one_that_the_proof_needs() -> None:
    scores = np.arange(1, 20) / 20  # 19 of them
    assert conformal.conformal_quantile(scores, 0.9) == pytest.approx(18 / 20)
    assert conformal.conformal_quantile(scores, 0.95) == pytest.approx(19 / 20)
    assert conformal.conformal_quantile(scores[:18], 0.95) is None
    assert conformal.conformal_quantile(scores[:9], 0.9) == pytest.approx(9 / 20)
    assert conformal.conformal_quantile(scores[:8], 0.9) is None


@pytest.mark.parametrize("coverage", conformal.COVERAGES)
def test_every_class_is_covered_as_promised(coverage: float) -> None:
    """On average over validation sets: between the promise and one validation picture more."""
    test = table(3000, 99)
    index = test["label"].map({label: k for k, label in enumerate(CLASSES)}).to_numpy()
    covered = np.zeros(len(CLASSES))
    runs = 60
    for run in range(runs):
        validation = table(150, run, split="val")
        members = conformal.conformal_sets(test, CLASSES, conformal.quantiles(validation, CLASSES, coverage))
        hits = members[np.arange(len(index)), index]
        covered += [hits[index == k].mean() / runs for k in range(len(CLASSES))]
    assert (covered > coverage - 0.015).all(), covered
    assert (covered < coverage + 1 / 40 + 0.015).all(), covered


def test_a_class_with_few_validation_pictures_takes_the_quantile_of_its_kind_or_promises_nothing() -> None:
    rows = table(200, split="val")
    kept = rows[(rows["label"] != "vascular_lesion") | (rows.groupby("label").cumcount() < 5)]
    found = conformal.quantiles(kept, CLASSES, 0.9)
    assert found["melanoma"].basis == "class"
    assert found["vascular_lesion"].basis == "benign classes together"
    assert found["vascular_lesion"].n == 5 + (rows["label"] == "nevus").sum()
    kept = rows[(rows["label"] != "melanoma") | (rows.groupby("label").cumcount() < 5)]
    assert conformal.quantiles(kept, CLASSES, 0.9)["melanoma"].basis.startswith("no guarantee")
    nothing = conformal.quantiles(rows.head(3), CLASSES, 0.9)
    assert all(one.quantile == 1 and one.basis.startswith("no guarantee") for one in nothing.values())
    assert conformal.conformal_sets(rows, CLASSES, nothing).all(), "all that is left is to name every class"


def test_coverage_and_size_are_told_with_n_and_interval() -> None:
    test = table(300, 1)
    weights = bootstrap_weights(test["label"], test["group"], 0, 100)
    found = conformal.describe(test, CLASSES, conformal.quantiles(table(300, 0, split="val"), CLASSES, 0.9), weights)
    assert found.coverage and found.coverage.low <= 0.9 <= found.coverage.high
    assert found.mean_set_size and 1 <= found.mean_set_size.value <= 3
    assert sum(row.n for row in found.per_class.values()) == 300


class Stored(ClassifierMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn has no types
    """A classifier whose probabilities are computed already: they are what it is given."""

    classes_ = np.arange(len(CLASSES))

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict_proba(self, rows: Any) -> Any:
        return rows

    def predict(self, rows: Any) -> Any:
        return rows.argmax(axis=1)


@pytest.mark.parametrize("coverage", conformal.COVERAGES)
@pytest.mark.parametrize("n", [100, 150, 401])
@pytest.mark.filterwarnings("ignore:WARNING. your conformalization dataset has less labels:UserWarning")
def test_the_sets_are_those_of_mapie(coverage: float, n: int) -> None:
    """MAPIE has no classes of their own: it is calibrated once for each, on the validation pictures of that class."""
    validation, test = table(n, n, split="val"), table(500, 1)
    columns, y = probability_columns(CLASSES), validation["label"].map(CLASSES.index).to_numpy()
    fitted = conformal.quantiles(validation, CLASSES, coverage)
    assert {row.basis for row in fitted.values()} == {"class"}, "the test would compare fallbacks"
    for k, label in enumerate(CLASSES):
        oracle = SplitConformalClassifier(Stored(), confidence_level=coverage, prefit=True, conformity_score="lac")
        oracle.conformalize(normalised(validation[columns].to_numpy())[y == k], y[y == k])
        _, sets = oracle.predict_set(normalised(test[columns].to_numpy()))
        ours = conformal.conformal_sets(test, CLASSES, fitted)
        assert sets[:, k, 0].tolist() == ours[:, k].tolist(), label


def normalised(probabilities: Any) -> Any:
    """Rows that were rounded to 6 digits add up to 1 again: MAPIE refuses others."""
    return probabilities / probabilities.sum(axis=1, keepdims=True)
