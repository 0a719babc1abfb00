"""Binary endpoints as sums over classes: melanoma, malignant, in need of treatment.

Malignancy is that of lesions/data/diagnoses.py. Classes of unknown malignancy are left out of the last two.
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
    """The rows of a predictions table that count for an endpoint (n,); truth and score (m,) of these m rows."""

    rows: NDArray[np.bool_]
    truth: NDArray[np.bool_]
    score: Array


def endpoints_of(classes: list[str]) -> list[Endpoint]:
    """The endpoints that these classes define: each has classes on both sides."""
    kinds = {label: diagnosis(label).malignancy for label in classes}
    malignant = tuple(label for label in classes if kinds[label] == "malignant")
    benign = tuple(label for label in classes if kinds[label] == "benign")
    needing_treatment = tuple(label for label in classes if kinds[label] in ("malignant", "indeterminate"))
    candidates = [
        Endpoint("melanoma", "melanoma against all other classes", (MELANOMA,), tuple(classes)),
        Endpoint("melanoma_vs_nevus", "melanoma against nevus alone", (MELANOMA,), (MELANOMA, "nevus")),
        Endpoint(
            "malignant", "primary endpoint: malignant against benign, without actinic keratosis", malignant,
            (*malignant, *benign),
        ),
        Endpoint(
            "needs_treatment", "secondary endpoint: malignant or actinic keratosis against benign", needing_treatment,
            (*needing_treatment, *benign),
        ),
    ]  # fmt: skip
    return [endpoint for endpoint in candidates if _has_both_sides(endpoint, classes)]


def score_endpoint(endpoint: Endpoint, predictions: pd.DataFrame) -> EndpointScores:
    """Truth and score of an endpoint for a predictions table (label, p_<class>...).

    The score is the share of the positive classes in the probability of the endpoint's classes.
    """
    columns = [f"p_{label}" for label in endpoint.among]
    return score_endpoint_of(
        endpoint, predictions["label"], predictions[columns].to_numpy(dtype=np.float64), endpoint.among
    )


def score_endpoint_of(
    endpoint: Endpoint, labels: pd.Series, probabilities: Array, classes: tuple[str, ...] | list[str]
) -> EndpointScores:
    """The same for labels (n,) and probabilities (n, classes)."""
    rows = labels.isin(endpoint.among).to_numpy()
    score = endpoint_score(probabilities[rows], classes, endpoint.positive, endpoint.among)
    return EndpointScores(rows, labels[rows].isin(endpoint.positive).to_numpy(), score)


def _has_both_sides(endpoint: Endpoint, classes: list[str]) -> bool:
    positive, among = set(endpoint.positive), set(endpoint.among)
    return bool(positive) and positive < among <= set(classes)
