"""Scores: equal to scikit-learn's where it has them, left out where the pictures cannot tell them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from lesions import scores
from lesions.evaluation import predictions_table, score_all

CLASSES = ["melanoma", "nevus", "vascular_lesion"]


def table(n: int, seed: int = 0, classes: list[str] = CLASSES) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    labels = [classes[i] for i in rng.integers(0, len(classes), n)]
    truth = np.array([classes.index(label) for label in labels])
    logits = rng.normal(size=(n, len(classes))) + np.eye(len(classes))[truth]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    held_out = pd.DataFrame(
        {"image_id": [f"i{k:04}" for k in range(n)], "group": "g", "split": "test", "label": labels}
    )
    return predictions_table(held_out, probabilities, classes)


@pytest.mark.parametrize("seed", range(3))
def test_the_headline_is_what_scikit_learn_says(seed: int) -> None:
    rows = table(200, seed)
    probabilities = rows[scores.probability_columns(CLASSES)].to_numpy()
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
    few = pd.concat([rows[rows["label"] != "nevus"], rows[rows["label"] == "nevus"].head(scores.FEWEST_CASES - 1)])
    found = scores.headline(few, CLASSES)
    assert found["smallest_class_n"] == scores.FEWEST_CASES - 1
    assert not {"balanced_accuracy", "macro_f1", "macro_auroc"} & set(found)


def test_without_melanomas_there_is_no_melanoma_score() -> None:
    rows = table(100, classes=["nevus", "vascular_lesion"])
    assert "melanoma_auroc" not in scores.headline(rows, ["nevus", "vascular_lesion"])


def test_a_class_that_is_absent_from_the_test_has_null_scores_and_never_a_guess() -> None:
    rows = table(100)
    found = score_all(rows[rows["label"] != "nevus"], CLASSES)["test"]["per_class"]["nevus"]
    assert found["n"] == 0
    assert found["recall"] is found["auroc"] is found["f1"] is None


@settings(deadline=None)
@given(st.integers(1, 400), st.integers(0, 2**32 - 1))
def test_calibration_error_is_between_zero_and_one(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    assert 0 <= scores.expected_calibration_error(rng.random(n), rng.random(n) < 0.5) <= 1


def test_calibration_error_finds_overconfidence_and_no_error_where_there_is_none() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.3, 1, 100_000)
    assert scores.expected_calibration_error(confidence, rng.random(100_000) < confidence) < 0.01
    assert scores.expected_calibration_error(confidence, rng.random(100_000) < confidence - 0.2) == pytest.approx(
        0.2, abs=0.01
    )
    with pytest.raises(ValueError, match="no predictions"):
        scores.expected_calibration_error(np.array([]), np.array([], dtype=bool))


def test_the_prediction_can_be_read_off_the_rounded_probabilities() -> None:
    held_out = pd.DataFrame({"image_id": ["b", "a"], "group": "g", "split": ["test", "test"], "label": "nevus"})
    rows = predictions_table(held_out, np.array([[0.2, 0.5, 0.3], [0.33333331, 0.33333332, 0.33333337]]), CLASSES)
    assert rows["image_id"].tolist() == ["a", "b"]
    columns = scores.probability_columns(CLASSES)
    assert (rows["predicted"] == [str(column).removeprefix("p_") for column in rows[columns].idxmax(axis=1)]).all()


def test_the_most_frequent_errors_come_first_with_their_share() -> None:
    rows = pd.DataFrame({"label": ["a"] * 4 + ["b"] * 4, "predicted": ["a", "b", "b", "b", "b", "b", "b", "a"]})
    assert scores.most_confused(rows, ["a", "b"]) == [
        {"truth": "a", "predicted": "b", "n": 3, "share": 0.75},
        {"truth": "b", "predicted": "a", "n": 1, "share": 0.25},
    ]
