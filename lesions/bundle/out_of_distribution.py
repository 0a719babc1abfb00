"""Out-of-distribution distance: how far a picture is from the training pictures in the network's last features.

The distance is that of Mahalanobis to the nearest class mean under one covariance for all classes (Lee et al., 2018);
lesions/export/out_of_distribution_fit.py fits both. A network is sure of its class for pictures of anything; this check
may fail, too.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class FeatureDistribution(NamedTuple):
    """The training pictures' features: class means (classes, features), and a whitening matrix (features, k).

    After a product with the whitening matrix, the Mahalanobis distance is the Euclidean one.
    """

    means: NDArray[np.float32]
    whitening: NDArray[np.float32]


def distance(features: NDArray[np.float32], distribution: FeatureDistribution) -> float:
    """The distance of one picture, features (features,), to the nearest class: 0 or more, about sqrt(features) inside.

    In double precision, of parameters in single precision: those are what is stored.
    """
    offsets = features.astype(np.float64) - distribution.means.astype(np.float64)
    squares = (offsets @ distribution.whitening.astype(np.float64)) ** 2
    return float(np.sqrt(squares.sum(axis=1).min()))
