"""A callback that times training steps, without validation, checkpoints and curves."""

import time
from typing import Any

from lesions.models.backend import keras


class StopMeasuring(Exception):  # noqa: N818 (not an error)
    """The last step to be measured is done."""


class Stopwatch(keras.callbacks.Callback):  # type: ignore[misc]
    """Adds up the time from the start of an epoch to the end of its last training step: waiting for pictures included.

    seconds, cpu (processor seconds of this process) and measured_steps leave out the first warm_up steps. Raises
    StopMeasuring after that many more steps; without `steps` it only counts.
    """

    def __init__(self, warm_up: int = 0, steps: int | None = None) -> None:
        super().__init__()
        self.warm_up_left, self.steps = warm_up, steps
        self.seconds = self.cpu = 0.0
        self.measured_steps = 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        self.last = time.perf_counter(), time.process_time()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
        now = time.perf_counter(), time.process_time()
        if self.warm_up_left:
            self.warm_up_left -= 1
        else:
            self.seconds += now[0] - self.last[0]
            self.cpu += now[1] - self.last[1]
            self.measured_steps += 1
        self.last = now
        if self.measured_steps == self.steps:
            raise StopMeasuring
