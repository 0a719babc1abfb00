"""Leakage: test pictures that share the picture itself, a lesion, a patient or a near-duplicate with training."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

KEYS = {  # kind of leakage -> the columns in which two pictures then agree
    "picture": ("sha256", "isic_id"),
    "lesion": ("lesion", "official_lesion"),
    "patient": ("patient",),
}
TRAINING = ("train", "val")  # validation counts as training: it chooses
NEAR, ANY = "near-duplicate", "any"


def leakage_counts(pictures: pd.DataFrame, near: pd.DataFrame) -> pd.DataFrame:
    """How many test pictures share a picture, lesion, patient or near-duplicate with training; columns as below.

    One row for each split (official, ours) and kind (of KEYS, near-duplicate, any) with n_test (pictures),
    n_shared (test pictures that share it with training) and at_least (some ids are missing: there may be more).
    The official split is that of all readable files, ours that of the pictures in use, validation counted as training.
    """
    readable, used = pictures["sha256"] != "", pictures["reason"] == ""
    official, split = pictures["official_split"], pictures["split"]
    splits = {
        "official": (readable & (official == "test"), readable & official.isin(TRAINING)),
        "ours": (used & (split == "test"), used & split.isin(TRAINING)),
    }
    rows = [row for name, parts in splits.items() if parts[0].any() for row in _shared(pictures, near, name, *parts)]
    return pd.DataFrame(rows, columns=["split", "kind", "n_test", "n_shared", "at_least"])


def leaked_pictures(pictures: pd.DataFrame, near: pd.DataFrame) -> pd.DataFrame:
    """The pictures of the published Test part that leak into Train: columns test and train (rows), and kind.

    Of several kinds the first of KEYS counts, then near-duplicates; of several training pictures the first.
    """
    readable = pictures[pictures["sha256"] != ""]
    test, train = (readable[readable["official_split"].isin(parts)] for parts in (("test",), TRAINING))
    leaks: dict[Any, tuple[Any, str]] = {}
    for kind, columns in KEYS.items():
        for column in columns:
            first = {value: row for row, value in reversed(list(train[column].items())) if value}
            for row, value in test[column].items():
                if value in first:
                    leaks.setdefault(row, (first[value], kind))
    for a, b in zip(near["a"], near["b"], strict=True):
        for one, other in ((a, b), (b, a)):
            if one in test.index and other in train.index:
                leaks.setdefault(one, (other, NEAR))
    rows = [(row, partner, kind) for row, (partner, kind) in sorted(leaks.items())]
    return pd.DataFrame(rows, columns=["test", "train", "kind"])


def across_published_split(copies: pd.DataFrame, used: pd.Series) -> pd.Series:
    """Which copies are of the published training part, while the file that is used is of its test part.

    used: the published split of the file that is used instead of each copy.
    """
    return (used == "test") & copies["official_split"].isin(TRAINING)


def _shared(
    pictures: pd.DataFrame, near: pd.DataFrame, name: str, test: pd.Series, train: pd.Series
) -> Iterator[dict[str, Any]]:
    """The rows of leakage_counts() for one split; test and train: masks of the rows."""
    hits, at_least = {}, {}
    for kind, columns in KEYS.items():
        hits[kind] = pd.Series(False, index=pictures.index)
        has_id = pd.Series(False, index=pictures.index)
        for column in columns:
            filled = pictures[column] != ""
            hits[kind] |= test & filled & pictures[column].isin(pictures.loc[train & filled, column])
            has_id |= filled
        at_least[kind] = not has_id[test | train].all()
    hits[NEAR] = test & pictures.index.isin(_partners(near, train[train].index))
    hits[ANY] = pd.concat(hits, axis=1).any(axis=1)
    at_least[NEAR], at_least[ANY] = False, any(at_least.values())
    for kind, leaked in hits.items():
        yield {
            "split": name,
            "kind": kind,
            "n_test": int(test.sum()),
            "n_shared": int(leaked.sum()),
            "at_least": at_least[kind],
        }


def _partners(near: pd.DataFrame, rows: pd.Index) -> list[Any]:
    """The other ends of the pairs with an end in `rows`."""
    return [*near.loc[near["a"].isin(rows), "b"], *near.loc[near["b"].isin(rows), "a"]]
