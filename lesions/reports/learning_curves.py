"""The learning curves of a training, and what they say of over- and underfitting, by stated rules."""

from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from lesions.rendering.formatting import number
from lesions.runtime.console import UserError

SCORES = ("loss", "accuracy", "balanced_accuracy")
GAP = 0.10  # in balanced accuracy: from here on training is better than validation by more than a nuisance
RISE = 1.10  # times the lowest validation loss: from here on the last epochs have made it worse
LATE = 0.9  # share of the epochs: a best epoch behind it may not be the best there is
RULE = (
    f"Overfitting: balanced accuracy on training pictures is at least {GAP:.2f} above that on validation pictures, and "
    "above its whole 95 % interval; or the validation loss of the last epoch is at least "
    f"{RISE:.1f} times its lowest. Underfitting: on its own training pictures the network gets less than half of the "
    "way from chance (1 over the number of classes) to 1. Both are read at the epoch whose weights were kept."
)


class FitAssessment(NamedTuple):
    """How a network fits: the verdict, and the numbers behind it, scores in [0, 1]."""

    over: bool
    under: bool
    train: float  # balanced accuracy
    val: float
    half_way: float  # from chance to 1
    rise: float  # validation loss of the last epoch over its lowest
    interval: dict[str, Any] | None  # of the balanced accuracy on validation pictures
    last_train: float  # balanced accuracy at the last epoch
    last_val: float

    @property
    def verdict(self) -> str:
        """The finding, as a title."""
        kinds = [name for name, found in (("underfits", self.under), ("overfits", self.over)) if found]
        found = f"The network {' and '.join(kinds) or 'neither over- nor underfits, by the stated rule'}"
        if not self.over and not _has_ends(self.interval):
            few = "oo few validation pictures to tell whether it overfits"
            found = f"The network underfits; t{few}" if self.under else f"T{few}"
        return f"{found}: balanced accuracy {self.train:.2f} in training, {self.val:.2f} in validation"


def read_curves(folder: Path) -> pd.DataFrame:
    """One row per epoch: epoch (from 1), train_<score> and val_<score> for loss, accuracy and balanced_accuracy.

    folder: what the train stage writes. Raises UserError where a curve is missing.
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


def assess_fit(curves: pd.DataFrame, kept: int, n_classes: int, interval: dict[str, Any] | None) -> FitAssessment:
    """Over- and underfitting by RULE.

    kept: the epoch whose weights were kept; interval: of the balanced accuracy on validation pictures at that epoch,
    None where these are too few: then a difference says nothing.
    """
    row = curves[curves["epoch"] == kept]
    train, val = (float(row[f"{split}_balanced_accuracy"].iloc[0]) for split in ("train", "val"))
    beyond = interval is not None and "high" in interval and train > interval["high"]
    rise = float(curves["val_loss"].iloc[-1] / curves["val_loss"].min())
    half_way = (1 + 1 / n_classes) / 2
    over = (train - val >= GAP and beyond) or rise >= RISE
    last_train, last_val = (float(curves[f"{split}_balanced_accuracy"].iloc[-1]) for split in ("train", "val"))
    return FitAssessment(over, train < half_way, train, val, half_way, rise, interval, last_train, last_val)


def curve_values_text(fit: FitAssessment, training: dict[str, Any]) -> list[str]:
    """The verdict and its numbers in sentences. training: plots/train/metrics.json."""
    ends = f", interval of the latter {number(fit.interval)}" if _has_ends(fit.interval) else ""
    sentences = [
        f"{fit.verdict} (epoch {training['kept_epoch']} of {training['epochs_run']}{ends}).",
        f"The validation loss of the last epoch is {fit.rise:.2f} times its lowest; half of the way from chance to 1 "
        f"is a balanced accuracy of {fit.half_way:.2f}.",
    ]
    if training["kept_epoch"] < training["epochs_run"]:
        sentences.append(
            f"At the last epoch, whose weights were not kept, balanced accuracy is {fit.last_train:.2f} in training "
            f"and {fit.last_val:.2f} in validation."
        )
    if training["best_epoch"] > LATE * training["epochs_run"]:
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


def _has_ends(interval: dict[str, Any] | None) -> bool:
    return interval is not None and "low" in interval
