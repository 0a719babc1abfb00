"""The networks and the recipe of the most copied notebooks, for comparison with our own.

a: three unpadded convolutions, each pooled, as on the nine-class ISIC set; the project has it as isic_cnn. b: pairs of
convolutions with normalisation. c: changes of the pictures as layers of the network. Pixels (n, 180, 180, 3) in
[0, 255] go in, probabilities (n, classes) come out.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from lesions.models.backend import keras
from lesions.models.networks import build_model
from lesions.params.schema import ModelParams, OnlineParams, Params

layers = keras.layers

SIDE = 180  # pixels
BATCH_SIZE = 32  # pictures
EPOCHS = 50
EPOCH_PICTURES = 5_226  # pictures of the nine-class set for training, with Augmentor's sample(500) for each class
PER_CLASS = 500
ADAM_LEARNING_RATE = 1e-3  # Keras' own learning rate
DROPOUT = 0.5

MODEL = {
    "name": "isic_cnn",
    "views": "one",
    "batch_norm": False,
    "dropout": DROPOUT,
    "weights": "none",
    "frozen_epochs": 0,
    "fine_tune_rate": 1.0,
}
TRAIN = {
    "batch_size": BATCH_SIZE,
    "optimizer": "adam",
    "learning_rate": ADAM_LEARNING_RATE,
    "schedule": "constant",
    "warmup": 0.0,
    "weight_decay": 0.0,
    "label_smoothing": 0.0,
    "sharpness": 0.0,
    "monitor": "val_balanced_accuracy",
    "keep": "best",
    "patience": 0,
    "deterministic": True,
    "cache": "auto",
}
REBALANCE = {"method": "augment", "target": "fixed", "per_class": PER_CLASS, "cap": None}


class Notebook(NamedTuple):
    """Builds a network for a number of classes; and the learning rate of its Adam."""

    build: Callable[[int], keras.Model]
    learning_rate: float


def notebook_params(params: Params, epochs: int = EPOCHS) -> Params:
    """The params with network a and its recipe: data set, split, seed and Augmentor's operations stay as they are.

    Every key of model and train is set here, none is taken over: a new one is an error until its value in the notebooks
    stands above.
    """
    off = dict.fromkeys(OnlineParams.model_fields, 0.0) | {"flip": "none"}
    theirs = {"model": MODEL, "train": {**TRAIN, "online": off}, "rebalance": REBALANCE}
    return Params.model_validate({**params.model_dump(), "image_size": SIDE, "epochs": epochs, **theirs})


def _network_a(n_classes: int) -> keras.Model:
    return build_model(ModelParams.model_validate(MODEL), n_classes, SIDE)


def _network_b(n_classes: int) -> keras.Model:
    blocks: list[Any] = []
    for filters in (16, 32, 64, 128):
        for _ in range(2):
            blocks += [layers.Conv2D(filters, 3, padding="same", activation="relu"), layers.BatchNormalization()]
        blocks += [layers.MaxPooling2D(), layers.Dropout(0.25)]
    dense: list[Any] = []
    for units in (256, 128, 64):
        dense += [layers.Dense(units, activation="relu"), layers.Dropout(DROPOUT)]
    return _sequential("b", n_classes, [layers.Rescaling(1 / 255), *blocks, layers.Flatten(), *dense])


def _network_c(n_classes: int) -> keras.Model:
    changes = [layers.RandomFlip(), layers.RandomRotation(0.1), layers.RandomZoom(0.1), layers.Rescaling(1 / 255)]
    convolutions = [
        layers.Conv2D(16, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 3, padding="same", activation="relu"),
        layers.Dropout(0.3),
    ]
    dense = [layers.Dense(256, activation="relu"), layers.Dropout(DROPOUT)]
    return _sequential("c", n_classes, [*changes, *convolutions, layers.Flatten(), *dense])


def _sequential(name: str, n_classes: int, parts: list[Any]) -> keras.Model:
    head = layers.Dense(n_classes, activation="softmax")
    return keras.Sequential([keras.Input((SIDE, SIDE, 3)), *parts, head], name=name)


NOTEBOOKS = {
    "a": Notebook(_network_a, ADAM_LEARNING_RATE),
    "b": Notebook(_network_b, 1e-4),
    "c": Notebook(_network_c, ADAM_LEARNING_RATE),
}
