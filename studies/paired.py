"""Two recipes on the same test pictures, paired: what makes a picture hard for both cancels out."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from app.folds import FoldPredictions
from lesions.metrics.intervals import bootstrap_weights, estimate


def recognised(folds: list[list[FoldPredictions]]) -> pd.DataFrame:
    """Every test picture of every fold, with the share of its fold's trainings under which it was recognised.

    Indexed by image_id and sorted; columns group, label, right (0 to 1).
    """
    return merged(source.test for repeats in folds for source in repeats)


def merged(trainings: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """As recognised(), of the predictions tables of several trainings; not each has to know every picture."""
    tables = [table.assign(right=table["label"] == table["predicted"]) for table in trainings]
    columns = {"group": ("group", "first"), "label": ("label", "first"), "right": ("right", "mean")}
    return pd.DataFrame(pd.concat(tables).groupby("image_id").agg(**columns))


def gain(one: pd.DataFrame, other: pd.DataFrame, score: str = "balanced_accuracy") -> dict[str, Any]:
    """How much higher the first table of recognised() scores than the second, on the pictures that both hold.

    score: balanced_accuracy or accuracy. Returns value, low, high (95 % interval over groups), n and groups. The
    interval holds what other pictures would change, not what other trainings would.
    """
    both = one.join(other["right"].rename("right_other"), how="inner")
    return _mean_over(both, (both["right"] - both["right_other"]).to_numpy(dtype=np.float64), score)


def reached(table: pd.DataFrame, score: str = "balanced_accuracy") -> dict[str, Any]:
    """The score of a table of recognised() itself, as gain() gives a difference."""
    return _mean_over(table, table["right"].to_numpy(dtype=np.float64), score)


def _mean_over(table: pd.DataFrame, values: np.ndarray, score: str) -> dict[str, Any]:
    weights = bootstrap_weights(table["label"], table["group"], seed=0)
    classes = sorted(table["label"].unique()) if score == "balanced_accuracy" else [None]
    members = np.stack([((table["label"] == label) | (label is None)).to_numpy(dtype=float) for label in classes], 1)
    found = estimate(((weights * values) @ members / (weights @ members)).mean(axis=1)) or {}
    return {**found, "n": len(table), "groups": int(table["group"].nunique())}
