"""Contact sheets of test pictures: the surest mistakes, the least sure hits, and Grad-CAM heat maps.

`suffix` ends each title: lesions.data.manifest.title_suffix().
"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lesions.data.diagnoses import diagnosis
from lesions.data.pixels import read_pixels
from lesions.data.results.scores import Explanations
from lesions.rendering import figures, heatmaps

BLANK = np.full((1, 1, 3), 255, dtype=np.uint8)  # in place of a missing picture
HEAT_COLUMNS = ("called correctly", "why", "called wrongly", "why")


def mistakes_sheet(predictions: pd.DataFrame, folder: Path, pictures: int, suffix: str) -> Figure:
    """The wrong predictions with the highest probability, surest first, with truth, prediction and probability.

    predictions: label, predicted, path relative to `folder`, p_<class>...
    """
    wrong = predictions[predictions["label"] != predictions["predicted"]]
    surest = _confidence(wrong).sort_values(ascending=False, kind="stable")[:pictures]
    title = f"{len(wrong)} of {len(predictions)} test pictures are called wrongly; these are the surest mistakes"
    note = (
        "Below each picture: its true class, then → the predicted one with its probability. Framed: missed melanomas."
    )
    names = wrong["predicted"].map(lambda label: diagnosis(label).short)
    captions = "→ " + names[surest.index] + surest.map(" ({:.2f})".format)
    return _sheet(wrong, captions, folder, title + suffix, note)


def unsure_hits_sheet(predictions: pd.DataFrame, folder: Path, pictures: int, suffix: str) -> Figure:
    """The correct predictions with the lowest probability, least sure first, with the second most probable class.

    predictions: as for mistakes_sheet().
    """
    hits = predictions[predictions["label"] == predictions["predicted"]]
    unsure = _confidence(hits).sort_values(kind="stable")[:pictures]
    probabilities = hits[[column for column in hits if str(column).startswith("p_")]].loc[unsure.index]
    others = probabilities.mask(
        probabilities.columns.to_numpy() == ("p_" + hits.loc[unsure.index, ["label"]]).to_numpy()
    )
    names = others.idxmax(axis=1).map(lambda column: diagnosis(str(column).removeprefix("p_")).short)
    captions = unsure.map("{:.2f}, then ".format) + names + others.max(axis=1).map(" ({:.2f})".format)
    title = f"{len(hits)} of {len(predictions)} test pictures are called correctly; these are the least sure hits"
    note = "Below each picture: its class with the probability, then the second most probable class. Framed: melanomas."
    return _sheet(hits, captions, folder, title + suffix, note)


def explanation_sheet(
    predictions: pd.DataFrame,
    maps: NDArray[np.float32],
    classes: list[str],
    folder: Path,
    explanations: Explanations,
    suffix: str,
) -> Figure:
    """For each class a correct and a wrong prediction, each picture also under its heat map.

    These are the hit of median probability and the surest mistake. predictions: as for mistakes_sheet(); maps: (n,
    side, side) in [0, 1] of its rows; explanations: that part of scores.json.
    """
    probability = _confidence(predictions)
    position_of = {row: number for number, row in enumerate(predictions.index)}

    def cells(chosen: pd.Series, position: int, placeholder: str) -> list[figures.Cell]:
        if chosen.empty:
            return [figures.Cell(BLANK, placeholder), figures.Cell(BLANK)]
        row = chosen.sort_values(kind="stable").index[position * (len(chosen) - 1) // 2]
        pixels, heat_map = read_pixels(folder / predictions.loc[row, "path"]), maps[position_of[row]]
        share = heatmaps.frame_share(heat_map)
        text = f"→ {diagnosis(predictions.loc[row, 'predicted']).short} ({probability[row]:.2f})"
        frame = "no heat" if share is None else f"{share:.0%} on the frame"
        return [figures.Cell(pixels, text), figures.Cell(heatmaps.overlay(pixels, heat_map), frame)]

    sheet = []
    for label in classes:
        rows = predictions[predictions["label"] == label]
        right = rows["label"] == rows["predicted"]
        hits, mistakes = probability[rows.index[right]], probability[rows.index[~right]]
        row_cells = cells(hits, 1, f"none of {len(rows)}") + cells(mistakes, 2, f"none of {len(rows)}")
        sheet.append(figures.Row(f"{diagnosis(label).name} ({len(rows)})", row_cells))
    across, down = explanations.randomization_test.map_shape
    note = (
        "Heat: Grad-CAM for the predicted class, from the bare picture (nothing spoke for it) over green to yellow "
        f"(spoke most). The map has {across} x {down} cells; what is finer is interpolated. Frame: "
        f"{explanations.frame}. In brackets: test pictures of the class, and probabilities."
    )
    return figures.contact_sheet(sheet, _heat_title(explanations) + suffix, HEAT_COLUMNS, note)


def _confidence(rows: pd.DataFrame) -> pd.Series:
    """The probability of each row's prediction."""
    columns = rows.columns.get_indexer(pd.Index("p_" + rows["predicted"]))
    return pd.Series(rows.to_numpy()[np.arange(len(rows)), columns].astype(np.float64), index=rows.index)


def _sheet(rows: pd.DataFrame, captions: pd.Series, folder: Path, title: str, note: str) -> Figure:
    """The captioned pictures, four in a row, below each its true class and caption; melanomas framed."""
    cells = [
        figures.Cell(
            read_pixels(folder / row["path"]),
            f"{diagnosis(row['label']).name}\n{caption}",
            figures.VERMILION if row["label"] == "melanoma" else "",
        )
        for row, caption in zip(rows.loc[captions.index].to_dict("records"), captions, strict=True)
    ]
    sheet = [figures.Row("", cells[start : start + 4]) for start in range(0, len(cells), 4)]
    return figures.contact_sheet(sheet, title, note=note)


def _heat_title(explanations: Explanations) -> str:
    uniform, overall = explanations.uniform_fraction, explanations.overall
    if overall.frame_fraction is None or overall.on_frame is None:
        return f"Where the network looked; too few maps to tell the share on the frame ({uniform:.0%} in a uniform map)"
    return (
        f"The frame gets {overall.frame_fraction.value:.0%} of the heat, and would get {uniform:.0%} in a uniform map; "
        f"{overall.on_frame.value:.0%} of {overall.n} test pictures have clearly more there"
    )
