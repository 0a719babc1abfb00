"""Intervals hold what they promise: checked by simulation, and against SciPy."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from lesions.data.results.estimates import CountedEstimate, Estimate
from lesions.metrics.intervals import (
    MIN_CASES,
    bootstrap_weights,
    estimate,
    proportion,
    round_by_interval,
    share,
    wilson,
)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_scipys(case: tuple[int, int]) -> None:
    k, n = case
    expected = binomtest(k, n).proportion_ci(method="wilson")
    assert wilson(k / n, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


@given(st.floats(0, 1), st.floats(1e-4, 0.5))
def test_a_rounded_score_has_the_decimals_that_its_interval_is_worth(value: float, half: float) -> None:
    """More would differ from machine to machine; fewer would hide what the test pictures do tell."""
    rounded = round_by_interval(Estimate(value=value, low=value - half, high=value + half))
    assert abs(rounded - value) <= half / 2 + 1e-9
    assert len(f"{rounded:.15f}".rstrip("0").partition(".")[2]) <= math.ceil(-math.log10(half)) + 1e-9


def test_a_score_without_an_interval_or_of_no_width_stays_as_it_is() -> None:
    assert round_by_interval(Estimate(value=0.12345, low=None, high=None)) == 0.12345
    assert round_by_interval(Estimate(value=0.9876, low=0.9876, high=0.9876)) == 0.9876


def lesions(rng: np.random.Generator, n_groups: int) -> tuple[pd.DataFrame, np.ndarray]:
    """1 to 4 pictures of each lesion, which are right together: the worst case for a bootstrap over pictures."""
    sizes = rng.integers(1, 5, n_groups)
    group = np.repeat(np.arange(n_groups), sizes)
    right = (rng.random(n_groups) < 0.7)[group]
    rows = pd.DataFrame({"group": group.astype(str), "label": np.where(group % 2, "a", "b")})
    return rows, right


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    covered = {"groups": 0, "pictures": 0}
    runs = 300
    for run in range(runs):
        rows, right = lesions(rng, 120)
        for by in covered:
            groups = rows["group"] if by == "groups" else pd.Series(np.arange(len(rows)).astype(str))
            weights = bootstrap_weights(rows["label"], groups, run, 300)
            found = estimate((weights @ right) / weights.sum(axis=1))
            assert found
            covered[by] += found.low is not None and found.high is not None and found.low <= 0.7 <= found.high
    assert 0.90 <= covered["groups"] / runs <= 0.98, covered
    assert covered["pictures"] / runs < 0.87, "pictures of one lesion were taken for independent"


def test_a_group_is_drawn_whole_and_among_the_groups_of_its_class() -> None:
    rows, _ = lesions(np.random.default_rng(1), 60)
    weights = bootstrap_weights(rows["label"], rows["group"], 0, 50)
    assert (weights[0] == 1).all()
    first = ~rows["group"].duplicated().to_numpy()
    for label in ("a", "b"):
        of_class = (rows["label"] == label).to_numpy()
        assert (weights[:, of_class & first].sum(axis=1) == 30).all(), "as many groups of a class as there are"
    for places in rows.groupby("group").indices.values():
        assert (weights[:, places] == weights[:, places[:1]]).all()


def test_what_is_drawn_does_not_depend_on_the_order_of_rows() -> None:
    rows, _ = lesions(np.random.default_rng(2), 40)
    shuffled = rows.sample(frac=1, random_state=0)
    weights = bootstrap_weights(rows["label"], rows["group"], 7, 20)
    again = bootstrap_weights(shuffled["label"], shuffled["group"], 7, 20)
    assert (weights[:, shuffled.index] == again).all()
    assert not (weights == bootstrap_weights(rows["label"], rows["group"], 8, 20)).all()


def test_a_group_of_two_classes_is_drawn_once_with_the_more_frequent_one() -> None:
    labels, groups = pd.Series(["a", "a", "b", "b", "a"]), pd.Series(["p", "p", "p", "q", "r"])
    weights = bootstrap_weights(labels, groups, 0, 200)
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, 3] == 1).all(), "the only group of its class"


def test_few_cases_are_not_estimable_few_groups_get_wilsons_and_many_the_bootstrap() -> None:
    def one(n: int, hits: int) -> CountedEstimate | None:
        groups = pd.Series([str(k) for k in range(n)])
        weights = bootstrap_weights(pd.Series(["a"] * n), groups, 0, 200)
        return share(np.arange(n) < hits, weights, groups)

    assert one(MIN_CASES - 1, 4) is None
    few, many, perfect = one(20, 15), one(100, 70), one(100, 100)
    assert few and many and perfect
    assert (few.method, many.method, perfect.method) == ("wilson", "bootstrap", "wilson")
    assert (few.low, few.high) == pytest.approx(wilson(0.75, 20), abs=1e-4)
    assert perfect.low != perfect.high, "no error in 100 pictures is no proof"


def test_wilsons_interval_counts_groups_not_pictures() -> None:
    found = proportion(np.array([0.5, 0.4, 0.6]), n=40, groups=10)
    assert found
    assert (found.low, found.high) == pytest.approx(wilson(0.5, 10), abs=1e-4)


def test_an_undefined_score_has_no_interval() -> None:
    assert estimate(np.array([np.nan, 1.0])) is None
    assert estimate(np.r_[0.5, np.full(80, 0.5), np.full(20, np.nan)]) == Estimate(value=0.5, low=None, high=None)
    assert not Estimate(value=1.0, low=None, high=None).excludes_zero
    assert Estimate(value=1.0, low=0.1, high=2.0).excludes_zero
    assert not Estimate(value=1.0, low=-0.1, high=2.0).excludes_zero
