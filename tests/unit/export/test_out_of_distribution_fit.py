"""Fit of the out-of-distribution check: few pictures and dead features, and what its threshold promises."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesions.bundle.out_of_distribution import distance
from lesions.export.out_of_distribution_fit import ACCEPTED, fit_distribution, threshold_for


def test_fewer_pictures_than_features_and_dead_features_do_no_harm() -> None:
    features = np.zeros((5, 40), np.float32)
    features[:, :10] = np.random.default_rng(0).normal(size=(5, 10))
    distribution = fit_distribution(features, np.array([0, 0, 1, 1, 1]), 2)
    assert np.isfinite(distance(features[0], distribution))
    assert distance(features[0] + 9, distribution) > distance(features[0], distribution)
    same = fit_distribution(np.ones((4, 3), np.float32), np.array([0, 0, 1, 1]), 2)
    assert distance(np.ones(3, np.float32), same) == 0


@settings(max_examples=50)
@given(st.lists(st.floats(0, 100), min_size=1, max_size=200))
def test_the_threshold_lets_its_share_of_the_validation_pictures_pass(values: list[float]) -> None:
    distances = np.array(values)
    threshold = threshold_for(distances)
    assert (distances <= threshold).mean() >= ACCEPTED
    if len(values) > 100:
        assert (distances < threshold - 1e-5).mean() < 0.97, "it lets nearly everything pass"


def test_further_pictures_of_the_same_kind_pass_as_often_as_promised() -> None:
    rng = np.random.default_rng(0)
    shares = [(rng.normal(size=50) <= threshold_for(rng.normal(size=114))).mean() for _ in range(500)]
    assert np.mean(shares) == pytest.approx(ACCEPTED, abs=0.01)
