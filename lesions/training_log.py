"""What a training shows: a line per epoch for people, curves for DVC, and a clear end where the loss is no number."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from dvclive import Live
from tqdm import tqdm

from lesions.backend import keras
from lesions.console import UserError
from lesions.outputs import write_json
from lesions.training import Kept

DIGITS = 6  # decimals of the scores in files; the last bits of a float32 are noise to a reader
VALIDATION = "val_"  # Keras' prefix of the scores on validation pictures


@contextmanager
def curves(folder: Path) -> Iterator[Live]:
    """DVCLive writing into the folder while training runs; where it fails or is stopped, the folder is removed.

    What appears: plots/metrics/{train,val}/<score>.tsv and plots/metrics/learning_rate.tsv, each with the columns step
    (the epoch, from 1) and the score's name; and metrics.json with the newest scores.
    """
    shutil.rmtree(folder, ignore_errors=True)
    try:
        # dvcyaml=None, save_dvc_exp=False: inside a pipeline DVCLive would rewrite dvc.yaml and commit experiments
        with Live(str(folder), dvcyaml=None, save_dvc_exp=False) as live:
            live.step = 1
            yield live
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def write_summary(folder: Path, kept: Kept, weights: int) -> None:
    """Replace the newest scores in metrics.json by those of the weights that were kept; weights: how many there are."""
    epochs = {"epochs_run": kept.epochs, "best_epoch": kept.best_epoch, "kept_epoch": kept.kept_epoch}
    scores = {"_".join(_split(name)): round(value, DIGITS) for name, value in sorted(kept.scores.items())}
    write_json(folder / "metrics.json", {**epochs, **scores, "weights": weights})


class Curves(keras.callbacks.Callback):  # type: ignore[misc]
    """Log every epoch's scores and the learning rate at its end."""

    def __init__(self, live: Live) -> None:
        super().__init__()
        self.live = live

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:  # noqa: ARG002
        """Write one row to each curve."""
        for name, value in logs.items():
            self.live.log_metric("/".join(_split(name)), round(float(value), DIGITS))
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        self.live.log_metric("learning_rate", float(f"{rate:.{DIGITS}g}"))
        self.live.next_step()


class Progress(keras.callbacks.Callback):  # type: ignore[misc]
    """A line on stdout after every epoch; on a terminal, also a bar that counts its steps."""

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002
        """Start the clock."""
        self.started = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        """Draw an empty bar; none where stderr is a log."""
        title = f"epoch {epoch + 1}/{self.params['epochs']}"
        self.bar = tqdm(total=self.params["steps"], desc=title, unit=" batches", leave=False, disable=None)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
        """Move the bar on."""
        self.bar.update()

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Replace the bar by the line."""
        self.bar.close()
        epochs = self.params["epochs"]
        left = (time.monotonic() - self.started) / (epoch + 1) * (epochs - epoch - 1)
        train, val = (_scores(logs, prefix) for prefix in ("", VALIDATION))
        print(f"epoch {epoch + 1:{len(str(epochs))}}/{epochs}  train {train}  val {val}  {left:.0f} s left", flush=True)


class StopAtNaN(keras.callbacks.Callback):  # type: ignore[misc]
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


def _split(name: str) -> tuple[str, str]:
    """Keras' name of a score, as the split it is from and what it is."""
    return ("val", name.removeprefix(VALIDATION)) if name.startswith(VALIDATION) else ("train", name)


def _scores(logs: dict[str, float], prefix: str) -> str:
    loss, accuracy, balanced = (logs[prefix + name] for name in ("loss", "accuracy", "balanced_accuracy"))
    return f"loss {loss:.3f} accuracy {accuracy:.3f} balanced {balanced:.3f}"
