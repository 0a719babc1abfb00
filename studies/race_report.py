"""What a race says: the table, the chart and the verdict, from the curve of each training."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from benchmarks.measuring import markdown
from lesions.rendering import figures

THEIRS = "notebook_a"
SHOWN = (1, 5, 10, 20, 30, 50)  # epochs, and the last of each
GOAL = 50  # times faster
SCORE, ACCURACY = "val_balanced_accuracy", "val_accuracy"
SECONDS = "seconds"  # in the history, beside the scores
TICKS = {0.1: "0.1 s", 1: "1 s", 10: "10 s", 60: "1 min", 600: "10 min", 3_600: "1 h", 36_000: "10 h"}

Curves = Mapping[str, pd.DataFrame]  # a row for each epoch, the index, from 1: SECONDS, ACCURACY, SCORE


class Verdict(NamedTuple):
    """The best of (a), in which of its epochs; the seconds of all of them; and where another was first above it."""

    best: float
    best_epoch: int
    whole: float
    passed_epoch: int  # 0: never
    passed_after: float  # seconds; infinite: never

    @property
    def times_faster(self) -> float:
        """0 where it never passed."""
        return self.whole / self.passed_after


def judge(theirs: pd.DataFrame, ours: pd.DataFrame) -> Verdict:
    """After how long the other was first above the best that (a) reached in all its epochs."""
    best, best_epoch = float(theirs[SCORE].max()), int(theirs[SCORE].argmax()) + 1
    above = np.flatnonzero(ours[SCORE] > best)
    passed = (int(above[0]) + 1, float(ours[SECONDS].iloc[above[0]])) if len(above) else (0, math.inf)
    return Verdict(best, best_epoch, float(theirs[SECONDS].iloc[-1]), *passed)


def table(curves: Curves) -> str:
    """Markdown: time and scores at some epochs."""
    lengths = {len(curve) for curve in curves.values()}
    rows = []
    for epoch in sorted(lengths | {epoch for epoch in SHOWN if epoch < max(lengths)}):
        row = {"epoch": str(epoch)}
        for name, curve in curves.items():
            for seconds, accuracy, score in curve.loc[epoch:epoch].to_numpy():
                row[f"{name}: time"] = duration(seconds)
                row[f"{name}: accuracy"], row[f"{name}: balanced"] = f"{accuracy:.3f}", f"{score:.3f}"
        rows.append(row)
    return markdown(pd.DataFrame(rows).fillna("-"))


def verdict_text(curves: Curves) -> str:
    """The verdict on each of ours, a sentence each."""
    theirs = curves[THEIRS]
    best, best_epoch, whole, *_ = judge(theirs, theirs)
    told = [
        f"{THEIRS} reaches at best {best:.3f} balanced accuracy on validation pictures (epoch {best_epoch}) and stands "
        f"at {theirs[SCORE].iloc[-1]:.3f} in the end; its {len(theirs)} epochs take {duration(whole)}."
    ]
    for name, curve in _ours(curves).items():
        verdict = judge(theirs, curve)
        passed = f"{name} never passes that in its {len(curve)} epochs"
        if verdict.passed_epoch:
            passed = (
                f"{name} is first above that at the end of epoch {verdict.passed_epoch} of {len(curve)}, after "
                f"{duration(verdict.passed_after)}: 1/{verdict.times_faster:.1f} of the time"
            )
        goal = f"goal, 1/{GOAL} or less: {'reached' if verdict.times_faster >= GOAL else 'not reached'}"
        end = f"{curve[SCORE].iloc[-1]:.3f} after {duration(curve[SECONDS].iloc[-1])}"
        told.append(f"{passed} ({goal}); it ends at {end}.")
    return " ".join(told)


def draw(curves: Curves, path: Path) -> None:
    """Balanced accuracy against time, on a logarithmic axis. The title tells the verdict on the first to pass (a)."""
    theirs, ours = curves[THEIRS], _ours(curves)
    verdicts = {name: judge(theirs, curve) for name, curve in ours.items()}
    first, verdict = min(verdicts.items(), key=lambda item: item[1].passed_after)
    title = "None passes the best that the notebooks' network reaches"
    if verdict.passed_epoch:
        title = (
            f"{first} passes the best of the notebooks' network after {duration(verdict.passed_after)}, "
            f"1/{verdict.times_faster:.0f} of the {duration(verdict.whole)} of its {len(theirs)} epochs"
        )
    figure = figures.new_figure(360, title)
    axes = figure.add_subplot()
    for name, curve in ours.items():
        (line,) = axes.plot(curve[SECONDS], curve[SCORE], "o-", markersize=2.5, label=name)
        if passed := verdicts[name].passed_epoch:
            at = curve.loc[passed]
            axes.plot(at[SECONDS], at[SCORE], "o", color=line.get_color(), markersize=8)
    axes.plot(theirs[SECONDS], theirs[SCORE], "o--", markersize=2.5, label="notebooks' network (a)")
    axes.axhline(verdict.best, color=figures.GREY, linewidth=0.8, linestyle=":")
    axes.text(0.01, verdict.best + 0.01, f"best of (a): {verdict.best:.3f}", transform=axes.get_yaxis_transform())
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    shown = {at: text for at, text in TICKS.items() if low <= at <= high}
    axes.set_xticks(list(shown), list(shown.values()))
    axes.minorticks_off()
    axes.set(xlabel="time of training (logarithmic)", ylabel="balanced accuracy on validation pictures", ylim=(0, 1))
    axes.grid()
    axes.legend(loc="lower right")
    figures.save(figure, path)


def _ours(curves: Curves) -> dict[str, pd.DataFrame]:
    return {name: curve for name, curve in curves.items() if name != THEIRS}


def duration(seconds: float) -> str:
    """In the unit that people would choose."""
    if seconds < 120:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min"
