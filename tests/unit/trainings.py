"""Small trainings for tests: pictures that are easy to tell apart, and a run of seconds."""

from typing import Any

import numpy as np

from lesions.models.backend import keras
from lesions.models.transfer import build_network
from lesions.params.schema import Params
from lesions.training.checkpoint import Checkpoint
from lesions.training.fit import fit, set_seeds
from lesions.training.training_set import Pictures, TrainingData
from tests.unit.training_pictures import SIDE, toy_pixels


def toy_data(per_class: int = 20, shares: Any = None) -> TrainingData:
    def split(n: int, seed: int) -> Pictures:
        labels = np.repeat(np.arange(3), n)
        return Pictures(np.stack([toy_pixels(int(label), seed + k) for k, label in enumerate(labels)]), labels)

    return TrainingData(["a", "b", "c"], split(per_class, 0), split(5, 500), np.ones(3), shares)


def trained(
    params: Params, *callbacks: keras.callbacks.Callback, checkpoint: Checkpoint | None = None
) -> tuple[keras.Model, Any]:
    set_seeds(params.seed, params.train.deterministic)
    model = build_network(params.model, 3, SIDE)
    return model, fit(model, toy_data(), params, callbacks, checkpoint)
