"""The charts of an evaluation: who is taken for whom, how well each class is told, the surest mistakes.

`mark` ends each title: where the pictures are synthetic, it says so.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from lesions import figures, scores
from lesions.classes import diagnosis
from lesions.images import read_pixels

ROW = 34  # pixels per class in the confusion matrix
LINES = [colour for colour in figures.PALETTE if colour != figures.YELLOW]  # yellow is too pale for a line on white
DASHES = ("-", "--", ":")  # tell apart the classes that must share a colour


def confusion_chart(predictions: pd.DataFrame, classes: list[str], mark: str) -> Figure:
    """The confusion matrix: counts as numbers, the share of each true class as colour."""
    counts = scores.confusion(predictions, classes)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = figures.new_figure(150 + ROW * len(classes), _confusion_title(predictions, classes) + mark)
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


def roc_chart(predictions: pd.DataFrame, classes: list[str], mark: str) -> Figure:
    """One ROC curve per class against the rest, with its area and n."""
    points = scores.roc_points(predictions, classes)
    rows = scores.per_class(predictions, classes).dropna(subset=["auroc"]).sort_values("auroc", ascending=False)
    title = "No class has pictures on both sides: no ROC curve"
    if len(rows):
        best, worst = rows.iloc[0], rows.iloc[-1]
        title = (
            f"{diagnosis(str(best.name)).name.capitalize()} is told best from the rest (AUROC {best['auroc']:.2f}), "
            f"{diagnosis(str(worst.name)).name} worst ({worst['auroc']:.2f}); {len(predictions)} test pictures"
        )
    figure = figures.new_figure(380, title + mark)
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color=figures.PALE, linewidth=1)
    for number, (label, row) in enumerate(rows.iterrows()):
        curve = points[points["class"] == label]
        style = DASHES[number // len(LINES) % len(DASHES)]
        colour = LINES[number % len(LINES)]
        name = f"{diagnosis(str(label)).name}: {row['auroc']:.2f} (n = {row['n']:.0f})"
        axes.plot(curve["fpr"], curve["tpr"], style, color=colour, label=name, drawstyle="steps-post")
    axes.set(xlim=(-0.01, 1), ylim=(0, 1.01))
    axes.set_xlabel("false positive rate (1 - specificity)")
    axes.set_ylabel("true positive rate (sensitivity)")
    axes.grid()
    if len(rows):
        figure.legend(loc="outside right center", title="AUROC against the rest")
    return figure


def mistakes_sheet(predictions: pd.DataFrame, folder: Path, pictures: int, mark: str) -> Figure:
    """The wrong predictions with the highest probability, surest first, with truth, prediction and probability.

    predictions: label, predicted, path relative to `folder`, p_<class>...
    """
    wrong = predictions[predictions["label"] != predictions["predicted"]]
    sure = pd.Series(
        {row: float(wrong.loc[row, f"p_{wrong.loc[row, 'predicted']}"]) for row in wrong.index}, dtype=float
    )
    surest = sure.sort_values(ascending=False, kind="stable").index[:pictures]
    cells = [
        figures.Cell(
            read_pixels(folder / wrong.loc[row, "path"]),
            f"{diagnosis(wrong.loc[row, 'label']).name}\n"
            f"→ {diagnosis(wrong.loc[row, 'predicted']).short} ({sure[row]:.2f})",
            figures.VERMILION if wrong.loc[row, "label"] == "melanoma" else "",
        )
        for row in surest
    ]
    rows = [figures.Row("", cells[start : start + 4]) for start in range(0, len(cells), 4)]
    title = f"{len(wrong)} of {len(predictions)} test pictures are called wrongly; these are the surest mistakes"
    note = (
        "Below each picture: its true class, then → the predicted one with its probability. Framed: missed melanomas."
    )
    return figures.contact_sheet(rows, title + mark, note=note)


def named(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the names that people read in place of slugs, for the plots of DVC."""
    return table.map(lambda value: diagnosis(value).name if isinstance(value, str) else value)


def _confusion_title(predictions: pd.DataFrame, classes: list[str]) -> str:
    confused = scores.most_confused(predictions, classes, most=1)
    if not confused:
        return f"All {len(predictions)} test pictures are called correctly"
    worst = confused[0]
    truth, taken_for = diagnosis(worst["truth"]).name, diagnosis(worst["predicted"]).name
    return f"Most frequent error: {truth} taken for {taken_for} ({worst['n']} of {round(worst['n'] / worst['share'])})"
