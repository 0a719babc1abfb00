"""Scores while training: what is logged is what the evaluation would call by the same name."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import recall_score

from lesions.training.metrics import BalancedAccuracy


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=60), st.integers(1, 59))
def test_balanced_accuracy_is_mean_recall_over_any_batches(pairs: list[tuple[int, int]], cut: int) -> None:
    labels, predicted = np.array(pairs).T
    metric = BalancedAccuracy(4)
    for part in (slice(None, cut), slice(cut, None)):
        if len(labels[part]):
            metric.update_state(np.eye(4)[labels[part]], np.eye(4)[predicted[part]] * 7 - 3)
    recalls = recall_score(labels, predicted, labels=sorted(set(labels)), average="macro", zero_division=0)
    assert float(metric.result()) == pytest.approx(recalls, abs=1e-6)
