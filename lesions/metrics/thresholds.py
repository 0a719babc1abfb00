"""Thresholds chosen on validation pictures, their operating points on others, and the decision curve of a score."""

from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesions.data.results.estimates import CountedEstimate, Estimate
from lesions.data.results.rules import Threshold
from lesions.data.results.scores import OperatingPoint
from lesions.metrics.endpoints import Endpoint, endpoints_of, score_endpoint
from lesions.metrics.intervals import MIN_CASES, estimate, share

Array = NDArray[np.float64]

PREVALENCES = (0.01, 0.05, 0.20)  # general practice, a screening clinic, a pigmented-lesion clinic, in round numbers
DIGITS = 6  # as in the table of predictions
CURVE_COLUMNS = ("threshold", "strategy", "net_benefit", "low", "high")
CURVE_FROM, CURVE_TO, CURVE_STEPS = 0.01, 0.50, 50  # threshold probabilities of the decision curve


def choose_thresholds(validation: pd.DataFrame, classes: list[str], target: float) -> dict[str, Threshold]:
    """For each endpoint the highest threshold that reaches the target sensitivity among these pictures.

    A picture is predicted to be a case where its score (endpoints.score_endpoint) is at least the threshold. Below 10
    cases there is none.
    """
    chosen = {}
    for endpoint in endpoints_of(classes):
        scores = score_endpoint(endpoint, validation)
        cases = scores.score[scores.truth]
        threshold = threshold_for(cases, target) if len(cases) >= MIN_CASES else None
        chosen[endpoint.name] = Threshold(
            description=endpoint.meaning,
            positive=endpoint.positive,
            among=endpoint.among,
            target_sensitivity=target,
            n_positive=len(cases),
            threshold=threshold,
            sensitivity=None if threshold is None else round(float((cases >= threshold).mean()), 4),
        )
    return chosen


def threshold_for(cases: Array, target: float) -> float:
    """The highest threshold that at least `target` of the cases' scores (n >= 1) reach, rounded down to 6 digits."""
    needed = max(1, int(np.ceil(target * len(cases) - 1e-9)))
    return float(np.floor(np.sort(cases)[::-1][needed - 1] * 10**DIGITS) / 10**DIGITS)


def operating_points(
    predictions: pd.DataFrame, classes: list[str], thresholds: dict[str, Threshold], weights: Array
) -> dict[str, OperatingPoint]:
    """Of each chosen threshold on these pictures: sensitivity, specificity, PPV and NPV at assumed prevalences."""
    return {
        endpoint.name: _operating_point(endpoint, predictions, thresholds[endpoint.name].threshold, weights)
        for endpoint in endpoints_of(classes)
    }


def predictive_values(sensitivity: Array, specificity: Array, prevalence: float) -> tuple[Array, Array]:
    """PPV and NPV by Bayes' rule (Altman and Bland, 1994), in [0, 1]; NaN without positive (negative) predictions."""
    true_positive, false_positive = sensitivity * prevalence, (1 - specificity) * (1 - prevalence)
    false_negative, true_negative = (1 - sensitivity) * prevalence, specificity * (1 - prevalence)
    return _ratio(true_positive, true_positive + false_positive), _ratio(true_negative, true_negative + false_negative)


def decision_curve(truth: NDArray[np.bool_], probability: Array, weights: Array) -> pd.DataFrame:
    """Net benefit per picture of acting on the score, on everybody, on nobody (Vickers and Elkin, 2006).

    truth, probability: (n,), calibrated; weights: (1 + resamples, n). One row per threshold (the probability from which
    one would act) and strategy (model, all, none): net_benefit, and for the model low and high. At the share of cases
    among these pictures, which is not that of a clinic.
    """
    rows: list[tuple[Any, ...]] = []
    total = weights.sum(axis=1)
    for threshold in np.linspace(CURVE_FROM, CURVE_TO, CURVE_STEPS).round(4):
        value = np.where(truth, 1.0, -threshold / (1 - threshold))  # a false positive costs the odds of the threshold
        benefit = estimate((weights @ (value * (probability >= threshold))) / total)
        rows.append((threshold, "model", *((benefit.value, benefit.low, benefit.high) if benefit else (None,) * 3)))
        rows += [(threshold, "all", round(float(value.mean()), 4), None, None), (threshold, "none", 0.0, None, None)]
    return pd.DataFrame(rows, columns=list(CURVE_COLUMNS))


def _operating_point(
    endpoint: Endpoint, predictions: pd.DataFrame, threshold: float | None, weights: Array
) -> OperatingPoint:
    sensitivity = specificity = None
    ppv: dict[str, Estimate | None] = {}
    npv: dict[str, Estimate | None] = {}
    if threshold is not None:
        scores = score_endpoint(endpoint, predictions)
        right = (scores.score >= threshold) == scores.truth
        weights, groups = weights[:, scores.rows], predictions.loc[scores.rows, "group"]
        sides = [(right[side], weights[:, side], groups[side]) for side in (scores.truth, ~scores.truth)]
        sensitivity, specificity = (share(*side) for side in sides)
    if sensitivity and specificity:
        rates = [_mean(hits, side_weights) for hits, side_weights, _ in sides]
        for prevalence in PREVALENCES:
            values = (estimate(value) for value in predictive_values(rates[0], rates[1], prevalence))
            if "wilson" in (sensitivity.method, specificity.method):
                low, high = (_predictive_values(sensitivity, specificity, end, prevalence) for end in ("low", "high"))
                values = (
                    value and value.model_copy(update={"low": low[index], "high": high[index]})
                    for index, value in enumerate(values)
                )
            ppv[f"{prevalence:.2f}"], npv[f"{prevalence:.2f}"] = values
    return OperatingPoint(threshold=threshold, sensitivity=sensitivity, specificity=specificity, ppv=ppv, npv=npv)


def _predictive_values(
    sensitivity: CountedEstimate, specificity: CountedEstimate, end: Literal["low", "high"], prevalence: float
) -> list[float]:
    """PPV and NPV at an end of both intervals, without a bootstrap: they rise with sensitivity and with specificity."""
    pair = [np.array([rate.low if end == "low" else rate.high]) for rate in (sensitivity, specificity)]
    return [round(float(value[0]), 4) for value in predictive_values(pair[0], pair[1], prevalence)]


def _mean(values: NDArray[np.bool_], weights: Array) -> Array:
    return _ratio(weights @ values.astype(np.float64), weights.sum(axis=1))


def _ratio(numerator: Array, denominator: Array) -> Array:
    top, bottom = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    return np.divide(top, bottom, out=np.full_like(top, np.nan), where=bottom > 0)
