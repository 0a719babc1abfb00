"""The learning curves of a training, and over- and underfitting judged by stated rules."""

from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from lesions.data.results.estimates import Estimate
from lesions.rendering.formatting import format_estimate
from lesions.runtime.console import UserError

SCORES = ("loss", "accuracy", "balanced_accuracy")
OVERFITTING_GAP = 0.10  # least difference in balanced accuracy between training and validation
LOSS_RISE = 1.10  # validation loss of the last epoch over its lowest: from here on the last epochs made it worse
LATE_BEST_EPOCH = 0.9  # share of the epochs; after a later best epoch more epochs may still help
RULE = (
    f"Overfitting: balanced accuracy on training pictures is at least {OVERFITTING_GAP:.2f} above that on validation "
    "pictures, and above its whole 95 % interval; or the validation loss of the last epoch is at least "
    f"{LOSS_RISE:.1f} times its lowest. Underfitting: on its own training pictures the network gets less than half of "
    "the way from chance (1 over the number of classes) to 1. Both are read at the epoch whose weights were kept."
)


class FitAssessment(NamedTuple):
    """Over- and underfitting of a network, and the numbers behind the verdict, scores in [0, 1]."""

    overfits: bool
    underfits: bool
    train: float  # balanced accuracy
    val: float
    half_way: float  # from chance to 1
    rise: float  # validation loss of the last epoch over its lowest
    interval: Estimate | None  # of the balanced accuracy on validation pictures
    last_train: float  # balanced accuracy at the last epoch
    last_val: float

    @property
    def verdict(self) -> str:
        """The verdict as a title."""
        verdicts = [name for name, applies in (("underfits", self.underfits), ("overfits", self.overfits)) if applies]
        finding = f"The network {' and '.join(verdicts) or 'neither over- nor underfits, by the stated rule'}"
        if not self.overfits and not _has_bounds(self.interval):
            few = "oo few validation pictures to tell whether it overfits"
            finding = f"The network underfits; t{few}" if self.underfits else f"T{few}"
        return f"{finding}: balanced accuracy {self.train:.2f} in training, {self.val:.2f} in validation"


def read_curves(folder: Path) -> pd.DataFrame:
    """One row per epoch: epoch (from 1), train_<score> and val_<score> for loss, accuracy and balanced_accuracy.

    folder: the output of the train stage. Raises UserError where a curve is missing.
    """
    curves = {}
    for split in ("train", "val"):
        for score in SCORES:
            path = folder / "plots" / "metrics" / split / f"{score}.tsv"
            try:
                table = pd.read_csv(path, sep="\t")
            except FileNotFoundError:
                raise UserError(f"{path} is not there: run `dvc repro train` first") from None
            curves[f"{split}_{score}"] = table.set_index("step")[score]
    return pd.DataFrame(curves).rename_axis("epoch").reset_index()


def assess_fit(curves: pd.DataFrame, checkpoint_epoch: int, n_classes: int, interval: Estimate | None) -> FitAssessment:
    """Over- and underfitting by RULE.

    checkpoint_epoch: that of the final weights; interval: of the balanced accuracy on validation pictures at that
    epoch, None where these are too few: then the gap is not judged.
    """
    row = curves[curves["epoch"] == checkpoint_epoch]
    train, val = (float(row[f"{split}_balanced_accuracy"].iloc[0]) for split in ("train", "val"))
    above_interval = interval is not None and interval.high is not None and train > interval.high
    rise = float(curves["val_loss"].iloc[-1] / curves["val_loss"].min())
    half_way = (1 + 1 / n_classes) / 2
    overfits = (train - val >= OVERFITTING_GAP and above_interval) or rise >= LOSS_RISE
    last_train, last_val = (float(curves[f"{split}_balanced_accuracy"].iloc[-1]) for split in ("train", "val"))
    return FitAssessment(overfits, train < half_way, train, val, half_way, rise, interval, last_train, last_val)


def curve_values_text(fit: FitAssessment, training: dict[str, Any]) -> list[str]:
    """The verdict and its numbers in sentences. training: plots/train/metrics.json."""
    interval_text = f", interval of the latter {format_estimate(fit.interval)}" if _has_bounds(fit.interval) else ""
    sentences = [
        f"{fit.verdict} (epoch {training['kept_epoch']} of {training['epochs_run']}{interval_text}).",
        f"The validation loss of the last epoch is {fit.rise:.2f} times its lowest; half of the way from chance to 1 "
        f"is a balanced accuracy of {fit.half_way:.2f}.",
    ]
    if training["kept_epoch"] < training["epochs_run"]:
        sentences.append(
            f"At the last epoch, whose weights were not kept, balanced accuracy is {fit.last_train:.2f} in training "
            f"and {fit.last_val:.2f} in validation."
        )
    if training["best_epoch"] > LATE_BEST_EPOCH * training["epochs_run"]:
        sentences.append(
            f"The best epoch, {training['best_epoch']}, is among the last tenth: these curves cannot tell whether more "
            "epochs would help."
        )
    return [
        *sentences,
        RULE,
        "The training curve is not that of the bare pictures: they are seen with random changes and dropout, and rare "
        "classes more often where they are rebalanced.",
    ]


def _has_bounds(interval: Estimate | None) -> bool:
    return interval is not None and interval.low is not None
