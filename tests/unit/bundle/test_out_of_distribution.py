"""Distance to the training pictures: the formula against SciPy's, and what its threshold promises."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import mahalanobis
from sklearn.covariance import ledoit_wolf

from lesions.bundle import out_of_distribution


def test_the_distance_is_that_of_mahalanobis_to_the_nearest_mean() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 200)
    mixing = rng.normal(size=(6, 6))
    features = (rng.normal(size=(200, 6)) @ mixing + 3 * rng.normal(size=(3, 6))[labels]).astype(np.float32)
    familiar = out_of_distribution.fit(features, labels, 3)
    means = np.stack([features[labels == label].astype(float).mean(axis=0) for label in range(3)])
    inverse = np.linalg.inv(ledoit_wolf(features - means[labels], assume_centered=True)[0])
    for row in features[:20]:
        expected = min(mahalanobis(row, mean, inverse) for mean in means)
        assert out_of_distribution.distance(row, familiar) == pytest.approx(expected, rel=1e-4)


def test_fewer_pictures_than_features_and_dead_features_do_no_harm() -> None:
    features = np.zeros((5, 40), np.float32)
    features[:, :10] = np.random.default_rng(0).normal(size=(5, 10))
    familiar = out_of_distribution.fit(features, np.array([0, 0, 1, 1, 1]), 2)
    assert np.isfinite(out_of_distribution.distance(features[0], familiar))
    assert out_of_distribution.distance(features[0] + 9, familiar) > out_of_distribution.distance(features[0], familiar)
    same = out_of_distribution.fit(np.ones((4, 3), np.float32), np.array([0, 0, 1, 1]), 2)
    assert out_of_distribution.distance(np.ones(3, np.float32), same) == 0


@settings(max_examples=50)
@given(st.lists(st.floats(0, 100), min_size=1, max_size=200))
def test_the_threshold_lets_its_share_of_the_validation_pictures_pass(values: list[float]) -> None:
    distances = np.array(values)
    threshold = out_of_distribution.threshold_for(distances)
    assert (distances <= threshold).mean() >= out_of_distribution.ACCEPTED
    if len(values) > 100:
        assert (distances < threshold - 1e-5).mean() < 0.97, "it lets nearly everything pass"


def test_further_pictures_of_the_same_kind_pass_as_often_as_promised() -> None:
    rng = np.random.default_rng(0)
    shares = [
        (rng.normal(size=50) <= out_of_distribution.threshold_for(rng.normal(size=114))).mean() for _ in range(500)
    ]
    assert np.mean(shares) == pytest.approx(out_of_distribution.ACCEPTED, abs=0.01)
