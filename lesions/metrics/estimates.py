"""Every score of a table of predictions with its 95 % interval: overall, per class, and per endpoint.

values: of scores.score_samples() on the weights of intervals.bootstrap_weights(), the pictures themselves first.
"""

from typing import get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesions.data.results.estimates import Estimate
from lesions.data.results.scores import ClassScores, Confusion, EndpointScores, ScoreName
from lesions.metrics import ranking
from lesions.metrics.endpoints import Endpoint, endpoints_of, score_endpoint
from lesions.metrics.intervals import MIN_CASES, estimate, proportion
from lesions.metrics.scores import CLASS_SCORES, DIGITS, ScoreValues, confusion

Array = NDArray[np.float64]


def overall(values: dict[str, Array]) -> dict[ScoreName, Estimate]:
    """Scores over all pictures with their intervals, as far as they can be estimated. values: each (samples,)."""
    return {name: score for name in get_args(ScoreName) if name in values and (score := estimate(values[name]))}


def per_class(predictions: pd.DataFrame, classes: list[str], values: ScoreValues) -> dict[str, ClassScores]:
    """For each class its numbers and its scores with intervals; below 10 cases the scores are null."""
    result = {}
    for label in classes:
        rows = predictions[predictions["label"] == label]
        n, groups = len(rows), int(rows["group"].nunique())
        scores: dict[str, Estimate | None] = dict.fromkeys(CLASS_SCORES)
        if n >= MIN_CASES:
            scores = {name: estimate(values.per_class[label][name]) for name in CLASS_SCORES}
            scores["recall"] = proportion(values.per_class[label]["recall"], n, groups)
        result[label] = ClassScores.model_validate({"n": n, "n_groups": groups, **scores})
    return result


def per_endpoint(predictions: pd.DataFrame, classes: list[str], weights: Array) -> dict[str, EndpointScores]:
    """For each endpoint n and how well its score ranks: AUROC, average precision, partial AUROC, specificities."""
    return {endpoint.name: _ranking(endpoint, predictions, weights) for endpoint in endpoints_of(classes)}


def most_confused(predictions: pd.DataFrame, classes: list[str], most: int = 5) -> list[Confusion]:
    """The most frequent errors of a predictions table."""
    counts = confusion(predictions, classes)
    pairs = [(counts[i, j], i, j) for i in range(len(classes)) for j in range(len(classes)) if i != j and counts[i, j]]
    pairs.sort(key=lambda pair: (-pair[0], pair[1], pair[2]))
    return [
        Confusion(label=classes[i], predicted=classes[j], n=int(n), fraction=round(float(n / counts[i].sum()), DIGITS))
        for n, i, j in pairs[:most]
    ]


def _ranking(endpoint: Endpoint, predictions: pd.DataFrame, weights: Array) -> EndpointScores:
    scores = score_endpoint(endpoint, predictions)
    positive, negative = int(scores.truth.sum()), int((~scores.truth).sum())
    ranked = None
    if min(positive, negative) >= MIN_CASES:
        ranked = ranking.rank_scores(scores.truth, scores.score, weights[:, scores.rows])
    return EndpointScores(
        description=endpoint.meaning,
        n_positive=positive,
        n_negative=negative,
        auroc=ranked and estimate(ranking.auroc(ranked)),
        average_precision=ranked and estimate(ranking.average_precision(ranked)),
        partial_auroc_above_80_sensitivity=ranked and estimate(ranking.partial_auroc(ranked, 0.80)),
        specificity_at_90_sensitivity=ranked and estimate(ranking.specificity_at(ranked, 0.90)),
        specificity_at_95_sensitivity=ranked and estimate(ranking.specificity_at(ranked, 0.95)),
    )
