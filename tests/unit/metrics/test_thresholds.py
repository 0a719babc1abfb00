"""Thresholds, predictive values and net benefit: by hand, and on new pictures by simulation."""

import numpy as np
import pandas as pd
import pytest

from lesions.metrics import thresholds
from lesions.metrics.intervals import bootstrap_weights
from tests.unit.held_out import CLASSES, table


def test_a_threshold_is_the_highest_that_reaches_the_target() -> None:
    cases = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05])
    assert thresholds.threshold_for(cases, 0.9) == pytest.approx(0.1)
    assert thresholds.threshold_for(cases, 0.85) == pytest.approx(0.1), "8.5 of 10 cannot be reached: 9 are"
    assert thresholds.threshold_for(cases, 0.5) == pytest.approx(0.5)
    assert thresholds.threshold_for(np.full(5, 1 / 3), 0.9) <= 1 / 3, "rounding must not lose the cases"


def test_predictive_values_by_hand() -> None:
    """Of 1,000 people 50 have it: 45 are found, 95 of the 950 others are called too."""
    ppv, npv = thresholds.predictive_values(np.array([0.9]), np.array([0.9]), 0.05)
    assert ppv[0] == pytest.approx(45 / (45 + 95))
    assert npv[0] == pytest.approx(855 / (855 + 5))
    nobody, _ = thresholds.predictive_values(np.array([0.0]), np.array([1.0]), 0.05)
    assert np.isnan(nobody[0])


def test_a_threshold_is_chosen_on_validation_and_its_promise_is_checked_on_the_test() -> None:
    validation, test = table(900, 0, split="val"), table(900, 1)
    chosen = thresholds.choose_thresholds(validation, CLASSES, 0.9)
    weights = bootstrap_weights(test["label"], test["group"], 0, 200)
    found = thresholds.operating_points(test, CLASSES, chosen, weights)["melanoma"].model_dump()
    cases = test["label"] == "melanoma"
    called = test["p_melanoma"] / test[[f"p_{label}" for label in CLASSES]].sum(axis=1) >= chosen["melanoma"].threshold
    assert (chosen["melanoma"].sensitivity or 0) >= 0.9
    assert found["sensitivity"]["value"] == pytest.approx(called[cases].mean(), abs=1e-4)
    assert found["specificity"]["value"] == pytest.approx((~called)[~cases].mean(), abs=1e-4)
    assert found["sensitivity"]["value"] == pytest.approx(0.9, abs=0.06), "two samples of 300 cases each"
    expected = thresholds.predictive_values(
        np.array([found["sensitivity"]["value"]]), np.array([found["specificity"]["value"]]), 0.01
    )
    assert found["ppv"]["0.01"]["value"] == pytest.approx(expected[0][0], abs=1e-3)
    assert found["ppv"]["0.01"]["low"] < found["ppv"]["0.01"]["value"]
    assert set(found["npv"]) == {"0.01", "0.05", "0.20"}


def test_few_cases_give_no_threshold_and_a_perfect_test_no_certainty() -> None:
    validation = table(300, 0, split="val")
    few = pd.concat(
        [validation[validation["label"] != "melanoma"], validation[validation["label"] == "melanoma"].head(9)]
    )
    chosen = thresholds.choose_thresholds(few, CLASSES, 0.9)
    assert chosen["melanoma"].threshold is None
    test = table(120, 1, signal=6)
    weights = bootstrap_weights(test["label"], test["group"], 0, 50)
    nothing = thresholds.operating_points(test, CLASSES, chosen, weights)["melanoma"]
    assert (nothing.sensitivity, nothing.ppv) == (None, {}), "a threshold that was never chosen is judged"
    chosen = thresholds.choose_thresholds(table(300, 2, split="val", signal=6), CLASSES, 0.99)
    found = thresholds.operating_points(test, CLASSES, chosen, weights)["melanoma"].model_dump()
    assert found["sensitivity"]["value"] == 1
    assert found["npv"]["0.20"]["low"] < 1, "no missed case among 40 is no proof that there is none"


def test_net_benefit_by_hand() -> None:
    truth = np.array([True, True, False, False, False])
    probability = np.array([0.9, 0.1, 0.6, 0.05, 0.05])
    curve = thresholds.decision_curve(truth, probability, np.ones((1, 5)))
    benefit = {(row["threshold"], row["strategy"]): row["net_benefit"] for row in curve.to_dict("records")}
    assert benefit[0.5, "model"] == pytest.approx((1 - 1 * 1) / 5)
    assert benefit[0.2, "model"] == pytest.approx((1 - 1 * 0.25) / 5)
    assert benefit[0.2, "all"] == pytest.approx((2 - 3 * 0.25) / 5)
    assert {benefit[threshold, "none"] for threshold in set(curve["threshold"])} == {0}
    assert (curve["threshold"].min(), curve["threshold"].max()) == (0.01, 0.5)
