"""From logits to decisions by models/decision.json: probabilities, endpoint scores, conformal sets.

NumPy alone, so that an exported model computes with the same functions as evaluate.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

PROBABILITY_DIGITS = 6  # decisions use probabilities rounded to these, as they stand in the tables
TOLERANCE = 1e-9  # a probability with 6 digits that equals a limit counts as above it


class Calibration(NamedTuple):
    """A temperature, and the prior correction (classes,) added to the logits before they are divided by it."""

    temperature: float
    prior_correction: Array


def balanced(logits: Array, fitted: Calibration) -> Array:
    """(n, classes) probabilities for the class shares of training: the rebalanced ones."""
    return _softmax(logits / fitted.temperature)


def calibrated(logits: Array, fitted: Calibration) -> Array:
    """(n, classes) probabilities for the class shares of the validation pictures."""
    return _softmax((logits + fitted.prior_correction) / fitted.temperature)


def endpoint_score(
    probabilities: Array, classes: Sequence[str], positive: Sequence[str], among: Sequence[str]
) -> Array:
    """(n,) the share of the positive classes in the probability (n, classes) of an endpoint's classes.

    classes: the names of the columns; positive and among: some of them. In [0, 1].
    """
    order = list(classes)
    considered = probabilities[:, [order.index(label) for label in among]]
    positive_sum = considered[:, [label in positive for label in among]].sum(axis=1)
    score: Array = positive_sum / np.maximum(considered.sum(axis=1), np.finfo(np.float64).tiny)
    return score


def in_conformal_set(probabilities: Array, quantiles: Array) -> NDArray[np.bool_]:
    """(n, classes) which classes are in the conformal set of each picture; a set may be empty.

    probabilities: (n, classes), rounded; quantiles: (classes,), those of lesions.metrics.conformal.
    """
    inside: NDArray[np.bool_] = probabilities >= 1 - quantiles - TOLERANCE
    return inside


def _softmax(x: Array) -> Array:
    exponentials = np.exp(x - x.max(axis=1, keepdims=True))
    result: Array = exponentials / exponentials.sum(axis=1, keepdims=True)
    return result
