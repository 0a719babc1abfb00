"""Conformal sets: classes that hold the true one with a chosen probability (split conformal prediction).

A class is in the set of a picture where its probability is at least 1 - quantile of that class. The quantile is that of
1 - p(true class) over the validation pictures of the class (Mondrian: Vovk et al., 2005; Sadinle et al., 2019), so that
coverage holds for each class, rare ones too, at any class shares. It assumes that validation and new pictures are
exchangeable; validation also chose the epoch, which makes the sets a little too small.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesions.data.diagnoses import diagnosis
from lesions.data.predictions import probability_columns
from lesions.data.results.rules import ClassQuantile
from lesions.data.results.scores import ClassCoverage, ConformalScores
from lesions.metrics.decisions import in_conformal_set
from lesions.metrics.intervals import mean, share

Array = NDArray[np.float64]

COVERAGES = (0.90, 0.95)
DIGITS = 6


def quantiles(validation: pd.DataFrame, classes: list[str], coverage: float) -> dict[str, ClassQuantile]:
    """For each class its quantile, the number of validation pictures it is computed from, and which these are.

    A class needs 9 validation pictures for 90 %, 19 for 95 %. One with fewer gets the quantile of all classes of its
    malignancy: coverage then holds for these together. Where they too are few, the quantile of all pictures:
    no guarantee for the class; and 1, which puts the class into every set, where even these do not suffice.
    """
    class_quantiles = {}
    for label in classes:
        malignancy = diagnosis(label).malignancy
        same_malignancy = [other for other in classes if diagnosis(other).malignancy == malignancy]
        class_quantiles[label] = ClassQuantile(1.0, len(validation), "no guarantee: too few pictures")
        fallbacks = [
            ("class", [label]),
            (f"{malignancy} classes together", same_malignancy),
            ("no guarantee: all classes", classes),
        ]
        for basis, members in fallbacks:
            scores = _scores(validation[validation["label"].isin(members)])
            quantile = conformal_quantile(scores, coverage)
            if quantile is not None:
                class_quantiles[label] = ClassQuantile(quantile, len(scores), basis)
                break
    return class_quantiles


def conformal_quantile(scores: Array, coverage: float) -> float | None:
    """The ceil((n + 1) coverage)-th smallest of n scores, rounded up to 6 digits; None where n is too small for it."""
    rank = int(np.ceil((len(scores) + 1) * coverage - 1e-9))
    if rank > len(scores):
        return None
    return float(min(1.0, np.ceil(np.sort(scores)[rank - 1] * 10**DIGITS - 1e-6) / 10**DIGITS))


def conformal_sets(
    predictions: pd.DataFrame, classes: list[str], class_quantiles: dict[str, ClassQuantile]
) -> NDArray[np.bool_]:
    """(n, classes) which classes are in the set of each picture; a set may be empty."""
    quantile_array = np.array([class_quantiles[label].quantile for label in classes])
    return in_conformal_set(predictions[probability_columns(classes)].to_numpy(dtype=np.float64), quantile_array)


def describe(
    predictions: pd.DataFrame, classes: list[str], class_quantiles: dict[str, ClassQuantile], weights: Array
) -> ConformalScores:
    """Coverage of these pictures' sets, overall and per class, and the size of the sets."""
    inside = conformal_sets(predictions, classes, class_quantiles)
    index = predictions["label"].map({label: number for number, label in enumerate(classes)}).to_numpy()
    covered = inside[np.arange(len(index)), index]
    sizes = inside.sum(axis=1).astype(np.float64)
    rows_of = {label: index == number for number, label in enumerate(classes)}
    return ConformalScores(
        coverage=share(covered, weights, predictions["group"]),
        mean_set_size=mean(sizes, weights),
        singleton_fraction=mean((sizes == 1).astype(np.float64), weights),
        empty_fraction=mean((sizes == 0).astype(np.float64), weights),
        per_class={
            label: ClassCoverage(
                n=int(rows.sum()),
                coverage=share(covered[rows], weights[:, rows], predictions.loc[rows, "group"]),
                basis=class_quantiles[label].basis,
            )
            for label, rows in rows_of.items()
        },
    )


def _scores(rows: pd.DataFrame) -> Array:
    """1 - p(true class) of each row."""
    values = [1 - row[f"p_{row['label']}"] for row in rows.to_dict("records")]
    return np.array(values, dtype=np.float64)
