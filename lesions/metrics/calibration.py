"""Calibration of probabilities: prior correction and temperature scaling, and the scores of the result.

A network that was trained on rebalanced classes gives probabilities as if the classes were that frequent. For the class
shares before rebalancing, log(share in validation / share in training) is added to the logits (Saerens et
al., 2002), then they are divided by a temperature that is fitted on validation (Guo et al., 2017):

    balanced   = softmax(logits / temperature)                 p_<class> and `predicted` of reports/predictions.csv
    calibrated = softmax((logits + prior_correction) / temperature)
               = balanced x exp(prior_correction / temperature), divided by its sum

The largest balanced probability is the better rule where every class counts the same (balanced accuracy), the largest
calibrated one where every picture does (accuracy). Neither shares are those of a clinic.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax

from lesions.data.results.scores import CalibrationLine, CalibrationScores
from lesions.metrics.decisions import Calibration
from lesions.metrics.endpoints import endpoints_of, score_endpoint_of
from lesions.metrics.intervals import MIN_CASES, estimate, mean

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

BINS = 10  # of equal mass
TEMPERATURES = (0.05, 20.0)  # searched, on a logarithmic scale
FITTED_DIGITS = 6  # of what is stored, rounded here so that every reader of the file computes with the same numbers
EPSILON = 1e-12  # a probability of 0 has no logarithm
NEWTON_STEPS = 25  # of Newton's method at most; it converges in about 6
CONVERGED = 1e-9  # a shorter step changes no digit that is written
MAX_SLOPE = 50.0  # a slope beyond this means perfect separation, for which no slope can be fitted
SIMULATIONS = 1000
ENDPOINTS = ("melanoma", "malignant")  # whose slope and intercept are reported


def fit(logits: Array, labels: Indices, trained_shares: Array) -> Calibration:
    """The correction for the classes' shares among the labels, then the temperature of the least NLL.

    logits: (n, classes) and labels: (n,) of validation pictures, n >= 1; trained_shares: (classes,). A class without a
    picture counts as half a picture.
    """
    counts = np.maximum(np.bincount(labels, minlength=len(trained_shares)), 0.5)
    correction = np.round(np.log(counts / counts.sum()) - np.log(trained_shares), FITTED_DIGITS)
    corrected, rows = logits + correction, np.arange(len(labels))

    def nll(log_temperature: float) -> float:
        return -float(log_softmax(corrected / np.exp(log_temperature), axis=1)[rows, labels].mean())

    optimum = minimize_scalar(nll, bounds=tuple(np.log(TEMPERATURES)), method="bounded", options={"xatol": 1e-6})
    return Calibration(round(float(np.exp(optimum.x)), FITTED_DIGITS), correction)


def reliability(probabilities: Array, labels: Indices, bins: int = BINS) -> pd.DataFrame:
    """One row per bin of about equally many pictures, by confidence: confidence and accuracy (means), and n."""
    confidence, correct = _confidence(probabilities, labels)
    parts = _bins(confidence, bins)
    rows = [(confidence[part].mean(), correct[part].mean(), len(part)) for part in parts]
    return pd.DataFrame(rows, columns=["confidence", "accuracy", "n"])


def expected_calibration_error(probabilities: Array, labels: Indices, bins: int = BINS) -> float:
    """Mean gap of confidence and accuracy over equal-mass bins (Guo et al., 2017, eq. 5; Nguyen and O'Connor, 2015).

    probabilities: (n, classes) rows that sum to 1; labels: (n,) class indices. Returns a value in [0, 1].
    Raises ValueError where there are no rows.
    """
    if not len(labels):
        raise ValueError("no predictions")
    return float(_calibration_errors(probabilities, labels, np.ones((1, len(labels))), bins)[0])


def ece_if_perfect(probabilities: Array, seed: int, bins: int = BINS) -> float:
    """The mean calibration error of perfect probabilities (n, classes): it is never 0 in a sample.

    Each picture is right with the probability it claims (Broecker and Smith, 2007), in 1,000 simulations.
    """
    confidence = probabilities.max(axis=1)
    right = np.random.default_rng(seed).random((SIMULATIONS, len(confidence))) < confidence
    gaps = [np.abs((right[:, part] - confidence[part]).sum(axis=1)) for part in _bins(confidence, bins)]
    return float(np.mean(np.sum(gaps, axis=0)) / len(confidence))


def describe(
    probabilities: Array, labels: pd.Series, classes: list[str], weights: Array, seed: int
) -> CalibrationScores:
    """ECE, Brier score, log loss, and for melanoma and malignancy slope and intercept, with intervals.

    probabilities: (n, classes); labels: (n,); weights: (1 + resamples, n). Brier: the squared distance from the truth,
    summed over classes (Brier, 1950), 0 to 2. Log loss in nats. Raises ValueError where n is 0.
    """
    codes: Indices = labels.map({label: index for index, label in enumerate(classes)}).to_numpy().astype(np.int64)
    truth = np.eye(len(classes))[codes]
    ece = estimate(_without_bias(_calibration_errors(probabilities, codes, weights, BINS)))
    brier = mean(((probabilities - truth) ** 2).sum(axis=1), weights)
    log_loss = mean(-np.log(np.maximum((probabilities * truth).sum(axis=1), EPSILON)), weights)
    if not (ece and brier and log_loss):
        raise ValueError("no predictions")
    lines = {}
    for endpoint in endpoints_of(classes):
        if endpoint.name not in ENDPOINTS:
            continue
        scores = score_endpoint_of(endpoint, labels, probabilities, classes)
        if min(scores.truth.sum(), (~scores.truth).sum()) >= MIN_CASES:
            slope, intercept = slope_and_intercept(scores.truth, scores.score, weights[:, scores.rows])
            lines[endpoint.name] = CalibrationLine(slope=estimate(slope), intercept=estimate(intercept))
    return CalibrationScores(
        ece=ece,
        ece_if_perfect=round(ece_if_perfect(probabilities, seed), 4),
        brier_score=brier,
        log_loss=log_loss,
        melanoma=lines.get("melanoma"),
        malignant=lines.get("malignant"),
    )


def slope_and_intercept(truth: NDArray[np.bool_], score: Array, weights: Array) -> tuple[Array, Array]:
    """Logistic recalibration (Cox, 1958): truth ~ a + b logit(score). Returns the slope b and the intercept.

    truth, score: (n,); weights and both results: (samples, ...). As in Van Calster et al. (2019) the intercept is that
    of a fit with the slope held at 1 (calibration in the large). A slope below 1 means too extreme probabilities, an
    intercept below 0 too high ones. NaN where the score separates the classes perfectly.
    """
    clipped = np.clip(score, EPSILON, 1 - EPSILON)
    logit = np.log(clipped / (1 - clipped))
    outcome = truth.astype(np.float64)
    intercept, a, b = (np.zeros(len(weights)), np.zeros(len(weights)), np.ones(len(weights)))
    for _ in range(NEWTON_STEPS):
        step = _intercept_step(logit, outcome, weights, intercept)
        intercept = intercept + step
        if np.abs(step).max(initial=0) < CONVERGED:
            break
    for _ in range(NEWTON_STEPS):
        step_a, step_b = _slope_and_intercept_step(logit, outcome, weights, a, b)
        a, b = a + step_a, b + step_b
        if np.abs([step_a, step_b]).max(initial=0) < CONVERGED:
            break
    return np.where(np.abs(b) < MAX_SLOPE, b, np.nan), np.where(np.abs(intercept) < MAX_SLOPE, intercept, np.nan)


def _intercept_step(logit: Array, outcome: Array, weights: Array, intercept: Array) -> Array:
    """One step of the intercept with slope 1, at most 1 long."""
    p = _sigmoid(logit + intercept[:, None])
    step = (weights * (outcome - p)).sum(axis=1) / np.maximum((weights * p * (1 - p)).sum(axis=1), EPSILON)
    bounded: Array = np.clip(step, -1, 1)
    return bounded


def _slope_and_intercept_step(logit: Array, outcome: Array, weights: Array, a: Array, b: Array) -> tuple[Array, Array]:
    """One step of intercept and slope together, each at most 1 long where they are far off."""
    p = _sigmoid(a[:, None] + b[:, None] * logit)
    residual, curvature = weights * (outcome - p), weights * p * (1 - p)
    g0, g1 = residual.sum(axis=1), residual @ logit
    h00, h01, h11 = curvature.sum(axis=1), curvature @ logit, curvature @ logit**2
    determinant = np.maximum(h00 * h11 - h01**2, EPSILON)
    return np.clip((h11 * g0 - h01 * g1) / determinant, -1, 1), np.clip((h00 * g1 - h01 * g0) / determinant, -1, 1)


def _sigmoid(x: Array) -> Array:
    return np.asarray(expit(x), dtype=np.float64)


def _confidence(probabilities: Array, labels: Indices) -> tuple[Array, Array]:
    return probabilities.max(axis=1), (probabilities.argmax(axis=1) == labels).astype(np.float64)


def _bins(confidence: Array, bins: int) -> list[Indices]:
    return [part for part in np.array_split(np.argsort(confidence, kind="stable"), bins) if len(part)]


def _without_bias(values: Array) -> Array:
    """Resampled errors (1 + resamples,) moved onto the error of the sample: resampling adds noise to every bin's gap.

    The bootstrap's own estimate of bias (Efron and Tibshirani, 1993, section 10.2); without it the interval of a small
    error would lie above the error.
    """
    moved = np.maximum(values[1:] - (values[1:].mean() - values[0]), 0) if len(values) > 1 else values[1:]
    return np.concatenate([values[:1], moved])


def _calibration_errors(probabilities: Array, labels: Indices, weights: Array, bins: int) -> Array:
    """(samples,) with the bins of the sample itself in all of them."""
    confidence, correct = _confidence(probabilities, labels)
    gaps = [np.abs(weights[:, part] @ (confidence[part] - correct[part])) for part in _bins(confidence, bins)]
    total: Array = np.sum(gaps, axis=0) / weights.sum(axis=1)
    return total
