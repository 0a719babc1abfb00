"""Thresholds chosen on validation pictures, their operating points on others, and the decision curve of a score."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesions.data.results.rules import Threshold
from lesions.metrics.endpoints import Endpoint, endpoints_of, score_endpoint
from lesions.metrics.estimates import not_estimable
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
            meaning=endpoint.meaning,
            positive=endpoint.positive,
            among=endpoint.among,
            target_sensitivity=target,
            n_validation_cases=len(cases),
            threshold=threshold,
            sensitivity_on_validation=None if threshold is None else round(float((cases >= threshold).mean()), 4),
        )
    return chosen


def threshold_for(cases: Array, target: float) -> float:
    """The highest threshold that at least `target` of the cases' scores (n >= 1) reach, rounded down to 6 digits."""
    needed = max(1, int(np.ceil(target * len(cases) - 1e-9)))
    return float(np.floor(np.sort(cases)[::-1][needed - 1] * 10**DIGITS) / 10**DIGITS)


def operating_points(
    predictions: pd.DataFrame, classes: list[str], thresholds: dict[str, Threshold], weights: Array
) -> dict[str, dict[str, Any]]:
    """Of each chosen threshold on these pictures: sensitivity, specificity, PPV and NPV at assumed prevalences."""
    result: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints_of(classes):
        rule = thresholds[endpoint.name]
        if rule.threshold is None:
            result[endpoint.name] = {"threshold": None, "note": not_estimable(rule.n_validation_cases)}
        else:
            result[endpoint.name] = _operating_point(endpoint, predictions, rule.threshold, weights)
    return result


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
        benefit = estimate((weights @ (value * (probability >= threshold))) / total) or {}
        rows.append((threshold, "model", *(benefit.get(name) for name in ("value", "low", "high"))))
        rows += [(threshold, "all", round(float(value.mean()), 4), None, None), (threshold, "none", 0.0, None, None)]
    return pd.DataFrame(rows, columns=list(CURVE_COLUMNS))


def _operating_point(endpoint: Endpoint, predictions: pd.DataFrame, threshold: float, weights: Array) -> dict[str, Any]:
    scores = score_endpoint(endpoint, predictions)
    predicted_positive = scores.score >= threshold
    weights, groups = weights[:, scores.rows], predictions.loc[scores.rows, "group"]
    result: dict[str, Any] = {"threshold": threshold}
    sides = (("sensitivity", scores.truth, predicted_positive), ("specificity", ~scores.truth, ~predicted_positive))
    for name, side, right in sides:
        result[name] = share(right[side], weights[:, side], groups[side])
        if result[name] is None:
            return result | {"note": not_estimable(int(side.sum()))}
    sensitivity = _mean(predicted_positive[scores.truth], weights[:, scores.truth])
    specificity = _mean(~predicted_positive[~scores.truth], weights[:, ~scores.truth])
    for name, index in (("ppv", 0), ("npv", 1)):
        result[name] = {}
        for prevalence in PREVALENCES:
            estimated = estimate(predictive_values(sensitivity, specificity, prevalence)[index])
            if "Wilson" in (result["sensitivity"]["interval"], result["specificity"]["interval"]):
                estimated = estimated and estimated | _predictive_value_bounds(result, prevalence, index)
            result[name][f"at_{prevalence * 100:.0f}_percent"] = estimated
    return result


def _predictive_value_bounds(rates: dict[str, Any], prevalence: float, index: int) -> dict[str, float]:
    """Low and high without a bootstrap: both predictive values rise with sensitivity and with specificity."""
    ends = {}
    for end in ("low", "high"):
        pair = [np.array([rates[name][end]]) for name in ("sensitivity", "specificity")]
        ends[end] = round(float(predictive_values(pair[0], pair[1], prevalence)[index][0]), 4)
    return ends


def _mean(values: NDArray[np.bool_], weights: Array) -> Array:
    return _ratio(weights @ values.astype(np.float64), weights.sum(axis=1))


def _ratio(numerator: Array, denominator: Array) -> Array:
    top, bottom = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    return np.divide(top, bottom, out=np.full_like(top, np.nan), where=bottom > 0)
