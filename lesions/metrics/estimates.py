"""Every score of a table of predictions with its 95 % interval: overall, per class, and per endpoint.

values: of scores.score_samples() on the weights of intervals.bootstrap_weights(), the pictures themselves first.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesions.metrics import ranking
from lesions.metrics.endpoints import Endpoint, endpoints_of, score_endpoint
from lesions.metrics.intervals import MIN_CASES, estimate, proportion
from lesions.metrics.scores import CLASS_SCORES, ScoreValues

Array = NDArray[np.float64]

SENSITIVITIES = (0.90, 0.95)  # at which specificity is reported
MIN_SENSITIVITY = 0.80  # of the partial AUROC, as in the ISIC 2024 challenge


def overall(values: ScoreValues) -> dict[str, Any]:
    """The scores over all pictures as value, low and high."""
    return {name: estimate(samples) for name, samples in values.overall.items()}


def per_class(predictions: pd.DataFrame, classes: list[str], values: ScoreValues) -> dict[str, dict[str, Any]]:
    """For each class n, groups and its scores with intervals; below 10 cases the scores are null and a note says so."""
    result: dict[str, dict[str, Any]] = {}
    for label in classes:
        rows = predictions[predictions["label"] == label]
        counts: dict[str, Any] = {"n": len(rows), "groups": rows["group"].nunique()}
        if len(rows) < MIN_CASES:
            result[label] = counts | dict.fromkeys(CLASS_SCORES) | {"note": not_estimable(len(rows))}
            continue
        scores = {name: estimate(values.per_class[label][name]) for name in CLASS_SCORES}
        scores["recall"] = proportion(values.per_class[label]["recall"], len(rows), counts["groups"])
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
