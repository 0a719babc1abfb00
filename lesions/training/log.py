"""The log of a training: a line per epoch on the terminal, learning curves for DVC by DVCLive."""

import math
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dvclive import Live
from tqdm import tqdm

from lesions.models.backend import keras
from lesions.runtime.outputs import write_json
from lesions.training.cache import PicturesOnDisk
from lesions.training.callbacks import LEARNING_RATE, TrainingOutcome
from lesions.training.checkpoint import Checkpoint, Scores
from lesions.training.training_set import TrainingData, not_in_validation

DIGITS = 6  # decimals of the scores in curves; the last bits of a float32 are noise to a reader
SUMMARY_DIGITS = 3  # of the newest scores: a share of a thousand pictures has an interval of .03 either way
VALIDATION = "val_"  # Keras' prefix of the scores on validation pictures


def print_start(name: str, weights: int, data: TrainingData, checkpoint: Checkpoint) -> None:
    """Print what is about to be trained, on what, and from which epoch on."""
    pictures = len(data.train.labels) + len(data.val.labels)
    size = f"{pictures * math.prod(data.train.pixels.shape[1:]) / 1e6:,.0f} MB"
    place = (
        f"read from disk for every batch ({size})"
        if isinstance(data.train.pixels, PicturesOnDisk)
        else f"{size} in memory"
    )
    print(
        f"training {name} ({weights:,} weights) on {len(data.train.labels):,} pictures, watched on "
        f"{len(data.val.labels):,} validation pictures of {len(data.classes)} classes; pictures: {place}"
    )
    if missing := not_in_validation(data):
        print(
            f"warning: no validation picture of {', '.join(missing)}: balanced accuracy on validation pictures is the "
            f"mean over the other classes; raise prepare.val_fraction to change that"
        )
    if checkpoint.note:
        print(checkpoint.note)


@contextmanager
def live_curves(folder: Path) -> Iterator[Live]:
    """DVCLive writing into the folder while training runs; where it fails or is stopped, the folder is removed.

    What appears: plots/metrics/{train,val}/<score>.tsv and plots/metrics/learning_rate.tsv, each with the columns step
    (the epoch, from 1) and the score's name; and metrics.json with the newest scores.
    """
    shutil.rmtree(folder, ignore_errors=True)
    try:
        # dvcyaml=None, save_dvc_exp=False: inside a pipeline DVCLive would rewrite dvc.yaml and commit experiments
        live = Live(str(folder), dvcyaml=None, save_dvc_exp=False)
        live.step = 1
        yield live
        live.end()  # not after a failure: it starts a thread, and where that fails, hides what went wrong
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def write_summary(folder: Path, outcome: TrainingOutcome, weights: int) -> None:
    """Replace the newest scores in metrics.json by those of the saved weights; weights: how many there are."""
    epochs = {"epochs_run": outcome.epochs, "best_epoch": outcome.best_epoch, "kept_epoch": outcome.kept_epoch}
    scores = {"_".join(_split(name)): round(value, SUMMARY_DIGITS) for name, value in sorted(outcome.scores.items())}
    write_json(folder / "metrics.json", {**epochs, **scores, "weights": weights})


class LiveCurves(keras.callbacks.Callback):  # type: ignore[misc]
    """Log every epoch's scores and the learning rate at its end; first those of the epochs of an earlier run."""

    def __init__(self, live: Live, history: Sequence[Scores] = ()) -> None:
        super().__init__()
        self.live = live
        for epoch, scores in enumerate(history):
            self.on_epoch_end(epoch, scores)

    def on_epoch_end(self, epoch: int, logs: Scores) -> None:  # noqa: ARG002
        """Write one row to each curve."""
        for name, value in logs.items():
            if name == LEARNING_RATE:
                self.live.log_metric(name, float(f"{value:.{DIGITS}g}"))
            else:
                self.live.log_metric("/".join(_split(name)), round(value, DIGITS))
        self.live.next_step()


class Progress(keras.callbacks.Callback):  # type: ignore[misc]
    """A line on stdout after every epoch; on a terminal, also a bar that counts its steps. epochs: of the training."""

    def __init__(self, epochs: int) -> None:
        super().__init__()
        self.epochs = epochs
        self.run = 0  # epochs of this run, which may have begun in the middle
        self.started = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        """Draw an empty bar; none where stderr is a log."""
        title = f"epoch {epoch + 1}/{self.epochs}"
        self.bar = tqdm(total=self.params["steps"], desc=title, unit=" batches", leave=False, disable=None)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
        """Move the bar on."""
        self.bar.update()

    def on_epoch_end(self, epoch: int, logs: Scores) -> None:
        """Replace the bar by the line."""
        self.bar.close()
        self.run += 1
        left = (time.monotonic() - self.started) / self.run * (self.epochs - epoch - 1)
        train, val = (_scores(logs, prefix) for prefix in ("", VALIDATION))
        number = f"{epoch + 1:{len(str(self.epochs))}}/{self.epochs}"
        print(f"epoch {number}  train {train}  val {val}  {left:.0f} s left", flush=True)


def _split(name: str) -> tuple[str, str]:
    """Keras' name of a score, as the split it is from and what it is."""
    return ("val", name.removeprefix(VALIDATION)) if name.startswith(VALIDATION) else ("train", name)


def _scores(logs: Scores, prefix: str) -> str:
    loss, accuracy, balanced = (logs[prefix + name] for name in ("loss", "accuracy", "balanced_accuracy"))
    return f"loss {loss:.3f} accuracy {accuracy:.3f} balanced {balanced:.3f}"
