"""Calibration recovers what was done to the probabilities, and tells good ones from bad ones."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from lesions.metrics import calibration, decisions
from lesions.metrics.intervals import bootstrap_weights
from tests.unit.held_out import logits_of

EQUAL = np.full(4, 0.25)


def drawn(n: int, shares: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels of these shares, and logits that are right where all classes are equally frequent."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(len(shares), n, p=shares)
    return logits_of(labels, len(shares), rng), labels


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_a_known_temperature_is_found_again(temperature: float) -> None:
    logits, labels = drawn(20_000, EQUAL)
    fitted = calibration.fit(logits * temperature, labels, EQUAL)
    assert fitted.temperature == pytest.approx(temperature, rel=0.04)


def test_the_correction_for_class_shares_makes_the_probabilities_right_again() -> None:
    """A network that learned from balanced classes overstates the rare ones: by exactly the ratio of the shares."""
    shares = np.array([0.7, 0.2, 0.07, 0.03])
    logits, labels = drawn(20_000, shares)
    fitted = calibration.fit(logits, labels, EQUAL)
    assert fitted.temperature == pytest.approx(1, rel=0.04)
    assert fitted.prior_correction == pytest.approx(np.log(shares / EQUAL), abs=0.06)
    test_logits, test_labels = drawn(20_000, shares, seed=1)
    before, after = softmax(test_logits, axis=1), decisions.calibrated(test_logits, fitted)
    assert np.abs(before.mean(axis=0) - shares).max() > 0.1
    assert after.mean(axis=0) == pytest.approx(shares, abs=0.01)
    assert calibration.expected_calibration_error(after, test_labels) < 0.015


def test_one_set_of_probabilities_follows_from_the_other() -> None:
    """So that whoever has predictions.csv and decision.json has both."""
    logits, labels = drawn(300, np.array([0.6, 0.2, 0.1, 0.1]))
    fitted = calibration.fit(logits, labels, EQUAL)
    factors = np.exp(fitted.prior_correction / fitted.temperature)
    again = decisions.balanced(logits, fitted) * factors
    assert again / again.sum(axis=1, keepdims=True) == pytest.approx(decisions.calibrated(logits, fitted), abs=1e-12)
    assert (decisions.balanced(logits, fitted).argmax(axis=1) == logits.argmax(axis=1)).all()


def test_a_class_without_validation_pictures_does_not_break_the_correction() -> None:
    logits, labels = drawn(200, np.array([0.5, 0.3, 0.2, 0.0]))
    assert np.isfinite(calibration.fit(logits, labels, EQUAL).prior_correction).all()


@settings(deadline=None)
@given(st.integers(1, 400), st.integers(0, 2**32 - 1))
def test_calibration_error_is_between_zero_and_one(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.ones(3), n)
    assert 0 <= calibration.expected_calibration_error(probabilities, rng.integers(0, 3, n)) <= 1


def test_calibration_error_finds_overconfidence_and_no_error_where_there_is_none() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.7, 1, 100_000)
    probabilities = np.stack([confidence, 1 - confidence], axis=1)
    right, too_often_wrong = (
        (rng.random(100_000) >= confidence - gap).astype(np.int64) for gap in (0, 0.2)
    )  # 0 is the predicted class
    assert calibration.expected_calibration_error(probabilities, right) < 0.01
    assert calibration.expected_calibration_error(probabilities, too_often_wrong) == pytest.approx(0.2, abs=0.01)
    with pytest.raises(ValueError, match="no predictions"):
        calibration.expected_calibration_error(np.empty((0, 2)), np.array([], dtype=np.int64))


def test_perfect_probabilities_show_the_error_that_chance_alone_gives() -> None:
    logits, labels = drawn(300, EQUAL, seed=3)
    expected = calibration.ece_if_perfect(softmax(logits, axis=1), 0)
    found = [
        calibration.expected_calibration_error(softmax(z, axis=1), y)
        for z, y in (drawn(300, EQUAL, seed) for seed in range(40))
    ]
    assert labels.size
    assert np.mean(found) == pytest.approx(expected, rel=0.15)
    assert expected > 0.03, "never 0 in a sample"


def test_the_interval_of_the_error_holds_the_error() -> None:
    """Resampling adds noise to each bin: plain percentiles of a small error lie above it."""
    for seed in range(10):
        logits, labels = drawn(300, EQUAL, seed)
        names = pd.Series(labels).map(dict(enumerate("abcd")))
        weights = bootstrap_weights(names, pd.Series(np.arange(300).astype(str)), 0, 200)
        found = calibration.describe(softmax(logits, axis=1), names, list("abcd"), weights, 0).ece
        assert found.low is not None and found.high is not None
        assert 0 <= found.low < found.value < found.high < 0.2


def test_bins_hold_equally_many_pictures_and_give_the_error() -> None:
    logits, labels = drawn(345, EQUAL)
    probabilities = softmax(logits, axis=1)
    table = calibration.reliability(probabilities, labels)
    assert len(table) == 10
    assert set(table["n"]) <= {34, 35}
    assert table["confidence"].is_monotonic_increasing
    gaps = (table["n"] * (table["confidence"] - table["accuracy"]).abs()).sum() / 345
    assert gaps == pytest.approx(calibration.expected_calibration_error(probabilities, labels))


def test_slope_and_intercept_are_a_logistic_regressions() -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(-1, 1.5, 5000)
    truth = rng.random(5000) < 1 / (1 + np.exp(-true))
    score = 1 / (1 + np.exp(-(2 * true + 0.5)))  # twice too extreme
    weights = np.r_[np.ones((1, 5000)), rng.integers(0, 3, (2, 5000))].astype(float)
    slopes, intercepts = calibration.slope_and_intercept(truth, score, weights)
    logit = np.log(score / (1 - score))[:, None]
    for row, slope in zip(weights, slopes, strict=True):
        model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(logit, truth, sample_weight=row)
        assert slope == pytest.approx(model.coef_[0, 0], rel=1e-3)
    assert slopes[0] == pytest.approx(0.5, abs=0.05)
    shifted = 1 / (1 + np.exp(-(logit[:, 0] + intercepts[0])))
    assert shifted.mean() == pytest.approx(truth.mean(), abs=1e-6), "calibration in the large"


def test_where_no_slope_can_be_fitted_there_is_none() -> None:
    truth = np.array([True] * 20 + [False] * 20)
    slope, _ = calibration.slope_and_intercept(truth, np.where(truth, 0.6, 0.4), np.ones((1, 40)))
    assert np.isnan(slope[0]) or slope[0] > 10
