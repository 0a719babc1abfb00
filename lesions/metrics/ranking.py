"""How well a score ranks the cases above the rest: AUROC and its relatives, for many samples at once.

A row of weights is one sample: a resample of the bootstrap, or all ones. Equal scores count as half a right order.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
TOLERANCE = 1e-9  # sums of weights are whole numbers, their ratios are not


class RankedScores(NamedTuple):
    """Weight of the cases and of the rest at each distinct score, the highest first; each (samples, scores)."""

    cases: Array
    rest: Array


def rank_scores(truth: NDArray[np.bool_], score: Array, weights: Array) -> RankedScores:
    """Sort once for all samples. truth, score: (n,), n >= 1; weights: (samples, n), none negative."""
    order = np.argsort(-score, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(score[order]) != 0])
    ordered, case = weights[:, order], truth[order]
    return RankedScores(
        np.add.reduceat(ordered * case, starts, axis=1), np.add.reduceat(ordered * ~case, starts, axis=1)
    )


def auroc(ranked: RankedScores) -> Array:
    """(samples,) area under the ROC curve in [0, 1], .5 is chance (Hanley and McNeil, 1982); NaN without both sides."""
    below = ranked.rest.sum(axis=1, keepdims=True) - np.cumsum(ranked.rest, axis=1) + ranked.rest / 2
    return _ratio((ranked.cases * below).sum(axis=1), ranked.cases.sum(axis=1) * ranked.rest.sum(axis=1))


def average_precision(ranked: RankedScores) -> Array:
    """(samples,) mean precision over the recalls, without interpolation, in [0, 1]; chance is the share of cases."""
    hits = np.cumsum(ranked.cases, axis=1)
    predicted_positive = hits + np.cumsum(ranked.rest, axis=1)
    precision = np.divide(hits, predicted_positive, out=np.ones_like(hits), where=predicted_positive > 0)
    return _ratio((ranked.cases * precision).sum(axis=1), ranked.cases.sum(axis=1))


def partial_auroc(ranked: RankedScores, min_sensitivity: float) -> Array:
    """(samples,) area under the ROC curve above min_sensitivity: 0 to 1 - min_sensitivity, chance is half its square.

    With min_sensitivity = .8 the score of the ISIC 2024 challenge (0 to .2, chance .02).
    """
    sensitivity, fpr = _curve(ranked)
    left, right = sensitivity[:, :-1], sensitivity[:, 1:]
    start = np.clip(min_sensitivity, left, right)
    rise = right - left
    fraction = np.divide(start - left, rise, out=np.zeros_like(rise), where=rise > 0)
    at_start = fpr[:, :-1] + fraction * np.diff(fpr, axis=1)
    area: Array = ((right - start) * (1 - (at_start + fpr[:, 1:]) / 2)).sum(axis=1)
    return area


def specificity_at(ranked: RankedScores, sensitivity: float) -> Array:
    """(samples,) the highest specificity among the thresholds that reach a sensitivity; each picks its own threshold.

    So it is optimistic; thresholds.py scores a threshold that was chosen beforehand.
    """
    sensitivities, fpr = _curve(ranked)
    best: Array = np.where(sensitivities >= sensitivity - TOLERANCE, 1 - fpr, -np.inf).max(axis=1)
    return np.where(np.isfinite(best), best, np.nan)


def _curve(ranked: RankedScores) -> tuple[Array, Array]:
    """The ROC curve from (0, 0) to (1, 1): sensitivity and 1 - specificity, each (samples, scores + 1)."""
    sides = []
    for side in ranked:
        total = side.sum(axis=1, keepdims=True)
        rates = np.divide(np.cumsum(side, axis=1), total, out=np.full_like(side, np.nan), where=total > 0)
        sides.append(np.pad(rates, ((0, 0), (1, 0))))
    return sides[0], sides[1]


def _ratio(numerator: Array, denominator: Array) -> Array:
    return np.divide(numerator, denominator, out=np.full_like(numerator, np.nan), where=denominator > 0)
