"""Distance to the training pictures: the formula against SciPy's."""

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis
from sklearn.covariance import ledoit_wolf

from lesions.bundle.out_of_distribution import distance
from lesions.export.out_of_distribution_fit import fit_distribution


def test_the_distance_is_that_of_mahalanobis_to_the_nearest_mean() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 200)
    mixing = rng.normal(size=(6, 6))
    features = (rng.normal(size=(200, 6)) @ mixing + 3 * rng.normal(size=(3, 6))[labels]).astype(np.float32)
    distribution = fit_distribution(features, labels, 3)
    means = np.stack([features[labels == label].astype(float).mean(axis=0) for label in range(3)])
    inverse = np.linalg.inv(ledoit_wolf(features - means[labels], assume_centered=True)[0])
    for row in features[:20]:
        expected = min(mahalanobis(row, mean, inverse) for mean in means)
        assert distance(row, distribution) == pytest.approx(expected, rel=1e-4)
