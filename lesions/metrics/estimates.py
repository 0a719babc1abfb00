"""Every score of a table of predictions with its 95 % interval: overall, per class, and per endpoint.

Scores are computed for all resamples at once, as (1 + resamples,) values with the sample itself first; so the
difference of two tables over the same pictures, resample by resample, is a paired comparison.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesions.data.predictions import probability_columns
from lesions.metrics import ranking
from lesions.metrics.endpoints import Endpoint, endpoints_of, score_endpoint
from lesions.metrics.intervals import MIN_CASES, estimate, proportion
from lesions.metrics.scores import MIN_CASES_PER_CLASS

Array = NDArray[np.float64]

SENSITIVITIES = (0.90, 0.95)  # at which specificity is reported
MIN_SENSITIVITY = 0.80  # of the partial AUROC, as in the ISIC 2024 challenge


def overall_values(predictions: pd.DataFrame, classes: list[str], weights: Array) -> dict[str, Array]:
    """The scores over all pictures, each (samples,); those that cannot be estimated are left out.

    predictions: (n rows) label, predicted, p_<class>...; weights: (samples, n). Means over classes (balanced accuracy,
    the score of the ISIC challenges 2018 and 2019; macro F1, AUROC, average precision) need MIN_CASES_PER_CLASS.
    """
    confusions = _confusions(predictions, classes, weights)
    right = np.diagonal(confusions, axis1=1, axis2=2)
    result = {"accuracy": right.sum(axis=1) / weights.sum(axis=1)}
    smallest = predictions["label"].value_counts().reindex(classes, fill_value=0).min()
    if smallest >= MIN_CASES_PER_CLASS:
        each = class_values(predictions, classes, weights)
        result["balanced_accuracy"] = np.mean([each[label]["recall"] for label in classes], axis=0)
        for name in ("f1", "auroc", "average_precision"):
            result[f"macro_{name}"] = np.mean([each[label][name] for label in classes], axis=0)
    for endpoint in endpoints_of(classes):
        scores = score_endpoint(endpoint, predictions)
        if endpoint.name.startswith("melanoma") and scores.truth.any() and not scores.truth.all():
            ranked = ranking.rank_scores(scores.truth, scores.score, weights[:, scores.rows])
            result[f"{endpoint.name}_auroc"] = ranking.auroc(ranked)
    return result


def class_values(predictions: pd.DataFrame, classes: list[str], weights: Array) -> dict[str, dict[str, Array]]:
    """Precision, recall, f1, one-against-rest auroc and average_precision of each class that has pictures.

    Each (samples,) in [0, 1]. As in scikit-learn, precision without any prediction of the class is 0.
    """
    confusions = _confusions(predictions, classes, weights)
    result: dict[str, dict[str, Array]] = {}
    probabilities = predictions[probability_columns(classes)].to_numpy(dtype=np.float64)
    for index, label in enumerate(classes):
        truth = (predictions["label"] == label).to_numpy()
        if not truth.any():
            continue
        right, predicted_as, cases = (
            confusions[:, index, index],
            confusions[:, :, index].sum(axis=1),
            confusions[:, index].sum(axis=1),
        )
        ranked = ranking.rank_scores(truth, probabilities[:, index], weights)
        result[label] = {
            "precision": np.divide(right, predicted_as, out=np.zeros_like(right), where=predicted_as > 0),
            "recall": np.divide(right, cases, out=np.full_like(right, np.nan), where=cases > 0),
            "f1": 2 * right / np.maximum(predicted_as + cases, 1),
            "auroc": ranking.auroc(ranked),
            "average_precision": ranking.average_precision(ranked),
        }
    return result


def overall(predictions: pd.DataFrame, classes: list[str], weights: Array) -> dict[str, Any]:
    """overall_values() as value, low and high."""
    return {name: estimate(values) for name, values in overall_values(predictions, classes, weights).items()}


def per_class(predictions: pd.DataFrame, classes: list[str], weights: Array) -> dict[str, dict[str, Any]]:
    """For each class n, groups and its scores with intervals; below 10 cases the scores are null and a note says so."""
    values = class_values(predictions, classes, weights)
    result: dict[str, dict[str, Any]] = {}
    for label in classes:
        rows = predictions[predictions["label"] == label]
        counts: dict[str, Any] = {"n": len(rows), "groups": rows["group"].nunique()}
        names = ("precision", "recall", "f1", "auroc", "average_precision")
        if len(rows) < MIN_CASES:
            result[label] = counts | dict.fromkeys(names) | {"note": not_estimable(len(rows))}
            continue
        scores = {name: estimate(values[label][name]) for name in names}
        scores["recall"] = proportion(values[label]["recall"], len(rows), counts["groups"])
        result[label] = counts | scores
    return result


def per_endpoint(predictions: pd.DataFrame, classes: list[str], weights: Array) -> dict[str, dict[str, Any]]:
    """For each endpoint n and how well its score ranks: AUROC, average precision, partial AUROC, specificities."""
    return {endpoint.name: _ranking(endpoint, predictions, weights) for endpoint in endpoints_of(classes)}


def not_estimable(n: int) -> str:
    """The note in place of a score that would mislead."""
    return f"not estimable: {n} cases, at least {MIN_CASES} needed"


def _ranking(endpoint: Endpoint, predictions: pd.DataFrame, weights: Array) -> dict[str, Any]:
    scores = score_endpoint(endpoint, predictions)
    cases, rest = int(scores.truth.sum()), int((~scores.truth).sum())
    result: dict[str, Any] = {"meaning": endpoint.meaning, "n_cases": cases, "n_rest": rest}
    if min(cases, rest) < MIN_CASES:
        return result | {"note": not_estimable(min(cases, rest))}
    ranked = ranking.rank_scores(scores.truth, scores.score, weights[:, scores.rows])
    result["auroc"] = estimate(ranking.auroc(ranked))
    result["average_precision"] = estimate(ranking.average_precision(ranked))
    above = f"{MIN_SENSITIVITY:.0%}".replace("%", "")
    result[f"partial_auroc_above_{above}_sensitivity"] = estimate(ranking.partial_auroc(ranked, MIN_SENSITIVITY))
    for level in SENSITIVITIES:
        result[f"specificity_at_{level * 100:.0f}_sensitivity"] = estimate(ranking.specificity_at(ranked, level))
    return result


def _confusions(predictions: pd.DataFrame, classes: list[str], weights: Array) -> Array:
    """(samples, classes, classes) weights of true class by predicted class."""
    index = {label: number for number, label in enumerate(classes)}
    cell = predictions["label"].map(index).to_numpy() * len(classes) + predictions["predicted"].map(index).to_numpy()
    member = np.zeros((len(cell), len(classes) ** 2))
    member[np.arange(len(cell)), cell] = 1
    counts: Array = (weights @ member).reshape(len(weights), len(classes), len(classes))
    return counts
