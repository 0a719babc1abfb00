"""The charts of an evaluation: confusion matrix, ROC and precision-recall curves, reliability, decision curve.

`suffix` ends each title: lesions.data.manifest.title_suffix().
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from lesions.data.diagnoses import diagnosis
from lesions.data.results.scores import CalibrationComparison
from lesions.metrics import curves, estimates, scores
from lesions.metrics.intervals import wilson
from lesions.rendering import figures

ROW_HEIGHT = 34  # pixels per class in the confusion matrix
# Yellow is too pale for a line on white
LINE_COLOURS = [colour for colour in figures.PALETTE if colour != figures.YELLOW]
LINE_STYLES = ("-", "--", ":")  # for classes that must share a colour


class CurveKind(NamedTuple):
    """A kind of curve by class: its points and their columns, the score of scores.per_class() that sums it up, texts.

    by_chance: x and y of the line of a score that knows nothing, where it is the same for all classes.
    """

    points: Callable[[pd.DataFrame, list[str]], pd.DataFrame]
    x: str
    y: str
    x_label: str
    y_label: str
    score: str
    title: str
    legend: str
    by_chance: tuple[list[int], list[int]] | None = None


ROC = CurveKind(
    curves.roc_points,
    *("fpr", "tpr"),
    *("false positive rate (1 - specificity)", "true positive rate (sensitivity)"),
    score="auroc",
    title="{best} is told best from the rest (AUROC {highest:.2f}), {worst} worst ({lowest:.2f})",
    legend="AUROC against the rest",
    by_chance=([0, 1], [0, 1]),
)
PRECISION_RECALL = CurveKind(
    curves.pr_points,
    *("recall", "precision"),
    *("recall (sensitivity)", "precision (at the class shares of the test)"),
    score="average_precision",
    title="precision holds longest for {best} (average {highest:.2f}), falls fastest for {worst} ({lowest:.2f})",
    legend="Average precision",
)


def confusion_chart(predictions: pd.DataFrame, classes: list[str], suffix: str) -> Figure:
    """The confusion matrix: counts as numbers, the share of each true class as colour."""
    counts = scores.confusion(predictions, classes)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = figures.new_figure(150 + ROW_HEIGHT * len(classes), _confusion_title(predictions, classes) + suffix)
    axes = figure.add_subplot()
    picture = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), n in np.ndenumerate(counts):
        if n:
            colour = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, str(n), ha="center", va="center", color=colour, fontsize=8.5)
    axes.set_xticks(range(len(classes)), [diagnosis(label).short for label in classes], fontsize=7.5)
    names = [
        f"{diagnosis(label).name} ({diagnosis(label).short}), n = {n}"
        for label, n in zip(classes, counts.sum(1), strict=True)
    ]
    axes.set_yticks(range(len(classes)), names)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    axes.spines[:].set_visible(False)
    figure.colorbar(picture, ax=axes, label="share of the true class", shrink=0.8)
    return figure


def curve_chart(kind: CurveKind, predictions: pd.DataFrame, classes: list[str], suffix: str) -> Figure:
    """One curve per class against the rest, the best first, with its score and n; a class without a score has none."""
    rows = scores.per_class(predictions, classes).dropna(subset=[kind.score])
    rows = rows.sort_values(kind.score, ascending=False, kind="stable")
    title = f"No class has pictures on both sides: no {kind.legend} to show"
    if len(rows):
        best, worst = (diagnosis(str(label)).name for label in (rows.index[0], rows.index[-1]))
        highest, lowest = rows[kind.score].iloc[0], rows[kind.score].iloc[-1]
        title = kind.title.format(best=best, worst=worst, highest=highest, lowest=lowest)
        title = f"{title[0].upper()}{title[1:]}; {len(predictions)} test pictures"
    figure = figures.new_figure(380, title + suffix)
    axes = figure.add_subplot()
    if kind.by_chance:
        axes.plot(*kind.by_chance, color=figures.PALE, linewidth=1)
    points = kind.points(predictions, classes)
    for number, (label, row) in enumerate(rows.iterrows()):
        curve = points[points["class"] == label]
        colour, style = (
            LINE_COLOURS[number % len(LINE_COLOURS)],
            LINE_STYLES[number // len(LINE_COLOURS) % len(LINE_STYLES)],
        )
        name = f"{diagnosis(str(label)).name}: {row[kind.score]:.2f} (n = {row['n']:.0f})"
        axes.plot(curve[kind.x], curve[kind.y], style, color=colour, label=name, drawstyle="steps-post")
    axes.set(xlim=(-0.01, 1), ylim=(0, 1.01), xlabel=kind.x_label, ylabel=kind.y_label)
    axes.grid()
    if len(rows):
        figure.legend(loc="outside right center", title=kind.legend)
    return figure


def reliability_chart(bins: pd.DataFrame, calibration: CalibrationComparison, suffix: str) -> Figure:
    """Accuracy by confidence, before and after calibration, with Wilson's intervals after; the diagonal is perfect.

    bins: probabilities (before, after), confidence, accuracy, n; calibration: that part of scores.json.
    """
    errors = {"before": calibration.before.ece.value, "after": calibration.after.ece.value}
    parts = {name: bins[bins["probabilities"] == name] for name in errors}
    figure = figures.new_figure(430, _reliability_title(parts["after"], errors, calibration) + suffix)
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color=figures.PALE, linewidth=1)
    after = parts["after"]
    ends = [wilson(accuracy, n) for accuracy, n in zip(after["accuracy"], after["n"], strict=True)]
    below = [max(0, accuracy - low) for accuracy, (low, _) in zip(after["accuracy"], ends, strict=True)]
    above = [max(0, high - accuracy) for accuracy, (_, high) in zip(after["accuracy"], ends, strict=True)]
    axes.errorbar(after["confidence"], after["accuracy"], (below, above), fmt="none", color=figures.SKY, elinewidth=1.5)
    for name, colour, style in (("before", figures.ORANGE, "s--"), ("after", figures.BLUE, "o-")):
        label = f"{name} calibration: ECE {errors[name]:.3f}"
        axes.plot(parts[name]["confidence"], parts[name]["accuracy"], style, color=colour, label=label, markersize=5)
    axes.set(xlim=(0, 1.01), ylim=(0, 1.03))
    axes.set_xlabel("confidence (largest probability, mean of the bin)")
    axes.set_ylabel("accuracy (share of correct predictions)")
    axes.grid()
    axes.legend(loc="upper left", handlelength=2.0)
    axes.text(
        0.98,
        0.03,
        f"{len(after)} bins of {after['n'].min()} or more\nbars: 95 % interval",
        ha="right",
        color=figures.GREY,
    )
    return figure


def decision_curve_chart(curve: pd.DataFrame, suffix: str) -> Figure:
    """Net benefit of acting on the model, on all and on none (Vickers and Elkin, 2006), with the model's 95 % interval.

    curve: threshold, strategy, net_benefit, low, high, as of lesions.metrics.thresholds.decision_curve(); may be empty.
    """
    if curve.empty:
        return figures.new_figure(60, "No decision curve: the test has no melanoma, or nothing else" + suffix)
    parts = {name: rows.set_index("threshold") for name, rows in curve.groupby("strategy")}
    model = parts["model"]
    figure = figures.new_figure(400, _curve_title(model, parts["all"]["net_benefit"]) + suffix)
    axes = figure.add_subplot()
    axes.fill_between(model.index, model["low"], model["high"], color=figures.SKY, alpha=0.35, linewidth=0)
    for name, colour, style in (
        ("model", figures.BLUE, "-"),
        ("all", figures.ORANGE, "--"),
        ("none", figures.GREY, ":"),
    ):
        axes.plot(parts[name].index, parts[name]["net_benefit"], style, color=colour, label=f"acting on {name}")
    top = max(model["high"].max(), model["net_benefit"].max(), 0.01)
    axes.set(xlim=(0, model.index.max()), ylim=(-0.15 * top, 1.1 * top))
    axes.set_xlabel("probability of melanoma from which one would act (calibrated; band: 95 % interval)")
    axes.set_ylabel("net benefit per picture")
    axes.grid()
    axes.legend(loc="upper right", handlelength=2.0)
    return figure


def with_class_names(table: pd.DataFrame) -> pd.DataFrame:
    """The table with names of classes in place of slugs, for the plots of DVC."""
    return table.map(lambda value: diagnosis(value).name if isinstance(value, str) else value)


def _reliability_title(after: pd.DataFrame, errors: dict[str, float], calibration: CalibrationComparison) -> str:
    gap = float(np.average(after["confidence"] - after["accuracy"], weights=after["n"]))
    side = "more" if gap > 0 else "less"
    change = f"calibration error {errors['before']:.3f} before, {errors['after']:.3f} after calibration"
    return (
        f"After calibration, the network is on average {abs(gap) * 100:.0f} points {side} confident than right: "
        f"{change} ({calibration.after.ece_if_perfect:.3f} of perfect probabilities); "
        f"{calibration.n} test pictures"
    )


def _confusion_title(predictions: pd.DataFrame, classes: list[str]) -> str:
    confused = estimates.most_confused(predictions, classes, most=1)
    if not confused:
        return f"All {len(predictions)} test pictures are called correctly"
    worst = confused[0]
    truth, predicted = diagnosis(worst.label).name, diagnosis(worst.predicted).name
    return f"Most frequent error: {truth} taken for {predicted} ({worst.n} of {round(worst.n / worst.fraction)})"


def _curve_title(model: pd.DataFrame, on_all: pd.Series) -> str:
    """The thresholds at which the whole interval of the model is above acting on all and on none."""
    better = model.index[model["low"] > np.maximum(on_all.loc[model.index], 0)]
    if better.empty:
        return (
            "At no threshold is acting on the model better for melanoma than on all and on none by its whole interval"
        )
    where = "all" if len(better) == len(model) else f"{len(better)} of {len(model)}"
    return (
        "Acting on the model is better for melanoma than acting on all or on none, by its whole interval, at "
        f"{where} thresholds from {better.min():.0%} to {better.max():.0%}"
    )
