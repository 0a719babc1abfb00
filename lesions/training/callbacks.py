"""Callbacks: checkpoints and early stopping, best weights, and an end where the loss is no number."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from lesions.models.backend import keras
from lesions.params.schema import TrainParams
from lesions.runtime.console import UserError
from lesions.training.checkpoint import Arrays, Checkpoint, Scores, State

LEARNING_RATE = "learning_rate"  # in the history, beside the scores: the rate of the step after the epoch


class TrainingOutcome(NamedTuple):
    """The outcome of a training: epochs that were run, the best by the monitor and the one whose weights the model has.

    Epochs count from 1. scores: loss, accuracy and balanced_accuracy of the kept epoch, each also with val_ in front.
    """

    epochs: int
    best_epoch: int
    kept_epoch: int
    scores: Scores


def best_epoch(history: list[Scores], monitor: str) -> int:
    """The first epoch, counted from 1, with the best value of the monitor; 0 where there is no epoch."""
    values = [scores[monitor] for scores in history]
    return values.index(min(values) if monitor == "val_loss" else max(values)) + 1 if values else 0


class CheckpointCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Keep what must outlive an epoch, in memory and in the checkpoint, from where an earlier run has stopped.

    waits_from: epochs before that number is reached do not count for train.patience.
    """

    def __init__(self, params: TrainParams, checkpoint: Checkpoint | None, waits_from: int = 0) -> None:
        super().__init__()
        self.train, self.checkpoint, self.waits_from = params, checkpoint, waits_from
        self.earlier = checkpoint.state if checkpoint else None
        self.history: list[Scores] = [*checkpoint.history] if checkpoint else []
        self.best: Arrays = self.earlier.best if self.earlier else []

    @property
    def epochs(self) -> int:
        """How many epochs are complete."""
        return len(self.history)

    @property
    def is_over(self) -> bool:
        """Whether the monitor has not become better for `patience` epochs."""
        since = max(best_epoch(self.history, self.train.monitor), self.waits_from)
        return bool(self.train.patience) and self.epochs - since >= self.train.patience

    def restore_model(self, trained: keras.Model) -> None:
        """Give the network the variables of the earlier run, where there is one."""
        if self.earlier:
            _assign(trained.variables, self.earlier.model)

    def restore_optimizer(self, trained: keras.Model, phase_start: int) -> None:
        """Give a compiled network's optimizer the variables of the earlier run, if that was in the phase."""
        if self.earlier and self.epochs > phase_start:
            _assign(trained.optimizer.variables, self.earlier.optimizer)
        self.earlier = None

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:  # noqa: ARG002
        """Add the learning rate to the scores, for the callbacks after this one too, and keep the epoch."""
        logs[LEARNING_RATE] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        self.history.append({name: float(value) for name, value in logs.items()})
        if self.train.keep == "best" and best_epoch(self.history, self.train.monitor) == self.epochs:
            self.best = self.model.get_weights()
        if self.checkpoint:
            variables = (_values(self.model.variables), _values(self.model.optimizer.variables))
            self.checkpoint.save(State(self.history, *variables, self.best))
        self.model.stop_training = self.is_over

    def finish(self, trained: keras.Model) -> TrainingOutcome:
        """Give the network the weights that train.keep asks for."""
        best = best_epoch(self.history, self.train.monitor)
        if self.train.keep == "best":
            trained.set_weights(self.best)
        kept_epoch = best if self.train.keep == "best" else self.epochs
        scores = {name: value for name, value in self.history[kept_epoch - 1].items() if name != LEARNING_RATE}
        return TrainingOutcome(self.epochs, best, kept_epoch, scores)


class RaiseOnInterrupt(keras.callbacks.Callback):  # type: ignore[misc]
    """End the run after the batch in which Ctrl-C was pressed, if it has not ended at once.

    Python raises KeyboardInterrupt wherever the main thread happens to be. In a destructor, of which Keras and
    TensorFlow run many between epochs, the exception is printed and lost.
    """

    def __init__(self) -> None:
        super().__init__()
        self.interrupted = False

    @contextmanager
    def installed(self) -> Iterator["RaiseOnInterrupt"]:
        """Notice Ctrl-C while the block runs; only the main thread can."""
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        previous = signal.signal(signal.SIGINT, self._on_interrupt)
        try:
            yield self
        finally:
            signal.signal(signal.SIGINT, previous)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
        """Raise KeyboardInterrupt again where it was lost."""
        if self.interrupted:
            raise KeyboardInterrupt

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        """The same on validation pictures."""
        self.on_train_batch_end(batch, logs)

    def _on_interrupt(self, signum: int, frame: Any) -> None:
        self.interrupted = True
        signal.default_int_handler(signum, frame)


class RaiseOnNaN(keras.callbacks.Callback):  # type: ignore[misc]
    """End the run with a UserError as soon as a loss is no finite number: no later step can mend the weights."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        """Remember the epoch for the message."""
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, float]) -> None:  # noqa: ARG002
        """Look at the loss of the epoch so far."""
        self._check(logs["loss"], "loss")

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:  # noqa: ARG002
        """Look at the loss on the validation pictures."""
        self._check(logs["val_loss"], "validation loss")

    def _check(self, loss: float, name: str) -> None:
        if not np.isfinite(loss):
            raise UserError(
                f"the {name} became {loss} in epoch {self.epoch + 1}: lower train.learning_rate in params.yaml, "
                "or raise train.warmup"
            )


def _values(variables: Any) -> Arrays:
    return [keras.ops.convert_to_numpy(variable) for variable in variables]


def _assign(variables: Any, values: Arrays) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
