"""Scores: equal to scikit-learn's where it has them, left out where the pictures cannot tell them."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from lesions.data.predictions import probability_columns
from lesions.evaluation.evaluate import predictions_table, score_all
from lesions.metrics import scores
from tests.unit.held_out import CLASSES, table


@pytest.mark.parametrize("seed", range(3))
def test_the_headline_is_what_scikit_learn_says(seed: int) -> None:
    rows = table(200, seed)
    probabilities = rows[probability_columns(CLASSES)].to_numpy()
    found = scores.headline(rows, CLASSES)
    expected = {
        "accuracy": metrics.accuracy_score(rows["label"], rows["predicted"]),
        "balanced_accuracy": metrics.balanced_accuracy_score(rows["label"], rows["predicted"]),
        "macro_f1": metrics.f1_score(rows["label"], rows["predicted"], average="macro"),
        "macro_auroc": metrics.roc_auc_score(
            rows["label"], probabilities / probabilities.sum(axis=1, keepdims=True), multi_class="ovr", labels=CLASSES
        ),
        "melanoma_auroc": metrics.roc_auc_score(rows["label"] == "melanoma", rows["p_melanoma"]),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-3)
    assert found["n"] == 200


def test_melanoma_against_nevus_looks_at_these_two_alone() -> None:
    rows = table(300)
    two = rows[rows["label"] != "vascular_lesion"]
    ratio = two["p_melanoma"] / (two["p_melanoma"] + two["p_nevus"])
    expected = metrics.roc_auc_score(two["label"] == "melanoma", ratio)
    assert scores.headline(rows, CLASSES)["melanoma_vs_nevus_auroc"] == pytest.approx(expected, abs=1e-4)


def test_a_mean_over_classes_is_left_out_where_a_class_is_too_small() -> None:
    """With one actinic keratosis in the official test, balanced accuracy is one picture's luck."""
    rows = table(200)
    nevi = rows[rows["label"] == "nevus"].head(scores.MIN_CASES_PER_CLASS - 1)
    few = pd.concat([rows[rows["label"] != "nevus"], nevi])
    found = scores.headline(few, CLASSES)
    assert found["smallest_class_n"] == scores.MIN_CASES_PER_CLASS - 1
    assert not {"balanced_accuracy", "macro_f1", "macro_auroc"} & set(found)


def test_without_melanomas_there_is_no_melanoma_score() -> None:
    rows = table(100, classes=["nevus", "vascular_lesion"])
    assert "melanoma_auroc" not in scores.headline(rows, ["nevus", "vascular_lesion"])


def test_a_class_that_is_absent_from_the_test_has_null_scores_and_never_a_guess() -> None:
    rows = table(100)
    found = score_all(rows[rows["label"] != "nevus"], CLASSES, resamples=20)["test"]["per_class"]["nevus"]
    assert found["n"] == 0
    assert found["recall"] is found["auroc"] is found["f1"] is None


def test_a_precision_recall_curve_ends_at_its_class_share_and_has_the_average_precision_as_its_area() -> None:
    rows = table(200)
    points = scores.pr_points(rows, CLASSES)
    for label, curve in points.groupby("class"):
        truth = rows["label"] == label
        assert curve["recall"].is_monotonic_decreasing
        area = -(np.diff(curve["recall"]) * curve["precision"].to_numpy()[:-1]).sum()
        assert area == pytest.approx(metrics.average_precision_score(truth, rows[f"p_{label}"]), abs=1e-3)
    assert "nevus" not in set(scores.pr_points(rows[rows["label"] != "nevus"], CLASSES)["class"])


def test_the_prediction_can_be_read_off_the_rounded_probabilities() -> None:
    held_out = pd.DataFrame({"image_id": ["b", "a"], "group": "g", "split": ["test", "test"], "label": "nevus"})
    rows = predictions_table(held_out, np.array([[0.2, 0.5, 0.3], [0.33333331, 0.33333332, 0.33333337]]), CLASSES)
    assert rows["image_id"].tolist() == ["a", "b"]
    columns = probability_columns(CLASSES)
    assert (rows["predicted"] == [str(column).removeprefix("p_") for column in rows[columns].idxmax(axis=1)]).all()


def test_the_most_frequent_errors_come_first_with_their_share() -> None:
    rows = pd.DataFrame({"label": ["a"] * 4 + ["b"] * 4, "predicted": ["a", "b", "b", "b", "b", "b", "b", "a"]})
    assert scores.most_confused(rows, ["a", "b"]) == [
        {"truth": "a", "predicted": "b", "n": 3, "share": 0.75},
        {"truth": "b", "predicted": "a", "n": 1, "share": 0.25},
    ]
