"""The curves of each class against the rest that DVC and the charts draw: ROC, and precision over recall."""

import pandas as pd
from sklearn.metrics import precision_recall_curve, roc_curve

from lesions.metrics.scores import DIGITS

ROC_COLUMNS, PR_COLUMNS = ["class", "fpr", "tpr"], ["class", "recall", "precision"]


def roc_points(predictions: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """ROC_COLUMNS of a predictions table, in [0, 1]; a class that is absent or alone has no curve."""
    curves = []
    for label in classes:
        truth = predictions["label"] == label
        if truth.nunique() == 2:
            fpr, tpr, _ = roc_curve(truth, predictions[f"p_{label}"])
            curves.append(pd.DataFrame({"class": label, "fpr": fpr, "tpr": tpr}))
    return _table(curves, ROC_COLUMNS)


def pr_points(predictions: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """PR_COLUMNS of a predictions table, in [0, 1]; recall falls along each curve. A class that is absent has none."""
    curves = []
    for label in classes:
        truth = predictions["label"] == label
        if truth.any():
            precision, recall, _ = precision_recall_curve(truth, predictions[f"p_{label}"])
            curves.append(pd.DataFrame({"class": label, "recall": recall, "precision": precision}))
    return _table(curves, PR_COLUMNS)


def _table(curves: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    return pd.concat(curves, ignore_index=True).round(DIGITS) if curves else pd.DataFrame(columns=columns)
