"""The curves of each class: their areas are the scores that stand beside them in the charts."""

import numpy as np
import pytest
from sklearn.metrics import auc

from lesions.metrics import curves, scores
from tests.unit.held_out import CLASSES, table


def test_the_area_under_a_curve_is_its_score() -> None:
    """If not, a chart's legend says another number than its line shows."""
    rows = table(200)
    by_class = scores.per_class(rows, CLASSES)
    roc, pr = curves.roc_points(rows, CLASSES).groupby("class"), curves.pr_points(rows, CLASSES).groupby("class")
    assert set(roc.groups) == set(pr.groups) == set(CLASSES)
    for label, curve in roc:
        assert auc(curve["fpr"], curve["tpr"]) == pytest.approx(by_class["auroc"][str(label)], abs=1e-3)
    for label, curve in pr:
        assert curve["recall"].is_monotonic_decreasing
        area = -(np.diff(curve["recall"]) * curve["precision"].to_numpy()[:-1]).sum()
        assert area == pytest.approx(by_class["average_precision"][str(label)], abs=1e-3)


def test_a_class_that_is_absent_or_alone_has_no_curve_that_would_need_the_other_side() -> None:
    rows = table(200)
    absent, alone = rows[rows["label"] != "nevus"], rows[rows["label"] == "nevus"]
    for points in (curves.roc_points(absent, CLASSES), curves.pr_points(absent, CLASSES)):
        assert set(points["class"]) == set(CLASSES) - {"nevus"}
    assert curves.roc_points(alone, CLASSES).empty
    assert list(curves.roc_points(alone, CLASSES)) == curves.ROC_COLUMNS
    assert set(curves.pr_points(alone, CLASSES)["class"]) == {"nevus"}
