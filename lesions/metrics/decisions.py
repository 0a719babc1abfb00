"""What follows from a network's logits by models/decision.json: probabilities, scores of questions, sets of classes.

NumPy alone, so that every copy of the model, however it is served, computes with the functions of evaluate.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

PROBABILITY_DIGITS = 6  # what is decided is decided on probabilities rounded to these, as they stand in the tables
TOLERANCE = 1e-9  # a probability that is given to 6 digits and equals a limit is above it


class Calibration(NamedTuple):
    """A temperature, and what is added to the logits (classes,) before they are divided by it."""

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
    """(n,) the share of the positive classes in the probability (n, classes) of the classes that a question is about.

    classes: the names of the columns; positive and among: some of them. In [0, 1].
    """
    order = list(classes)
    given = probabilities[:, [order.index(label) for label in among]]
    wanted = given[:, [label in positive for label in among]].sum(axis=1)
    score: Array = wanted / np.maximum(given.sum(axis=1), np.finfo(np.float64).tiny)
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
