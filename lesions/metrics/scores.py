"""Scores of a classifier against the truth, overall and per class, and the curves behind them; no intervals.

Scores with intervals stand in estimates.py, those of a chosen threshold in thresholds.py.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import (
    confusion_matrix,
    precision_recall_curve,
    precision_recall_fscore_support,
    roc_auc_score,
    roc_curve,
)

from lesions.data.predictions import probability_columns

Array = NDArray[np.float64]

MIN_CASES_PER_CLASS = 5  # test pictures of each class for a mean over classes; with fewer, one error moves it too far
DIGITS = 4  # finer differences are far below the sampling error of a few hundred pictures


def headline(predictions: pd.DataFrame, classes: list[str]) -> dict[str, float | int]:
    """The main numbers for one split of a predictions table (label, predicted, p_<class>...), flat.

    A score that cannot be estimated from these pictures is left out: the means over classes where a class has fewer
    than MIN_CASES_PER_CLASS pictures, the melanoma scores where there is no melanoma, or nothing else.
    """
    rows = per_class(predictions, classes)
    result: dict[str, float | int] = {
        "n": len(predictions),
        "smallest_class_n": int(rows["n"].min()),
        "accuracy": float((predictions["label"] == predictions["predicted"]).mean()),
    }
    if rows["n"].min() >= MIN_CASES_PER_CLASS:
        result["balanced_accuracy"] = float(rows["recall"].mean())
        result["macro_f1"] = float(rows["f1"].mean())
        result["macro_auroc"] = float(rows["auroc"].mean())
    melanoma = {"melanoma_auroc": classes, "melanoma_vs_nevus_auroc": ["melanoma", "nevus"]}
    for name, among in melanoma.items():
        score = auroc_among(predictions, "melanoma", among)
        if score is not None:
            result[name] = score
    return {name: round(value, DIGITS) for name, value in result.items()}


def per_class(predictions: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """One row per class: n, precision, recall, f1 and one-against-rest auroc, each in [0, 1].

    A precision without any prediction of the class is 0, as in scikit-learn; recall, f1 and auroc of a class without
    pictures are missing.
    """
    precision, recall, f1, n = precision_recall_fscore_support(
        predictions["label"], predictions["predicted"], labels=classes, zero_division=0
    )
    rows = pd.DataFrame({"n": n, "precision": precision, "recall": recall, "f1": f1}, index=classes)
    rows.loc[rows["n"] == 0, ["recall", "f1"]] = np.nan
    rows["auroc"] = pd.Series({label: auroc_among(predictions, label, classes) for label in classes}, dtype=float)
    return rows


def auroc_among(predictions: pd.DataFrame, label: str, among: list[str]) -> float | None:
    """AUROC of one class against the others in `among`, on the pictures of these classes alone.

    The score is the class's share of the probability of these classes. None where either side has no picture.
    """
    columns = probability_columns(among)
    if label not in among or not set(columns) <= set(predictions.columns):
        return None
    rows = predictions[predictions["label"].isin(among)]
    truth = rows["label"] == label
    if truth.nunique() < 2:
        return None
    probabilities = rows[columns].to_numpy(dtype=np.float64)
    score = rows[f"p_{label}"].to_numpy(dtype=np.float64) / np.maximum(
        probabilities.sum(axis=1), np.finfo(np.float64).tiny
    )
    return float(roc_auc_score(truth, score))


def roc_points(predictions: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """The one-against-rest ROC curves: columns class, fpr, tpr; a class that is absent or alone has no curve."""
    curves = []
    for label in classes:
        truth = predictions["label"] == label
        if truth.nunique() == 2:
            fpr, tpr, _ = roc_curve(truth, predictions[f"p_{label}"])
            curves.append(pd.DataFrame({"class": label, "fpr": fpr.round(DIGITS), "tpr": tpr.round(DIGITS)}))
    return pd.concat(curves, ignore_index=True) if curves else pd.DataFrame(columns=["class", "fpr", "tpr"])


def pr_points(predictions: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """The one-against-rest precision-recall curves: columns class, recall, precision; recall falls along each curve.

    A class without pictures has no curve.
    """
    curves = []
    for label in classes:
        truth = predictions["label"] == label
        if truth.any():
            precision, recall, _ = precision_recall_curve(truth, predictions[f"p_{label}"])
            points = {"class": label, "recall": recall.round(DIGITS), "precision": precision.round(DIGITS)}
            curves.append(pd.DataFrame(points))
    return pd.concat(curves, ignore_index=True) if curves else pd.DataFrame(columns=["class", "recall", "precision"])


def confusion(predictions: pd.DataFrame, classes: list[str]) -> NDArray[np.int64]:
    """(classes, classes) counts: rows are the truth, columns the prediction."""
    counts: NDArray[np.int64] = confusion_matrix(predictions["label"], predictions["predicted"], labels=classes)
    return counts


def most_confused(predictions: pd.DataFrame, classes: list[str], most: int = 5) -> list[dict[str, Any]]:
    """The most frequent errors: truth, prediction, their number, and the share of the true class's pictures."""
    counts = confusion(predictions, classes)
    pairs = [(counts[i, j], i, j) for i in range(len(classes)) for j in range(len(classes)) if i != j and counts[i, j]]
    pairs.sort(key=lambda pair: (-pair[0], pair[1], pair[2]))
    return [
        {"truth": classes[i], "predicted": classes[j], "n": int(n), "share": round(float(n / counts[i].sum()), DIGITS)}
        for n, i, j in pairs[:most]
    ]
