"""Scores of a part, or of groups: within each origin, as class is confounded with origin, and one case a lesion."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesions.data.predictions import probability_columns
from lesions.data.results.scores import GroupScores, OriginScores
from lesions.metrics import estimates
from lesions.metrics.intervals import MIN_CASES
from lesions.metrics.scores import MIN_CASES_PER_CLASS, score_samples

Array = NDArray[np.float64]

MEANS = {"balanced_accuracy": "recall", "macro_auroc": "auroc"}  # over classes, of the score of each
FEWEST_CLASSES = 2


def within_origins(
    predictions: pd.DataFrame, origins: pd.Series, classes: list[str], weights: Array
) -> dict[str, OriginScores]:
    """By origin the scores of its pictures, over the classes that have MIN_CASES_PER_CLASS pictures there.

    predictions: (n rows) label, predicted, p_<class>...; origins: of each row, empty is unknown; weights: (samples, n)
    as elsewhere. Scores: accuracy, the AUROCs of melanoma, and balanced accuracy and macro AUROC over the classes of
    the origin, where every class that the network names still counts. None where the origin has fewer than MIN_CASES
    pictures or FEWEST_CLASSES classes.
    """
    result = {}
    names = origins.replace("", "unknown").to_numpy()
    for origin in sorted(set(names)):
        positions = np.flatnonzero(names == origin)
        rows = predictions.iloc[positions].reset_index(drop=True)
        counts = rows["label"].value_counts()
        present = [label for label in classes if counts.get(label, 0) >= MIN_CASES_PER_CLASS]
        scores: dict[str, Array] = {}
        if len(rows) >= MIN_CASES and len(present) >= FEWEST_CLASSES:
            values = score_samples(rows, classes, weights[:, positions])
            over_all = {name: score for name, score in values.overall.items() if not name.startswith("macro")}
            means = {name: [values.per_class[label][each] for label in present] for name, each in MEANS.items()}
            scores = over_all | {name: np.mean(each, axis=0) for name, each in means.items()}
        result[str(origin)] = OriginScores(n=len(rows), classes=present, overall=estimates.overall(scores))
    return result


def per_group(predictions: pd.DataFrame, classes: list[str], weights: Array) -> GroupScores:
    """Scores with one case a group (lesion, or patient) and class: the mean of its pictures' probabilities decides.

    None where fewer than MIN_CASES cases have several pictures. predictions, weights: as above.
    """
    columns = probability_columns(classes)
    rows = predictions.assign(position=range(len(predictions)))
    cases = rows.groupby(["group", "label"], sort=True)
    means, several = cases[columns].mean(), int((cases.size() > 1).sum())
    scores: dict[str, Array] = {}
    if several >= MIN_CASES:
        table = means.reset_index().assign(predicted=[classes[index] for index in means.to_numpy().argmax(axis=1)])
        of_group = weights[:, cases["position"].first().to_numpy()]  # a group is drawn as a whole
        scores = score_samples(table, classes, of_group).overall
    return GroupScores(n_groups=len(means), n_several=several, overall=estimates.overall(scores))
