"""The phases of a training: networks with weights from ImageNet learn behind a frozen body first."""

from typing import NamedTuple

from lesions.models.backend import keras
from lesions.models.networks import LOGITS, NETWORKS
from lesions.params.network_names import LITE0_PACKAGE
from lesions.params.schema import ModelParams


class Phase(NamedTuple):
    """Epochs start to stop - 1 of a training: is all but the head frozen, and the factor on the learning rate."""

    start: int
    stop: int
    frozen: bool
    rate: float


def phases(params: ModelParams, epochs: int) -> list[Phase]:
    """The parts of a training of that many epochs: one where nothing is to be protected from the first, large steps.

    What our own networks start from was learnt on other lesions, not on a million other things: all of it may move.
    """
    if not _is_fine_tuned(params):
        return [Phase(0, epochs, frozen=False, rate=1.0)]
    frozen = min(params.frozen_epochs, epochs)
    both = Phase(0, frozen, frozen=True, rate=1.0), Phase(frozen, epochs, frozen=False, rate=params.fine_tune_rate)
    return [phase for phase in both if phase.stop > phase.start]


def set_trainable(model: keras.Model, params: ModelParams, frozen: bool) -> None:
    """Freeze a pretrained network up to its head, or free it. Its normalisation keeps its statistics all the time.

    Small batches of other pictures would spoil them (https://keras.io/guides/transfer_learning). Keras sets a frozen
    normalisation to inference by itself. Networks that learn as a whole are left alone.
    """
    if not _is_fine_tuned(params):
        return
    for layer in model.layers:
        fixed = frozen or isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = layer.name == LOGITS or not fixed


def _is_fine_tuned(params: ModelParams) -> bool:
    """Whether the body is frozen first and then learns more slowly than the head."""
    if params.name in NETWORKS:
        return params.initial_weights == LITE0_PACKAGE
    return params.initial_weights != "none"
