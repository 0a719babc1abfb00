"""Baselines on the same test pictures: largest class, origin, frame, 10 x 10 thumbnail."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesions.data.predictions import probability_columns
from lesions.data.results.scores import Baseline
from lesions.metrics import probe
from lesions.metrics.estimates import overall
from lesions.metrics.scores import ScoreValues, score_samples

Array = NDArray[np.float64]

KINDS: tuple[tuple[str, str, probe.Kind], ...] = (
    ("frame", "random forest on the outer frame of the picture, without the lesion", "frame"),
    ("thumbnail", "random forest on the picture at 10 x 10 pixels", "thumbnail"),
)


def fit_baselines(
    manifest: pd.DataFrame, held_out: pd.DataFrame, folder: Path, classes: list[str], seed: int
) -> dict[str, tuple[str, pd.DataFrame]]:
    """For each baseline its meaning and its predictions table, in the order of the held-out rows.

    held_out: image_id, label, path relative to `folder`. Fitted on the training rows of the manifest alone.
    """
    train = manifest[manifest["split"] == "train"]
    largest = str(train["label"].mode().iloc[0])
    table = pd.DataFrame({"label": held_out["label"], "predicted": largest})
    table[probability_columns(classes)] = [float(label == largest) for label in classes]
    tables = {"majority_class": (f"always {largest}, the class with the most training pictures", table)}
    if manifest["origin"].nunique() > 1:
        tables["origin"] = (
            "the collection that the picture comes from, and nothing else",
            _by_origin(manifest, held_out, classes),
        )
    kinds = [kind for _, _, kind in KINDS]
    train_features, features = (
        probe.read_features([folder / path for path in rows["path"]], kinds) for rows in (train, held_out)
    )
    for (name, meaning, kind), of_train, of_held_out in zip(KINDS, train_features, features, strict=True):
        fitted = probe.fit(of_train, train["label"], kind, seed)
        tables[name] = (meaning, probe.predict(fitted, of_held_out, held_out["label"], classes))
    return tables


def _by_origin(manifest: pd.DataFrame, held_out: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """Class shares of the training pictures of the same origin: what the source of a picture reveals."""
    train = manifest[manifest["split"] == "train"]
    shares = pd.crosstab(train["origin"], train["label"], normalize="index").reindex(columns=classes, fill_value=0.0)
    overall = train["label"].value_counts(normalize=True).reindex(classes, fill_value=0.0)
    origins = manifest.set_index("image_id").loc[held_out["image_id"], "origin"]
    class_shares = [shares.loc[origin] if origin in shares.index else overall for origin in origins]
    probabilities = pd.DataFrame(np.array(class_shares), columns=classes, index=held_out.index)
    table = pd.DataFrame({"label": held_out["label"], "predicted": probabilities.idxmax(axis=1)})
    table[probability_columns(classes)] = probabilities.to_numpy()
    return table


def compare(
    network: ScoreValues, tables: dict[str, tuple[str, pd.DataFrame]], classes: list[str], weights: Array
) -> dict[str, Baseline]:
    """The scores of each baseline, and network minus baseline, paired: both on the same resamples.

    network: of the same pictures and weights; tables: of fit_baselines(); weights: (1 + resamples, n).
    """
    result = {}
    for name, (description, table) in tables.items():
        values = score_samples(table, classes, weights).overall
        result[name] = Baseline(
            description=description,
            scores=overall(values),
            difference=overall({score: network.overall[score] - value for score, value in values.items()}),
        )
    return result
