"""Small trainings for tests: params, pictures and a run of seconds."""

from typing import Any

import numpy as np

from lesions.models.backend import keras
from lesions.models.transfer import build_network
from lesions.params.schema import Params, TrainParams, load_params
from lesions.training.checkpoint import Checkpoint
from lesions.training.fit import fit, set_seeds
from lesions.training.training_set import Pictures, TrainingData
from tests.imports import REPOSITORY
from tests.unit.training_pictures import SIDE, toy_pixels

SMALL = {"model__name": "isic_cnn"}  # half the layers of lesion_net, so half the seconds to compile


def params_with(**changes: Any) -> Params:
    """The project's params.yaml with small, fast values, and then the given ones: group__key=value."""
    content = load_params(REPOSITORY / "params.yaml").model_dump()
    fast: dict[str, Any] = {
        "image_size": SIDE,
        "epochs": 3,
        "train__batch_size": 16,
        "train__warmup": 0.0,
        "train__patience": 0,
    }
    fast |= {"model__weights": "none", "train__sharpness": 0.0}
    for name, value in (fast | changes).items():
        group, keys = content, name.split("__")
        for key in keys[:-1]:
            group = group[key]
        group[keys[-1]] = value
    return Params.model_validate(content)


def train_params(**changes: Any) -> TrainParams:
    return params_with(**{f"train__{key}": value for key, value in changes.items()}).train


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
