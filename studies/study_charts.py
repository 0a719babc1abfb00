"""The charts of docs/study.md."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from app.fold_predictions import FoldPredictions
from lesions.data.results.estimates import CountedEstimate
from lesions.rendering import figures
from studies.study_claims import AVERAGED_EPOCHS, COMPARED_EPOCHS, accuracy_by_order

ROW = 24  # pixels
ABOVE_AND_BELOW = 110  # pixels


def scores_chart(balanced: dict[str, CountedEstimate]) -> Figure:
    """Balanced accuracy of each recipe with its 95 % interval, the best on top.

    balanced: studies.paired.score_estimate() of each recipe.
    """
    order = sorted(balanced, key=lambda name: balanced[name].value)
    best = order[-1]
    title = f"{best} recognises most: balanced accuracy {balanced[best].value:.2f} on test pictures"
    figure = figures.new_figure(ABOVE_AND_BELOW + ROW * len(order), title)
    axes = figure.add_subplot()
    for place, name in enumerate(order):
        estimate = balanced[name]
        axes.plot([estimate.low, estimate.high], [place, place], color=figures.PALE, linewidth=5)
        axes.plot(estimate.value, place, "o", color=figures.BLUE)
        axes.text(estimate.high + 0.005, place, f"{estimate.value:.3f}", va="center", fontsize=figures.SMALL)
    axes.set_yticks(range(len(order)), order)
    axes.set_xlabel("balanced accuracy, with its 95 % interval over groups of test pictures")
    axes.grid(axis="x")
    return figure


def curves_chart(curves: dict[str, list[pd.DataFrame]]) -> Figure:
    """Balanced accuracy by epoch, mean over folds, training beside validation."""
    last = {name: pd.concat([table.iloc[[-1]] for table in fold_curves]).mean() for name, fold_curves in curves.items()}
    widest = max(last, key=lambda name: last[name]["train_balanced_accuracy"] - last[name]["val_balanced_accuracy"])
    title = (
        f"Training and validation part, most in {widest}: balanced accuracy "
        f"{last[widest]['train_balanced_accuracy']:.2f} and {last[widest]['val_balanced_accuracy']:.2f} at the end"
    )
    figure = figures.new_figure(400, title)
    lines: list[Any] = []
    for number, (split, name) in enumerate((("train", "training pictures"), ("val", "validation pictures")), start=1):
        axes = figure.add_subplot(1, 2, number)
        for epoch in COMPARED_EPOCHS[:-1]:
            axes.axvline(epoch, color=figures.PALE, linewidth=1)
        drawn = []
        for index, (recipe, fold_curves) in enumerate(curves.items()):
            mean = pd.concat([table.set_index("epoch")[f"{split}_balanced_accuracy"] for table in fold_curves], axis=1)
            smooth = mean.mean(axis=1).rolling(AVERAGED_EPOCHS, min_periods=1).mean()
            style = "-" if index < len(COLOURS) else "--"
            drawn += axes.plot(smooth, style, color=COLOURS[index % len(COLOURS)], label=recipe, linewidth=1.4)
        lines = drawn
        axes.set_xlabel(f"epoch ({name})")
        axes.set_ylim(0, 1)
        axes.grid()
        if number == 1:
            axes.set_ylabel(f"balanced accuracy, mean of {AVERAGED_EPOCHS} epochs")
    figure.legend(handles=lines, loc="outside lower center", ncols=4, fontsize=figures.SMALL, handlelength=2.0)
    return figure


def leak_chart(leaks: list[dict[str, Any]], predictions: list[FoldPredictions]) -> Figure:
    """Accuracy on validation and test pictures, fold by fold, under either order."""
    orders = accuracy_by_order(leaks, predictions)
    theirs, ours = (accuracy.mean() for accuracy in orders.values())
    title = (
        f"Copies before the split: validation claims {theirs['val']:.2f}, the test says {theirs['test']:.2f}. "
        f"Split first: {ours['val']:.2f} and {ours['test']:.2f}"
    )
    figure = figures.new_figure(260, title)
    axes = figure.add_subplot()
    for place, accuracy in zip((1, 0), orders.values(), strict=True):
        for fold, (claimed, tested) in enumerate(accuracy[["val", "test"]].to_numpy()):
            y = place + 0.18 * ((len(accuracy) - 1) / 2 - fold)
            axes.plot([claimed, tested], [y, y], color=figures.PALE, linewidth=2, zorder=1)
            first = place == 1 and fold == 0
            axes.scatter(claimed, y, color=figures.ORANGE, marker="s", label="validation claims" if first else None)
            axes.scatter(tested, y, color=figures.BLUE, label="the test says" if first else None)
    axes.set_yticks([1, 0], [f"{name}\n({where})" for name, where in zip(orders, ("notebooks", "here"), strict=True)])
    axes.set_ylim(-0.5, 1.5)
    axes.set_xlim(0, 1)
    axes.set_xlabel("accuracy, one line a fold")
    axes.grid(axis="x")
    axes.legend(loc="lower left")
    return figure


COLOURS = [colour for colour in figures.PALETTE if colour != figures.YELLOW]
