"""Paired comparison of two recipes on the same test pictures: what makes a picture hard for both cancels out."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from app.fold_predictions import FoldPredictions
from lesions.data.results.estimates import CountedEstimate
from lesions.metrics.intervals import bootstrap_weights, estimate


def picture_accuracy(folds: list[list[FoldPredictions]]) -> pd.DataFrame:
    """Every test picture of every fold, with the share of its fold's trainings that predict it correctly.

    Indexed by image_id and sorted; columns group, label, correct (0 to 1).
    """
    return merge_trainings(predictions.test for repeats in folds for predictions in repeats)


def merge_trainings(trainings: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """As picture_accuracy(), from the predictions tables of several trainings; a picture may be missing from some."""
    tables = [table.assign(correct=table["label"] == table["predicted"]) for table in trainings]
    columns = {"group": ("group", "first"), "label": ("label", "first"), "correct": ("correct", "mean")}
    return pd.DataFrame(pd.concat(tables).groupby("image_id").agg(**columns))


def paired_difference(first: pd.DataFrame, second: pd.DataFrame, score: str = "balanced_accuracy") -> CountedEstimate:
    """Score of the first table of picture_accuracy() minus that of the second, on the pictures that both hold.

    score: balanced_accuracy or accuracy. The 95 % interval, over groups,
    covers the sampling of pictures, not that of trainings.
    """
    both = first.join(second["correct"].rename("correct_other"), how="inner")
    return _bootstrap_estimate(both, (both["correct"] - both["correct_other"]).to_numpy(dtype=np.float64), score)


def score_estimate(table: pd.DataFrame, score: str = "balanced_accuracy") -> CountedEstimate:
    """The score of one table of picture_accuracy(), as paired_difference() gives a difference."""
    return _bootstrap_estimate(table, table["correct"].to_numpy(dtype=np.float64), score)


def _bootstrap_estimate(table: pd.DataFrame, values: np.ndarray, score: str) -> CountedEstimate:
    weights = bootstrap_weights(table["label"], table["group"], seed=0)
    classes = sorted(table["label"].unique()) if score == "balanced_accuracy" else [None]
    class_members = np.stack(
        [((table["label"] == label) | (label is None)).to_numpy(dtype=float) for label in classes], 1
    )
    found = estimate(((weights * values) @ class_members / (weights @ class_members)).mean(axis=1))
    counts = {"n": len(table), "n_groups": int(table["group"].nunique()), "method": "bootstrap"}
    return CountedEstimate.model_validate({**dict(found or {}), **counts})
