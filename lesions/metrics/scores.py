"""Scores of a classifier against the truth, overall and per class, for many samples of the pictures at once.

A row of weights is one sample, as in ranking.py: the pictures themselves (ones) or a resample of them. So a score and
its interval (estimates.py) come from the same function, and the difference of two tables over the same pictures, sample
by sample, is a paired comparison. Scores of a chosen threshold stand in thresholds.py, curves in curves.py.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesions.data.predictions import probability_columns
from lesions.metrics import ranking
from lesions.metrics.endpoints import endpoints_of, score_endpoint

Array = NDArray[np.float64]

MIN_CASES_PER_CLASS = 5  # test pictures of each class for a mean over classes; with fewer, one error moves it too far
DIGITS = 4  # finer differences are far below the sampling error of a few hundred pictures
CLASS_SCORES = ("precision", "recall", "f1", "auroc", "average_precision")
HEADLINE = ("accuracy", "balanced_accuracy", "macro_f1", "macro_auroc", "melanoma_auroc", "melanoma_vs_nevus_auroc")


class ScoreValues(NamedTuple):
    """Scores of samples, each (samples,): over all pictures, and the CLASS_SCORES of each class that has pictures."""

    overall: dict[str, Array]
    per_class: dict[str, dict[str, Array]]


def score_samples(predictions: pd.DataFrame, classes: list[str], weights: Array) -> ScoreValues:
    """All scores of all samples; those that cannot be estimated from these pictures are left out.

    predictions: (n rows) label, predicted, p_<class>...; weights: (samples, n). Means over classes (balanced accuracy,
    the score of the ISIC challenges 2018 and 2019; macro F1, AUROC, average precision) need MIN_CASES_PER_CLASS
    pictures of each, the AUROC of melanoma needs pictures with and without it.
    """
    confusions = _confusions(predictions, classes, weights)
    each = _class_values(predictions, classes, weights, confusions)
    overall = {"accuracy": np.trace(confusions, axis1=1, axis2=2) / weights.sum(axis=1)}
    if _pictures_per_class(predictions, classes).min() >= MIN_CASES_PER_CLASS:
        means = {name: np.mean([each[label][name] for label in classes], axis=0) for name in CLASS_SCORES}
        overall["balanced_accuracy"] = means["recall"]
        overall |= {f"macro_{name}": means[name] for name in ("f1", "auroc", "average_precision")}
    for endpoint in endpoints_of(classes):
        scores = score_endpoint(endpoint, predictions)
        if endpoint.name.startswith("melanoma") and scores.truth.any() and not scores.truth.all():
            ranked = ranking.rank_scores(scores.truth, scores.score, weights[:, scores.rows])
            overall[f"{endpoint.name}_auroc"] = ranking.auroc(ranked)
    return ScoreValues(overall, each)


def score_pictures(predictions: pd.DataFrame, classes: list[str]) -> ScoreValues:
    """score_samples() of the pictures themselves: every score is (1,)."""
    return score_samples(predictions, classes, np.ones((1, len(predictions))))


def headline(predictions: pd.DataFrame, classes: list[str]) -> dict[str, float | int]:
    """The main numbers for one split of a predictions table, flat: n, smallest_class_n, and HEADLINE as far as it goes.

    A score that cannot be estimated from these pictures is left out, as in score_samples().
    """
    values = score_pictures(predictions, classes).overall
    return {
        "n": len(predictions),
        "smallest_class_n": int(_pictures_per_class(predictions, classes).min()),
        **{name: round(float(values[name][0]), DIGITS) for name in HEADLINE if name in values},
    }


def per_class(predictions: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """One row per class: n, and the CLASS_SCORES, each in [0, 1]; missing where they are not defined."""
    values = score_pictures(predictions, classes).per_class
    rows = {label: {name: float(of_class[name][0]) for name in CLASS_SCORES} for label, of_class in values.items()}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(CLASS_SCORES), dtype=float).reindex(classes)
    table.insert(0, "n", _pictures_per_class(predictions, classes))
    return table


def confusion(predictions: pd.DataFrame, classes: list[str]) -> NDArray[np.int64]:
    """(classes, classes) counts: rows are the truth, columns the prediction."""
    counts: NDArray[np.int64] = _confusions(predictions, classes, np.ones((1, len(predictions))))[0].astype(np.int64)
    return counts


def _class_values(
    predictions: pd.DataFrame, classes: list[str], weights: Array, confusions: Array
) -> dict[str, dict[str, Array]]:
    """As in scikit-learn, precision without any prediction of the class is 0."""
    right = np.diagonal(confusions, axis1=1, axis2=2)
    predicted_as, cases = confusions.sum(axis=1), confusions.sum(axis=2)
    probabilities = predictions[probability_columns(classes)].to_numpy(dtype=np.float64)
    result = {}
    for index, label in enumerate(classes):
        truth = (predictions["label"] == label).to_numpy()
        if truth.any():
            hits, called, actual = right[:, index], predicted_as[:, index], cases[:, index]
            ranked = ranking.rank_scores(truth, probabilities[:, index], weights)
            result[label] = {
                "precision": np.divide(hits, called, out=np.zeros_like(hits), where=called > 0),
                "recall": np.divide(hits, actual, out=np.full_like(hits, np.nan), where=actual > 0),
                "f1": 2 * hits / np.maximum(called + actual, 1),
                "auroc": ranking.auroc(ranked),
                "average_precision": ranking.average_precision(ranked),
            }
    return result


def _confusions(predictions: pd.DataFrame, classes: list[str], weights: Array) -> Array:
    """(samples, classes, classes) weights of true class by predicted class."""
    truth, predicted = (pd.Categorical(predictions[name], classes).codes for name in ("label", "predicted"))
    member = np.zeros((len(predictions), len(classes) ** 2))
    member[np.arange(len(predictions)), truth.astype(np.int64) * len(classes) + predicted] = 1
    counts: Array = (weights @ member).reshape(len(weights), len(classes), len(classes))
    return counts


def _pictures_per_class(predictions: pd.DataFrame, classes: list[str]) -> pd.Series:
    return predictions["label"].value_counts().reindex(classes, fill_value=0)
