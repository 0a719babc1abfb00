"""Params for tests: those of the project with small, fast values. Imports no TensorFlow."""

from typing import Any

from lesions.params.schema import Params, TrainParams, load_params
from tests.imports import REPOSITORY
from tests.unit.training_pictures import SIDE

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
