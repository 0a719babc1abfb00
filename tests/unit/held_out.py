"""Made-up predictions for tests of scores: classes with known quality, lesions with several pictures."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesions.evaluation.evaluate import predictions_table

CLASSES = ["melanoma", "nevus", "vascular_lesion"]


def logits_of(
    truth: NDArray[np.int64], n_classes: int, rng: np.random.Generator, signal: float = 1.0
) -> NDArray[np.float64]:
    """Logits whose softmax is a true posterior where all classes are equally frequent."""
    return signal * (rng.normal(size=(len(truth), n_classes)) + signal * np.eye(n_classes)[truth])


def table(
    n: int, seed: int = 0, classes: list[str] = CLASSES, split: str = "test", per_group: int = 1, signal: float = 1.0
) -> pd.DataFrame:
    """A predictions table of n pictures, `per_group` to a group, in which a group has one class."""
    rng = np.random.default_rng(seed)
    groups = np.arange(n) // per_group
    truth = rng.integers(0, len(classes), groups.max() + 1)[groups]
    logits = logits_of(truth, len(classes), rng, signal)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    held_out = pd.DataFrame(
        {
            "image_id": [f"{split}{k:05}" for k in range(n)],
            "group": [f"{split}g{k:05}" for k in groups],
            "split": split,
            "label": [classes[k] for k in truth],
        }
    )
    return predictions_table(held_out, probabilities, classes)
