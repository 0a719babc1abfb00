"""Scores: equal to scikit-learn's where it has them, left out where the pictures cannot tell them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from lesions.data.predictions import probability_columns
from lesions.data.results.scores import Confusion
from lesions.evaluation.evaluate import predictions_table
from lesions.metrics import estimates, scores
from lesions.metrics.intervals import bootstrap_weights
from tests.unit.held_out import CLASSES, table


def of_scikit_learn(rows: pd.DataFrame) -> dict[str, float]:
    """Every score over all pictures, by scikit-learn."""
    truth, predicted = rows["label"], rows["predicted"]
    one_hot = np.array([truth == label for label in CLASSES]).T
    probabilities = rows[probability_columns(CLASSES)].to_numpy()
    two = rows[truth != "vascular_lesion"]
    among_two = two["p_melanoma"] / (two["p_melanoma"] + two["p_nevus"])
    return {
        "accuracy": metrics.accuracy_score(truth, predicted),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, predicted),
        "macro_f1": metrics.f1_score(truth, predicted, average="macro"),
        "macro_auroc": metrics.roc_auc_score(one_hot, probabilities),
        "macro_average_precision": metrics.average_precision_score(one_hot, probabilities),
        "melanoma_auroc": metrics.roc_auc_score(truth == "melanoma", probabilities[:, 0] / probabilities.sum(axis=1)),
        "melanoma_vs_nevus_auroc": metrics.roc_auc_score(two["label"] == "melanoma", among_two),
    }


@given(n=st.integers(100, 200), seed=st.integers(0, 2**16), places=st.integers(1, 6))
@settings(max_examples=5, deadline=None)
def test_every_score_of_every_sample_is_what_scikit_learn_says(n: int, seed: int, places: int) -> None:
    """Of the pictures themselves and of resamples, in which rows stand several times; with ties, where places are few.

    If this fails, the headline, the intervals or the comparison with a baseline are about another score than their name
    says.
    """
    rows = table(n, seed, per_group=2)
    columns = probability_columns(CLASSES)
    rows[columns] = rows[columns].round(places).clip(lower=0.01)
    weights = bootstrap_weights(rows["label"], rows["group"], seed, 2)
    found = scores.score_samples(rows, CLASSES, weights)
    for sample, of_sample in enumerate(weights):
        again = rows.loc[rows.index.repeat(of_sample.astype(int))]
        overall = {name: values[sample] for name, values in found.overall.items()}
        assert overall == pytest.approx(of_scikit_learn(again), abs=1e-9)
        precision, recall, f1, _ = metrics.precision_recall_fscore_support(
            again["label"], again["predicted"], labels=CLASSES, zero_division=0
        )
        for position, label in enumerate(CLASSES):
            truth = again["label"] == label
            expected = {
                "precision": precision[position],
                "recall": recall[position],
                "f1": f1[position],
                "auroc": metrics.roc_auc_score(truth, again[f"p_{label}"]),
                "average_precision": metrics.average_precision_score(truth, again[f"p_{label}"]),
            }
            of_class = {name: values[sample] for name, values in found.per_class[label].items()}
            assert of_class == pytest.approx(expected, abs=1e-9)


def test_the_headline_is_the_rounded_scores_of_the_pictures_themselves_in_one_order() -> None:
    rows = table(200)
    expected = of_scikit_learn(rows)
    found = scores.headline(rows, CLASSES)
    assert list(found) == ["n", "smallest_class_n", *scores.HEADLINE]
    assert found["n"] == 200
    assert {name: found[name] for name in scores.HEADLINE} == {
        name: round(expected[name], scores.DIGITS) for name in scores.HEADLINE
    }


def test_the_confusion_matrix_is_that_of_scikit_learn() -> None:
    rows = table(200)
    expected = metrics.confusion_matrix(rows["label"], rows["predicted"], labels=CLASSES)
    assert scores.confusion(rows, CLASSES).tolist() == expected.tolist()


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
    rest = rows[rows["label"] != "nevus"]
    values = scores.score_samples(rest, CLASSES, bootstrap_weights(rest["label"], rest["group"], 0, 20))
    found = estimates.per_class(rest, CLASSES, values)["nevus"]
    assert found.n == 0
    assert found.recall is found.auroc is found.f1 is None
    assert scores.per_class(rest, CLASSES).loc["nevus", list(scores.CLASS_SCORES)].isna().all()


def test_the_prediction_can_be_read_off_the_rounded_probabilities() -> None:
    held_out = pd.DataFrame({"image_id": ["b", "a"], "group": "g", "split": ["test", "test"], "label": "nevus"})
    rows = predictions_table(held_out, np.array([[0.2, 0.5, 0.3], [0.33333331, 0.33333332, 0.33333337]]), CLASSES)
    assert rows["image_id"].tolist() == ["a", "b"]
    columns = probability_columns(CLASSES)
    assert (rows["predicted"] == [str(column).removeprefix("p_") for column in rows[columns].idxmax(axis=1)]).all()


def test_the_most_frequent_errors_come_first_with_their_share() -> None:
    rows = pd.DataFrame({"label": ["a"] * 4 + ["b"] * 4, "predicted": ["a", "b", "b", "b", "b", "b", "b", "a"]})
    assert estimates.most_confused(rows, ["a", "b"]) == [
        Confusion(label="a", predicted="b", n=3, fraction=0.75),
        Confusion(label="b", predicted="a", n=1, fraction=0.25),
    ]
