"""A threshold that is chosen on validation pictures, and what it achieves on others; net benefit of using the score."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesions.metrics.endpoints import Endpoint, endpoints_of, score_endpoint
from lesions.metrics.estimates import not_estimable
from lesions.metrics.intervals import FEWEST, estimate, share

Array = NDArray[np.float64]

PREVALENCES = (0.01, 0.05, 0.20)  # general practice, a screening clinic, a pigmented-lesion clinic, in round numbers
DIGITS = 6  # as in the table of predictions
CURVE_COLUMNS = ("threshold", "strategy", "net_benefit", "low", "high")
CURVE_FROM, CURVE_TO, CURVE_STEPS = 0.01, 0.50, 50  # threshold probabilities of the decision curve


def choose_thresholds(validation: pd.DataFrame, classes: list[str], target: float) -> dict[str, dict[str, Any]]:
    """For each question the highest threshold that reaches the target sensitivity among these pictures.

    A picture is called a case where its score (endpoints.ask) is at least the threshold. Below 10 cases there
    is none.
    """
    chosen = {}
    for question in endpoints_of(classes):
        answers = score_endpoint(question, validation)
        cases = answers.score[answers.truth]
        found: dict[str, Any] = {
            "meaning": question.meaning,
            "positive": list(question.positive),
            "among": list(question.among),
            "target_sensitivity": target,
            "n_validation_cases": len(cases),
            "threshold": None,
        }
        if len(cases) < FEWEST:
            found["note"] = not_estimable(len(cases))
        else:
            found["threshold"] = threshold_for(cases, target)
            found["sensitivity_on_validation"] = round(float((cases >= found["threshold"]).mean()), 4)
        chosen[question.name] = found
    return chosen


def threshold_for(cases: Array, target: float) -> float:
    """The highest threshold that at least `target` of the cases' scores (n >= 1) reach, rounded down to 6 digits."""
    needed = max(1, int(np.ceil(target * len(cases) - 1e-9)))
    return float(np.floor(np.sort(cases)[::-1][needed - 1] * 10**DIGITS) / 10**DIGITS)


def achieved(
    predictions: pd.DataFrame, classes: list[str], thresholds: dict[str, dict[str, Any]], weights: Array
) -> dict[str, dict[str, Any]]:
    """What each chosen threshold does on these pictures: sensitivity, specificity, PPV and NPV at given prevalences."""
    result: dict[str, dict[str, Any]] = {}
    for question in endpoints_of(classes):
        threshold = thresholds[question.name]["threshold"]
        if threshold is None:
            result[question.name] = {"threshold": None, "note": thresholds[question.name]["note"]}
        else:
            result[question.name] = _at(question, predictions, threshold, weights)
    return result


def predictive_values(sensitivity: Array, specificity: Array, prevalence: float) -> tuple[Array, Array]:
    """PPV and NPV by Bayes' rule (Altman and Bland, 1994), all in [0, 1]; NaN where nobody, or everybody, is called."""
    hit, false_alarm = sensitivity * prevalence, (1 - specificity) * (1 - prevalence)
    missed, cleared = (1 - sensitivity) * prevalence, specificity * (1 - prevalence)
    return _ratio(hit, hit + false_alarm), _ratio(cleared, cleared + missed)


def decision_curve(truth: NDArray[np.bool_], probability: Array, weights: Array) -> pd.DataFrame:
    """Net benefit per picture of acting on the score, on everybody, on nobody (Vickers and Elkin, 2006).

    truth, probability: (n,), calibrated; weights: (1 + resamples, n). One row per threshold (the probability from which
    one would act) and strategy (model, all, none): net_benefit, and for the model low and high. At the share of cases
    among these pictures, which is not that of a clinic.
    """
    rows: list[tuple[Any, ...]] = []
    total = weights.sum(axis=1)
    for threshold in np.linspace(CURVE_FROM, CURVE_TO, CURVE_STEPS).round(4):
        value = np.where(truth, 1.0, -threshold / (1 - threshold))  # a false alarm costs the odds of the threshold
        found = estimate((weights @ (value * (probability >= threshold))) / total) or {}
        rows.append((threshold, "model", *(found.get(name) for name in ("value", "low", "high"))))
        rows += [(threshold, "all", round(float(value.mean()), 4), None, None), (threshold, "none", 0.0, None, None)]
    return pd.DataFrame(rows, columns=list(CURVE_COLUMNS))


def _at(question: Endpoint, predictions: pd.DataFrame, threshold: float, weights: Array) -> dict[str, Any]:
    answers = score_endpoint(question, predictions)
    called = answers.score >= threshold
    weights, groups = weights[:, answers.rows], predictions.loc[answers.rows, "group"]
    result: dict[str, Any] = {"threshold": threshold}
    for name, side, right in (("sensitivity", answers.truth, called), ("specificity", ~answers.truth, ~called)):
        result[name] = share(right[side], weights[:, side], groups[side])
        if result[name] is None:
            return result | {"note": not_estimable(int(side.sum()))}
    sensitivity = _mean(called[answers.truth], weights[:, answers.truth])
    specificity = _mean(~called[~answers.truth], weights[:, ~answers.truth])
    for name, index in (("ppv", 0), ("npv", 1)):
        result[name] = {}
        for prevalence in PREVALENCES:
            found = estimate(predictive_values(sensitivity, specificity, prevalence)[index])
            if "Wilson" in (result["sensitivity"]["interval"], result["specificity"]["interval"]):
                found = found and found | _corners(result, prevalence, index)
            result[name][f"at_{prevalence * 100:.0f}_percent"] = found
    return result


def _corners(found: dict[str, Any], prevalence: float, index: int) -> dict[str, float]:
    """Low and high where resampling fails: both predictive values rise with sensitivity and with specificity."""
    ends = {}
    for end in ("low", "high"):
        pair = [np.array([found[name][end]]) for name in ("sensitivity", "specificity")]
        ends[end] = round(float(predictive_values(pair[0], pair[1], prevalence)[index][0]), 4)
    return ends


def _mean(values: NDArray[np.bool_], weights: Array) -> Array:
    return _ratio(weights @ values.astype(np.float64), weights.sum(axis=1))


def _ratio(numerator: Array, denominator: Array) -> Array:
    top, bottom = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    return np.divide(top, bottom, out=np.full_like(top, np.nan), where=bottom > 0)
