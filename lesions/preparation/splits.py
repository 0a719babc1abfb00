"""Training, validation and test: by whole groups, stratified by class, and stable when pictures are added.

Groups are ranked by a hash of their name, and each split takes one stretch of its class's ranking. A group's rank thus
depends on its own name alone, and only the borders move a little when groups come or go.
"""

import hashlib

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesions.params.schema import PrepareParams
from lesions.runtime.console import UserError


def assign_splits(pictures: pd.DataFrame, params: PrepareParams) -> pd.Series:
    """Train, val or test for each row of a table with `group`, `label` and, for `official`, `official_split`.

    No group spans two splits: under `official` the caller has left out the rows that share a group with the test part,
    and a group with a picture of the published validation part is for validation. A class for which nothing was
    published for validation, or nothing else, has it drawn as under `fraction`.
    A group of several classes counts as the rarest of them, so that rare classes keep their shares.
    Raises UserError under `official` where the data set has no test part.
    """
    split = pd.Series("train", index=pictures.index)
    if params.test == "official":
        split[pictures["official_split"] == "test"] = "test"
        if not (split == "test").any():
            raise UserError(
                "prepare.test: official needs usable pictures in a Test folder beside Train; use fraction without one"
            )
    to_assign = split == "train"
    split_by_group = _assign_groups(_groups(pictures[to_assign]), params)
    split[to_assign] = pictures.loc[to_assign, "group"].map(split_by_group)
    return split


def _assign_groups(groups: pd.DataFrame, params: PrepareParams) -> pd.Series:
    split = pd.Series("train", index=groups.index)
    salt = f"{params.split_seed}:val:{params.fold}" if params.test == "fold" else f"{params.split_seed}:val"
    for _, stratum in groups.groupby("stratum"):
        if params.test == "official" and 0 < stratum["validation"].sum() < len(stratum):
            split[stratum.index[stratum["validation"]]] = "val"
            continue
        n = stratum["n"].sum()
        test = _test_groups(_ranked(stratum, f"{params.split_seed}:test"), params)
        rest = _ranked(stratum.drop(test), salt)
        val = _take(rest, params.val_fraction * n, len(rest) - 1)
        split[test], split[val] = "test", "val"
    return split


def _test_groups(ranked: pd.DataFrame, params: PrepareParams) -> pd.Index:
    if params.test == "fraction":
        return _take(ranked, params.test_fraction * ranked["n"].sum(), len(ranked) - 2)
    if params.test == "fold":
        in_fold = _folds(ranked["n"], params.folds) == params.fold
        return ranked.index.take(np.flatnonzero(in_fold))
    return ranked.index[:0]  # official: the publisher chose


def _groups(pictures: pd.DataFrame) -> pd.DataFrame:
    """One row per group: its number of pictures `n`, as `stratum` the rarest of its classes, and whether one of its
    pictures was published for `validation`.

    Of joined data sets by origin, too: class is confounded with origin, which each split must show in the same way.
    """
    stratum = pictures["label"]
    if (pictures["dataset"] != "").any():
        stratum = stratum + " of " + pictures["origin"]
    frequency = stratum.map(stratum.value_counts())
    validation = pictures["official_split"] == "val"
    by_rarity = pictures.assign(stratum=stratum, frequency=frequency, validation=validation)
    return (
        by_rarity.sort_values(["frequency", "stratum"])
        .groupby("group")
        .agg(n=("label", "size"), stratum=("stratum", "first"), validation=("validation", "any"))
    )


def _ranked(groups: pd.DataFrame, salt: str) -> pd.DataFrame:
    return groups.loc[sorted(groups.index, key=lambda name: hashlib.sha256(f"{salt}:{name}".encode()).digest())]


def _take(ranked: pd.DataFrame, pictures: float, most_groups: int) -> pd.Index:
    """The first groups that hold about `pictures` pictures: at least one group, at most `most_groups`."""
    middle = ranked["n"].cumsum() - ranked["n"] / 2
    count = int((middle <= pictures).sum())
    return ranked.index[: max(0, min(max(count, 1), most_groups))]


def _folds(sizes: pd.Series, folds: int) -> NDArray[np.int64]:
    """(groups,) fold numbers: consecutive stretches of the ranking with about equal numbers of pictures."""
    middle = (sizes.cumsum() - sizes / 2).to_numpy()
    return np.floor(middle * folds / sizes.sum()).astype(np.int64)
