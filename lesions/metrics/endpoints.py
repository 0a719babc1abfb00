"""The yes-or-no questions that matter in practice, as sums over classes: melanoma? malignant? in need of treatment?

Malignancy is that of lesions/data/diagnoses.py. Classes of unknown malignancy take no part in the last two.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesions.data.diagnoses import diagnosis
from lesions.metrics.decisions import endpoint_score

Array = NDArray[np.float64]

MELANOMA = "melanoma"


class Endpoint(NamedTuple):
    """Cases are pictures of the `positive` classes; only pictures and probabilities of the `among` classes count."""

    name: str
    meaning: str
    positive: tuple[str, ...]
    among: tuple[str, ...]


class EndpointScores(NamedTuple):
    """Which rows of a predictions table a question is about (n,), and for these m rows the truth and the score (m,)."""

    rows: NDArray[np.bool_]
    truth: NDArray[np.bool_]
    score: Array


def endpoints_of(classes: list[str]) -> list[Endpoint]:
    """The questions that these classes can answer: each has classes on both sides."""
    kinds = {label: diagnosis(label).malignancy for label in classes}
    malignant = tuple(label for label in classes if kinds[label] == "malignant")
    benign = tuple(label for label in classes if kinds[label] == "benign")
    treated = tuple(label for label in classes if kinds[label] in ("malignant", "indeterminate"))
    asked = [
        Endpoint("melanoma", "melanoma against all other classes", (MELANOMA,), tuple(classes)),
        Endpoint("melanoma_vs_nevus", "melanoma against nevus alone", (MELANOMA,), (MELANOMA, "nevus")),
        Endpoint(
            "malignant", "primary endpoint: malignant against benign, without actinic keratosis", malignant,
            (*malignant, *benign),
        ),
        Endpoint(
            "needs_treatment", "secondary endpoint: malignant or actinic keratosis against benign", treated,
            (*treated, *benign),
        ),
    ]  # fmt: skip
    return [question for question in asked if _both_sides(question, classes)]


def score_endpoint(question: Endpoint, predictions: pd.DataFrame) -> EndpointScores:
    """The answers of a predictions table (label, p_<class>...).

    The score is the share of the positive classes in the probability of the classes that the question is about.
    """
    columns = [f"p_{label}" for label in question.among]
    return score_endpoint_of(
        question, predictions["label"], predictions[columns].to_numpy(dtype=np.float64), question.among
    )


def score_endpoint_of(
    question: Endpoint, labels: pd.Series, probabilities: Array, classes: tuple[str, ...] | list[str]
) -> EndpointScores:
    """The same for labels (n,) and probabilities (n, classes)."""
    rows = labels.isin(question.among).to_numpy()
    score = endpoint_score(probabilities[rows], classes, question.positive, question.among)
    return EndpointScores(rows, labels[rows].isin(question.positive).to_numpy(), score)


def _both_sides(question: Endpoint, classes: list[str]) -> bool:
    positive, among = set(question.positive), set(question.among)
    return bool(positive) and positive < among <= set(classes)
