"""Probe for confounding: a small random forest on the frame of a picture, without the lesion, or on a thumbnail.

Where the frame alone separates classes, they come from different cameras, clinics or collections, and a network will
learn that too. On the thumbnail, the forest is the baseline that a network has to beat.
"""

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedGroupKFold

from lesions.data.pixels import Pixels, read_pixels
from lesions.data.predictions import probability_columns
from lesions.metrics import scores
from lesions.runtime.console import available_cores
from lesions.runtime.parallel import map_in_threads

Kind = Literal["frame", "thumbnail"]
Features = NDArray[np.float32]

CELLS = 12  # cells across a picture; the outer ring of them is the frame: 15 of 180 pixels
THUMBNAIL = 10  # pixels
TREES = 100
FOLDS = 5


class Probe(NamedTuple):
    """A fitted forest, the kind of its features, and its classes in the order of its probabilities."""

    kind: Kind
    forest: RandomForestClassifier
    classes: list[str]


class ProbeScores(NamedTuple):
    """Scores in [0, 1] over n pictures; None where a class or its counterpart has no picture. AUROC .5 is chance."""

    n: int
    auroc: dict[str, float | None]  # by class, one against the rest
    macro_auroc: float | None
    balanced_accuracy: float | None
    melanoma_vs_nevus_auroc: float | None


def frame_features(pixels: Pixels) -> Features:
    """(176,) mean red, green and blue, and contrast, of the 44 cells around a picture (height, width, 3); 0 to 255.

    Contrast is the standard deviation of grey, which shows rulers, hair and the sharpness of a camera. The frame is the
    outer twelfth of each side.
    """
    values = pixels.astype(np.float32)
    grey = values.mean(axis=2)
    layers = [*np.moveaxis(values, 2, 0), grey, grey**2]
    red, green, blue, mean, square = (_cell_means(layer, CELLS) for layer in layers)
    contrast = np.sqrt(np.maximum(square - mean**2, 0))
    outer = np.ones((CELLS, CELLS), dtype=bool)
    outer[1:-1, 1:-1] = False
    return np.stack([red, green, blue, contrast], axis=2)[outer].ravel()


def thumbnail_features(pixels: Pixels) -> Features:
    """(300,) mean red, green and blue of 10 x 10 cells of a picture (height, width, 3); 0 to 255."""
    return np.stack(
        [_cell_means(layer, THUMBNAIL) for layer in np.moveaxis(pixels.astype(np.float32), 2, 0)], axis=2
    ).ravel()


FEATURES: dict[Kind, Callable[[Pixels], Features]] = {"frame": frame_features, "thumbnail": thumbnail_features}


def read_features(paths: Sequence[Path], kinds: Sequence[Kind]) -> list[Features]:
    """For each kind (n, features) of prepared pictures, which are read once.

    In threads: evaluate has TensorFlow loaded, and each worker process would load it for seconds to read for one.
    """
    rows = list(map_in_threads(partial(_features_of, kinds=kinds), paths, " and ".join(kinds)))
    return [np.stack(columns) for columns in zip(*rows, strict=True)] or [np.empty((0, 0), np.float32) for _ in kinds]


def fit(features: Features, labels: pd.Series, kind: Kind, seed: int = 0) -> Probe:
    """A forest that predicts the labels (n,) from features (n, features) of that kind. Deterministic."""
    forest = RandomForestClassifier(
        TREES, class_weight="balanced_subsample", min_samples_leaf=2, random_state=seed, n_jobs=available_cores()
    )
    forest.fit(features, labels.to_numpy(dtype=object))
    forest.set_params(n_jobs=1)  # several threads would add the trees' votes in any order, and round them differently
    return Probe(kind, forest, [str(label) for label in forest.classes_])


def predict(probe: Probe, features: Features, labels: pd.Series, classes: Sequence[str]) -> pd.DataFrame:
    """A predictions table (label, predicted, p_<class>...) with the index of the labels; they are copied, not used.

    A class that the probe was not fitted on has probability 0.
    """
    probabilities = pd.DataFrame(probe.forest.predict_proba(features), columns=probe.classes, index=labels.index)
    probabilities = probabilities.reindex(columns=list(classes), fill_value=0.0)
    predicted = probabilities.idxmax(axis=1)
    probabilities.columns = pd.Index(probability_columns(list(classes)))
    return pd.concat([pd.DataFrame({"label": labels, "predicted": predicted}), probabilities], axis=1)


def cross_validate(
    features: Features, labels: pd.Series, groups: pd.Series, kind: Kind, seed: int = 0, folds: int = FOLDS
) -> pd.DataFrame:
    """The predictions table of pictures by forests that were fitted on no picture of their group.

    features: (n, features); labels, groups: (n,). Raises ValueError where there are fewer groups than folds, or every
    class has fewer pictures than folds.
    """
    if groups.nunique() < folds:
        raise ValueError(f"{groups.nunique()} groups are too few for {folds} folds")
    classes = sorted(set(labels))
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():  # a class that is not in every fold is scored over the others
        warnings.filterwarnings("ignore", message="The least populated class")
        parts = list(splitter.split(features, _codes(labels), _codes(groups)))
    tables = [
        predict(
            fit(features[train], labels.iloc[train], kind, seed), features[held_out], labels.iloc[held_out], classes
        )
        for train, held_out in parts
    ]
    return pd.concat(tables).loc[labels.index]


def score(predictions: pd.DataFrame) -> ProbeScores:
    """The scores of a predictions table, over the classes that it has columns for."""
    classes = [column.removeprefix("p_") for column in predictions.columns if column.startswith("p_")]
    rows = scores.per_class(predictions, classes)
    melanoma_vs_nevus = scores.score_pictures(predictions, classes).overall.get("melanoma_vs_nevus_auroc")
    return ProbeScores(
        n=len(predictions),
        auroc={str(label): _none_if_nan(value) for label, value in rows["auroc"].items()},
        macro_auroc=_none_if_nan(rows["auroc"].mean()),
        balanced_accuracy=_none_if_nan(rows["recall"].mean()),
        melanoma_vs_nevus_auroc=None if melanoma_vs_nevus is None else float(melanoma_vs_nevus[0]),
    )


def _cell_means(layer: NDArray[np.float32], side: int) -> Features:
    """Means of a layer (height, width) over side x side cells, whatever its size."""
    return np.asarray(Image.fromarray(layer).resize((side, side), Image.Resampling.BOX))


def _features_of(path: Path, kinds: Sequence[Kind]) -> list[Features]:
    pixels = read_pixels(path)
    return [FEATURES[kind](pixels) for kind in kinds]


def _codes(values: pd.Series) -> NDArray[np.int64]:
    """A whole number for each value; which one depends on the values alone, not on the order of rows."""
    return np.unique(values.to_numpy(dtype=str), return_inverse=True)[1]


def _none_if_nan(value: Any) -> float | None:
    return None if np.isnan(value) else float(value)
