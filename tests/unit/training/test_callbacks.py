"""What is kept of every epoch: the right best one, patience as Keras counts it, and a run that goes on exactly."""

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesions.models.backend import keras
from lesions.training.callbacks import CheckpointCallback, best_epoch
from lesions.training.checkpoint import Checkpoint
from tests.unit.small_params import SMALL, params_with, train_params
from tests.unit.training_pictures import SIDE
from tests.unit.trainings import trained

MONITORS = ["val_loss", "val_balanced_accuracy"]
VALUES = st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4]), min_size=1, max_size=12)


class Weightless:
    """As much of a network as Keras' own early stopping needs."""

    stop_training = False

    def get_weights(self) -> list[Any]:
        return []


@settings(max_examples=200, deadline=None)
@given(VALUES, st.sampled_from(MONITORS), st.integers(1, 4))
def test_best_epoch_and_patience_are_those_of_keras(values: list[float], monitor: str, patience: int) -> None:
    theirs = keras.callbacks.EarlyStopping(
        monitor, patience=patience, mode="min" if monitor == "val_loss" else "max", restore_best_weights=True
    )
    theirs.set_model(Weightless())
    theirs.on_train_begin()
    ours = CheckpointCallback(train_params(monitor=monitor, patience=patience), None)
    for epoch, value in enumerate(values):
        theirs.on_epoch_end(epoch, {monitor: value})
        ours.history.append({monitor: value})
        assert best_epoch(ours.history, monitor) == theirs.best_epoch + 1
        assert ours.is_over == (theirs.stopped_epoch > 0)
        if ours.is_over:
            return


def test_patience_waits_for_the_fine_tuning() -> None:
    """While only the classifier learns, standing still is no reason to stop: the fine-tuning would never begin."""
    keeper = CheckpointCallback(train_params(monitor="val_loss", patience=2), None, waits_from=4)
    over = []
    for _ in range(6):
        keeper.history.append({"val_loss": 1.0})
        over.append(keeper.is_over)
    assert over == [False] * 5 + [True]


def test_no_patience_never_ends_a_run() -> None:
    keeper = CheckpointCallback(train_params(patience=0), None)
    keeper.history = [{"val_balanced_accuracy": 0.5}] * 100
    assert not keeper.is_over


class StopInEpoch(keras.callbacks.Callback):  # type: ignore[misc]
    """Break off in the middle of an epoch, which is counted from 1."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch = epoch + 1

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.epoch == self.number and batch == 1:
            raise KeyboardInterrupt


def run_to_its_end(folder: Path, stops: list[int], **changes: Any) -> tuple[Any, Any, Checkpoint]:
    """Train with a checkpoint, stopped in these epochs and taken up by a new network each time."""
    params = params_with(**changes)
    for number in stops:
        with pytest.raises(KeyboardInterrupt):
            trained(params, StopInEpoch(number), checkpoint=Checkpoint(folder, {}))
        assert len(Checkpoint(folder, {}).history) == number - 1, "the last complete epoch"
    model, kept = trained(params, checkpoint=Checkpoint(folder, {}))
    return [variable.numpy() for variable in model.variables], kept, Checkpoint(folder, {})


@pytest.mark.parametrize(("keep", "optimizer", "sharpness"), [("best", "adamw", 0.05), ("last", "sgd", 0.0)])
def test_a_run_that_was_stopped_ends_as_one_that_was_not(
    tmp_path: Path, keep: str, optimizer: str, sharpness: float
) -> None:
    """Dropout and online changes are on. Without the state of the former, only a run of one piece is repeatable."""
    changes = {**SMALL, "epochs": 4, "model__dropout": 0.5}
    changes |= {"train__keep": keep, "train__optimizer": optimizer, "train__sharpness": sharpness}
    whole, kept, state = run_to_its_end(tmp_path / "whole", [], **changes)
    again, kept_again, state_again = run_to_its_end(tmp_path / "pieces", [1, 3, 4], **changes)
    assert kept == kept_again
    assert state.history == state_again.history
    assert all(np.array_equal(x, y) for x, y in zip(whole, again, strict=True))


def test_a_run_that_was_stopped_after_its_last_epoch_is_only_finished(tmp_path: Path) -> None:
    """Killed between the last epoch and the model file: not one more step."""
    changes = {**SMALL, "epochs": 6, "train__learning_rate": 1e-12, "train__patience": 2}
    whole, kept, _ = run_to_its_end(tmp_path, [], **changes)
    assert kept.epochs < 6, "patience ended it"
    again, kept_again, _ = run_to_its_end(tmp_path, [], **changes)
    assert kept == kept_again
    assert all(np.array_equal(x, y) for x, y in zip(whole, again, strict=True))


def preprocess_input(pixels: Any) -> Any:
    """As each module of keras.applications has one."""
    return pixels / 255.0


def tiny_network(include_top: bool, weights: str, input_tensor: Any, input_shape: tuple[int, ...]) -> keras.Model:
    """In place of one of keras.applications, which takes ten times as long to compile: with all that could go wrong."""
    x = keras.layers.Conv2D(8, 3, strides=2, name="a")(input_tensor)
    x = keras.layers.Dropout(0.3)(keras.layers.BatchNormalization()(x))
    x = keras.layers.Conv2D(8, 3, strides=2, activation="relu", name="b")(x)
    network = keras.Model(keras.utils.get_source_inputs(input_tensor), x)
    if weights != "none":
        network.load_weights(weights)
    return network


def test_a_run_goes_on_exactly_across_the_border_to_fine_tuning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped while frozen, just before the border, and while fine-tuning: two optimizers, one schedule."""
    weights = tmp_path / "x.weights.h5"
    tiny_network(False, "none", keras.Input((SIDE, SIDE, 3)), (SIDE, SIDE, 3)).save_weights(weights)
    monkeypatch.setattr(keras.applications, "MobileNet", tiny_network)
    changes = {"model__name": "MobileNet", "model__weights": str(weights), "model__frozen_epochs": 2, "epochs": 4}
    changes |= {"model__dropout": 0.5, "train__keep": "last", "train__learning_rate": 0.01, "train__sharpness": 0.05}
    whole, kept, state = run_to_its_end(tmp_path / "whole", [], **changes)
    again, kept_again, state_again = run_to_its_end(tmp_path / "pieces", [2, 3, 4], **changes)
    assert kept == kept_again
    assert state.history == state_again.history
    assert all(np.array_equal(x, y) for x, y in zip(whole, again, strict=True))


class InterruptedDestructor:
    """Gets Ctrl-C where an exception is printed and lost."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ctrl_c_is_not_lost_in_a_destructor() -> None:
    """TensorFlow and Keras run many between epochs: the training would go on, and the user would press in vain."""
    before, batches = signal.getsignal(signal.SIGINT), list[int]()

    class Press(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            InterruptedDestructor()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            batches.append(batch)

    with pytest.raises(KeyboardInterrupt):
        trained(params_with(**SMALL), Press())
    assert not batches, "it went on for more than a batch"
    assert signal.getsignal(signal.SIGINT) == before
