"""Loading of a trained network, and prediction: logits and probabilities, whatever else is in the batch."""

import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from tqdm import tqdm

from lesions.data.pixels import Pixels
from lesions.models.backend import keras
from lesions.models.networks import LOGITS
from lesions.runtime.console import UserError

# Rows of every batch, padded: the last bits of a matrix product depend on how many rows there are, and on a row's place
# among those that are left over where a processor's kernel takes 4, 6, 8, 12, 16 or 24 rows at once: of 48 none are.
BATCH = 48


class Predictions(NamedTuple):
    """For n pictures: logits (n, classes), and probabilities (n, classes) whose rows sum to 1."""

    logits: NDArray[np.float64]
    probabilities: NDArray[np.float64]


def load_model(path: Path) -> keras.Model:
    """A network for predict(). Raises UserError where the file is missing, damaged or not of the train stage."""
    if not path.is_file():
        raise UserError(
            f"{path} is not there: run `dvc repro train`, or `dvc checkout` for one that was trained before"
        )
    try:
        model = keras.saving.load_model(path, compile=False)
    except (ValueError, TypeError, KeyError, OSError, zipfile.BadZipFile) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise UserError(
            f"{path} cannot be read as a Keras model ({reason[0]}): run `dvc checkout {path} --force`"
        ) from None
    if LOGITS not in [layer.name for layer in model.layers]:
        raise UserError(f"{path} has no layer {LOGITS!r}: it was not made by the train stage; run `dvc repro train`")
    return model


def predict(model: keras.Model, pixels: Pixels) -> Predictions:
    """Logits and probabilities of prepared pictures: pixels (n, side, side, 3) in [0, 255], side as in training.

    The softmax is taken in double precision. Shows a progress bar on a terminal for several batches.
    Raises ValueError where the shape of the pixels is not the network's.
    """
    return _predictions(*_run(model, [LOGITS], pixels))


def predict_with_features(model: keras.Model, pixels: Pixels, layer: str) -> tuple[Predictions, NDArray[np.float32]]:
    """predict(), and what the layer of that name gave out on the way, (n, ...)."""
    logits, features = _run(model, [LOGITS, layer], pixels)
    return _predictions(logits), features


def _predictions(logits: NDArray[np.float32]) -> Predictions:
    in_double_precision = logits.astype(np.float64)
    return Predictions(in_double_precision, softmax(in_double_precision, axis=1))


def _run(model: keras.Model, names: list[str], pixels: Pixels) -> list[NDArray[np.float32]]:
    """The outputs (n, ...) of the layers of these names."""
    if pixels.shape[1:] != model.input_shape[1:]:
        raise ValueError(f"pixels {pixels.shape[1:]} for a network that takes {model.input_shape[1:]}")
    outputs = {name: model.get_layer(name).output for name in names}
    network = keras.Model(model.input, outputs, name=model.name)
    results = {name: np.empty((len(pixels), *outputs[name].shape[1:]), dtype=np.float32) for name in names}
    starts = range(0, len(pixels), BATCH)
    for start in tqdm(starts, desc="predict", unit=" batches", leave=False, disable=None if len(starts) > 1 else True):
        batch = pixels[start : start + BATCH]
        padded = np.zeros((BATCH, *batch.shape[1:]), dtype=np.float32)
        padded[: len(batch)] = batch
        for name, output in network(padded, training=False).items():
            results[name][start : start + BATCH] = output.numpy()[: len(batch)]
    return list(results.values())
