"""Fit of the out-of-distribution check: the distribution of the training pictures' features, and a threshold.

The covariance is shrunk towards a multiple of the identity (Ledoit and Wolf, 2004), because there may be fewer pictures
than features.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import ledoit_wolf

from lesions.bundle.out_of_distribution import FeatureDistribution

Array = NDArray[np.float64]

ACCEPTED = 0.95  # share of in-distribution pictures that are to pass; the rest are false rejects
DIGITS = 6


def fit_distribution(features: NDArray[np.float32], labels: NDArray[np.int64], n_classes: int) -> FeatureDistribution:
    """From the features (n, features) of the training pictures and their classes (n,), each with a picture at least."""
    values = features.astype(np.float64)
    means = np.stack([values[labels == label].mean(axis=0) for label in range(n_classes)])
    covariance, _ = ledoit_wolf(values - means[labels], assume_centered=True)
    variances, directions = np.linalg.eigh(covariance)
    nonzero = variances > variances.max() * 1e-9 if variances.max() > 0 else np.zeros(len(variances), dtype=bool)
    whitening = directions[:, nonzero] / np.sqrt(variances[nonzero])
    return FeatureDistribution(means.astype(np.float32), whitening.astype(np.float32))


def threshold_for(distances: Array) -> float:
    """The distance that ACCEPTED of further in-distribution pictures stay within (split conformal), 6 digits up.

    distances: (n,) of validation pictures, n >= 1. Below 19 of them it is the largest.
    """
    rank = min(len(distances), int(np.ceil((len(distances) + 1) * ACCEPTED - 1e-9)))
    return float(np.ceil(np.sort(distances)[rank - 1] * 10**DIGITS) / 10**DIGITS)
