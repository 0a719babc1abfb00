"""Intervals for scores: a bootstrap over groups of pictures within each class, and Wilson's where cases are few.

They show how a score varies with the sample of test pictures. How it varies when the same network is trained again with
another seed is not in them: only further trainings show that.
"""

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from lesions.data.results.estimates import CountedEstimate, Estimate

Array = NDArray[np.float64]

LEVEL = 0.95
RESAMPLES = 1000
MIN_CASES = 10  # a proportion of fewer has so wide an interval that it misleads: 'not estimable'
MIN_GROUPS_FOR_BOOTSTRAP = 50  # a proportion over fewer groups, or one that is 0 or 1, gets Wilson's interval
MAX_UNDEFINED_SHARE = 0.05  # share of resamples in which a score may be undefined before its interval is
TINY = 1e-9  # of a decimal: an interval of just .02 in width is rounded to two
DIGITS = 4  # finer differences are far below the sampling error of a few hundred pictures


def bootstrap_weights(labels: pd.Series, groups: pd.Series, seed: int, resamples: int = RESAMPLES) -> Array:
    """(1 + resamples, n) how often each picture stands in each sample; the first row, all ones, is the sample itself.

    labels, groups: (n,). A group (patient, lesion, picture) is drawn as a whole, since its pictures are not independent
    (cluster bootstrap: Field and Welsh, 2007), among the groups of its class, as many as there are (stratified: Davison
    and Hinkley, 1997, section 3.2). A group of several classes belongs to its most frequent one, then by name. The
    draws depend on seed, labels and groups, not on the order of the rows.
    """
    names, group = np.unique(groups.to_numpy(dtype=str), return_inverse=True)
    kinds, label = np.unique(labels.to_numpy(dtype=str), return_inverse=True)
    counts = np.zeros((len(names), len(kinds)))
    np.add.at(counts, (group, label), 1)
    stratum = counts.argmax(axis=1)
    rng = np.random.default_rng(seed)
    draws = np.ones((1 + resamples, len(names)))
    for kind in range(len(kinds)):
        members = np.flatnonzero(stratum == kind)
        if len(members):
            draws[1:, members] = rng.multinomial(len(members), np.full(len(members), 1 / len(members)), resamples)
    return draws[:, group]


def estimate(values: Array, digits: int = DIGITS) -> Estimate | None:
    """A score with its 95 % percentile interval (Efron and Tibshirani, 1993, section 13.3).

    values: (1 + resamples,), the score in the sample itself first. None where that is not a number; without low and
    high where more than 5 % of the resamples are none.
    """
    if not np.isfinite(values[0]):
        return None
    low = high = None
    finite = values[1:][np.isfinite(values[1:])]
    if len(finite) and len(finite) >= (1 - MAX_UNDEFINED_SHARE) * (len(values) - 1):
        ends = np.quantile(finite, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        low, high = (round(float(end), digits) for end in ends)
    return Estimate(value=round(float(values[0]), digits), low=low, high=high)


def proportion(values: Array, n: int, groups: int) -> CountedEstimate | None:
    """A proportion over n cases in `groups` groups.

    values: (1 + resamples,) as for estimate(). None below 10 cases: not estimable. Few groups, or a proportion of 0 or
    1, which no resample can leave, get Wilson's interval with the groups as the number of independent cases: a little
    too wide where the pictures of a group differ as much as those of different groups.
    """
    if n < MIN_CASES or not np.isfinite(values[0]):
        return None
    value = round(float(values[0]), DIGITS)
    if groups >= MIN_GROUPS_FOR_BOOTSTRAP and 0 < values[0] < 1:
        found = estimate(values)
        if found and found.low is not None and found.high is not None:
            return CountedEstimate(
                value=value, low=found.low, high=found.high, n=n, n_groups=groups, method="bootstrap"
            )
    low, high = (round(end, DIGITS) for end in wilson(float(values[0]), groups))
    return CountedEstimate(value=value, low=low, high=high, n=n, n_groups=groups, method="wilson")


def share(hits: NDArray[np.bool_], weights: Array, groups: pd.Series) -> CountedEstimate | None:
    """The proportion of hits (n,) with its interval; weights: (1 + resamples, n), groups: (n,)."""
    if not len(hits):
        return None
    return proportion(_mean(hits.astype(np.float64), weights), len(hits), groups.nunique())


def mean(values: Array, weights: Array) -> Estimate | None:
    """The mean of values (n,) with its interval; weights: (1 + resamples, n)."""
    return estimate(_mean(values, weights)) if len(values) else None


def wilson(value: float, n: float) -> tuple[float, float]:
    """95 % score interval of a proportion in [0, 1] of n > 0 independent cases (Wilson, 1927)."""
    z = float(norm.ppf((1 + LEVEL) / 2))
    centre = (value + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * float(np.sqrt(value * (1 - value) / n + z**2 / (4 * n**2)))
    return max(0.0, centre - half), min(1.0, centre + half)


def round_by_interval(estimate: Estimate) -> float:
    """The value of an estimate with the decimals that its interval is worth; without an interval, as it is.

    One unit of the last decimal is at most half the width of the interval, and ten of them are more: finer digits only
    tell one machine from another.
    """
    if estimate.low is None or estimate.high is None or estimate.low == estimate.high:
        return estimate.value
    return round(estimate.value, math.ceil(-math.log10((estimate.high - estimate.low) / 2) - TINY))


def _mean(values: Array, weights: Array) -> Array:
    total = weights.sum(axis=1)
    result: Array = np.divide(weights @ values, total, out=np.full(len(total), np.nan), where=total > 0)
    return result
