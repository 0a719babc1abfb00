"""The report of a race: table, chart and verdict, from the learning curve of each training."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from benchmarks.measuring import markdown
from lesions.rendering import figures

THEIRS = "notebook_a"
TABLE_EPOCHS = (1, 5, 10, 20, 30, 50)  # and the last of each
GOAL_SPEEDUP = 50  # times faster
SCORE, ACCURACY = "val_balanced_accuracy", "val_accuracy"
SECONDS = "seconds"  # in the history, beside the scores
TICKS = {0.1: "0.1 s", 1: "1 s", 10: "10 s", 60: "1 min", 600: "10 min", 3_600: "1 h", 36_000: "10 h"}

Curves = Mapping[str, pd.DataFrame]  # a row for each epoch, the index, from 1: SECONDS, ACCURACY, SCORE


class Verdict(NamedTuple):
    """The best score of (a), its epoch, the seconds of all its epochs; the first epoch of another above that score."""

    best: float
    best_epoch: int
    total_seconds: float
    passed_epoch: int  # 0: never
    passed_seconds: float  # infinite: never

    @property
    def speedup(self) -> float:
        """0 where it never passed."""
        return self.total_seconds / self.passed_seconds


def judge(theirs: pd.DataFrame, ours: pd.DataFrame) -> Verdict:
    """When the other was first above the best score of all epochs of (a)."""
    best, best_epoch = float(theirs[SCORE].max()), int(theirs[SCORE].argmax()) + 1
    above = np.flatnonzero(ours[SCORE] > best)
    passed = (int(above[0]) + 1, float(ours[SECONDS].iloc[above[0]])) if len(above) else (0, math.inf)
    return Verdict(best, best_epoch, float(theirs[SECONDS].iloc[-1]), *passed)


def table(curves: Curves) -> str:
    """Markdown: time and scores at some epochs."""
    lengths = {len(curve) for curve in curves.values()}
    rows = []
    for epoch in sorted(lengths | {epoch for epoch in TABLE_EPOCHS if epoch < max(lengths)}):
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
    best, best_epoch, total_seconds, *_ = judge(theirs, theirs)
    sentences = [
        f"{THEIRS} reaches at best {best:.3f} balanced accuracy on validation pictures (epoch {best_epoch}) and stands "
        f"at {theirs[SCORE].iloc[-1]:.3f} in the end; its {len(theirs)} epochs take {duration(total_seconds)}."
    ]
    for name, curve in _ours(curves).items():
        verdict = judge(theirs, curve)
        outcome = f"{name} never passes that in its {len(curve)} epochs"
        if verdict.passed_epoch:
            outcome = (
                f"{name} is first above that at the end of epoch {verdict.passed_epoch} of {len(curve)}, after "
                f"{duration(verdict.passed_seconds)}: 1/{verdict.speedup:.1f} of the time"
            )
        goal = f"goal, 1/{GOAL_SPEEDUP} or less: {'reached' if verdict.speedup >= GOAL_SPEEDUP else 'not reached'}"
        end = f"{curve[SCORE].iloc[-1]:.3f} after {duration(curve[SECONDS].iloc[-1])}"
        sentences.append(f"{outcome} ({goal}); it ends at {end}.")
    return " ".join(sentences)


def draw(curves: Curves, path: Path) -> None:
    """Balanced accuracy against time, on a logarithmic axis. The title states the verdict on the first to pass (a)."""
    theirs, ours = curves[THEIRS], _ours(curves)
    verdicts = {name: judge(theirs, curve) for name, curve in ours.items()}
    first, verdict = min(verdicts.items(), key=lambda item: item[1].passed_seconds)
    title = "None passes the best that the notebooks' network reaches"
    if verdict.passed_epoch:
        title = (
            f"{first} passes the best of the notebooks' network after {duration(verdict.passed_seconds)}, "
            f"1/{verdict.speedup:.0f} of the {duration(verdict.total_seconds)} of its {len(theirs)} epochs"
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
    ticks = {at: text for at, text in TICKS.items() if low <= at <= high}
    axes.set_xticks(list(ticks), list(ticks.values()))
    axes.minorticks_off()
    axes.set(xlabel="time of training (logarithmic)", ylabel="balanced accuracy on validation pictures", ylim=(0, 1))
    axes.grid()
    axes.legend(loc="lower right")
    figures.save(figure, path)


def _ours(curves: Curves) -> dict[str, pd.DataFrame]:
    return {name: curve for name, curve in curves.items() if name != THEIRS}


def duration(seconds: float) -> str:
    """Seconds as text, in minutes from 120 s."""
    if seconds < 120:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min"
