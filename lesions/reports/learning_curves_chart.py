"""The chart of a training: loss and balanced accuracy by epoch."""

import pandas as pd
from matplotlib.figure import Figure

from lesions.rendering import figures


def learning_curves_chart(curves: pd.DataFrame, checkpoint_epoch: int, verdict: str, mark: str) -> Figure:
    """Loss and balanced accuracy by epoch, training and validation; a line at the epoch of the final weights.

    curves: from lesions.reports.learning_curves.read_curves(); verdict: for the title.
    """
    figure = figures.new_figure(320, verdict + mark)
    for position, (score, name) in enumerate((("loss", "loss"), ("balanced_accuracy", "balanced accuracy")), start=1):
        axes = figure.add_subplot(1, 2, position)
        axes.axvline(checkpoint_epoch, color=figures.PALE, linewidth=1)
        for split, label, colour, style in (
            ("train", "training", figures.BLUE, "-"),
            ("val", "validation", figures.ORANGE, "--"),
        ):
            axes.plot(curves["epoch"], curves[f"{split}_{score}"], style, color=colour, label=label, marker=".")
        axes.set_xlabel(f"epoch (grey line: weights kept, {checkpoint_epoch})")
        axes.set_ylabel(name)
        axes.set_ylim(0, None if score == "loss" else 1)
        axes.grid()
        axes.legend(handlelength=2.0)
    return figure
