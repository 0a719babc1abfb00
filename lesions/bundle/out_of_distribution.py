"""Is a picture like the training pictures at all? Told by its distance to them in the network's last features.

The distance is that of Mahalanobis to the nearest class mean under one covariance for all classes (Lee et al., 2018),
shrunk towards a multiple of the identity (Ledoit and Wolf, 2004), because there may be fewer pictures than features.
A network is sure of its class for pictures of anything; this is a check that may fail, too.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

ACCEPTED = 0.95  # share of pictures of the training's kind that are to pass; the rest are called unlike by mistake
DIGITS = 6


class FeatureDistribution(NamedTuple):
    """What the training pictures look like: class means (classes, features), and a whitening matrix (features, k).

    After a product with the whitening matrix, the Mahalanobis distance is the Euclidean one.
    """

    means: NDArray[np.float32]
    whitening: NDArray[np.float32]


def fit(features: NDArray[np.float32], labels: NDArray[np.int64], n_classes: int) -> FeatureDistribution:
    """From the features (n, features) of the training pictures and their classes (n,), each with a picture at least."""
    from sklearn.covariance import ledoit_wolf  # here: a served model only needs distance()

    values = features.astype(np.float64)
    means = np.stack([values[labels == label].mean(axis=0) for label in range(n_classes)])
    covariance, _ = ledoit_wolf(values - means[labels], assume_centered=True)
    variances, directions = np.linalg.eigh(covariance)
    kept = variances > variances.max() * 1e-9 if variances.max() > 0 else np.zeros(len(variances), dtype=bool)
    whitening = directions[:, kept] / np.sqrt(variances[kept])
    return FeatureDistribution(means.astype(np.float32), whitening.astype(np.float32))


def distance(features: NDArray[np.float32], familiar: FeatureDistribution) -> float:
    """The distance of one picture, features (features,), to the nearest class: 0 or more, about sqrt(features) inside.

    In double precision, of parameters in single precision: what is stored decides.
    """
    offsets = features.astype(np.float64) - familiar.means.astype(np.float64)
    squares = (offsets @ familiar.whitening.astype(np.float64)) ** 2
    return float(np.sqrt(squares.sum(axis=1).min()))


def threshold_for(distances: Array) -> float:
    """The distance that ACCEPTED of further pictures of the same kind stay within (split conformal), 6 digits up.

    distances: (n,) of validation pictures, n >= 1. Below 19 of them it is the largest.
    """
    rank = min(len(distances), int(np.ceil((len(distances) + 1) * ACCEPTED - 1e-9)))
    return float(np.ceil(np.sort(distances)[rank - 1] * 10**DIGITS) / 10**DIGITS)
