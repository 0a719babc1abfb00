"""Contact sheets of test pictures: the surest mistakes, the least sure hits, and where the network looked.

`mark` ends each title: where the pictures are synthetic, it says so.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lesions.data.diagnoses import diagnosis
from lesions.data.images import read_pixels
from lesions.rendering import figures, heatmaps

NOTHING = np.full((1, 1, 3), 255, dtype=np.uint8)  # in place of a picture that there is not
HEAT_COLUMNS = ("called correctly", "why", "called wrongly", "why")


def mistakes_sheet(predictions: pd.DataFrame, folder: Path, pictures: int, mark: str) -> Figure:
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
    return _sheet(wrong, captions, folder, title + mark, note)


def unsure_hits_sheet(predictions: pd.DataFrame, folder: Path, pictures: int, mark: str) -> Figure:
    """The correct predictions with the lowest probability, least sure first, with the class that came second.

    predictions: as for mistakes_sheet().
    """
    hits = predictions[predictions["label"] == predictions["predicted"]]
    unsure = _confidence(hits).sort_values(kind="stable")[:pictures]
    given = hits[[column for column in hits if str(column).startswith("p_")]].loc[unsure.index]
    others = given.mask(given.columns.to_numpy() == ("p_" + hits.loc[unsure.index, ["label"]]).to_numpy())
    names = others.idxmax(axis=1).map(lambda column: diagnosis(str(column).removeprefix("p_")).short)
    captions = unsure.map("{:.2f}, then ".format) + names + others.max(axis=1).map(" ({:.2f})".format)
    title = f"{len(hits)} of {len(predictions)} test pictures are called correctly; these are the least sure hits"
    note = "Below each picture: its class with the probability, then the second most probable class. Framed: melanomas."
    return _sheet(hits, captions, folder, title + mark, note)


def explanation_sheet(
    predictions: pd.DataFrame,
    maps: NDArray[np.float32],
    classes: list[str],
    folder: Path,
    found: dict[str, Any],
    mark: str,
) -> Figure:
    """For each class a picture that is called correctly and one that is not, and each under its heat map.

    Shown are the hit of median probability and the surest mistake. predictions: as for mistakes_sheet(); maps: (n,
    side, side) in [0, 1] of its rows; found: the explanations part of scores.json.
    """
    probability = _confidence(predictions)
    place = {row: number for number, row in enumerate(predictions.index)}

    def cells(chosen: pd.Series, position: int, none: str) -> list[figures.Cell]:
        if chosen.empty:
            return [figures.Cell(NOTHING, none), figures.Cell(NOTHING)]
        row = chosen.sort_values(kind="stable").index[position * (len(chosen) - 1) // 2]
        pixels, hot = read_pixels(folder / predictions.loc[row, "path"]), maps[place[row]]
        share = heatmaps.frame_share(hot)
        text = f"→ {diagnosis(predictions.loc[row, 'predicted']).short} ({probability[row]:.2f})"
        frame = "no heat" if share is None else f"{share:.0%} on the frame"
        return [figures.Cell(pixels, text), figures.Cell(heatmaps.overlay(pixels, hot), frame)]

    sheet = []
    for label in classes:
        rows = predictions[predictions["label"] == label]
        right = rows["label"] == rows["predicted"]
        hits, mistakes = probability[rows.index[right]], probability[rows.index[~right]]
        shown = cells(hits, 1, f"none of {len(rows)}") + cells(mistakes, 2, f"none of {len(rows)}")
        sheet.append(figures.Row(f"{diagnosis(label).name} ({len(rows)})", shown))
    across, down = found["sanity"]["map"]
    note = (
        "Heat: Grad-CAM for the predicted class, from the bare picture (nothing spoke for it) over green to yellow "
        f"(spoke most). The map has {across} x {down} cells; what is finer is interpolated. Frame: {found['frame']}. "
        "In brackets: test pictures of the class, and probabilities."
    )
    return figures.contact_sheet(sheet, _heat_title(found) + mark, HEAT_COLUMNS, note)


def _confidence(rows: pd.DataFrame) -> pd.Series:
    """The probability of each row's prediction."""
    return pd.Series({row: float(rows.loc[row, f"p_{rows.loc[row, 'predicted']}"]) for row in rows.index}, dtype=float)


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


def _heat_title(found: dict[str, Any]) -> str:
    uniform = found["share_of_a_uniform_map"]
    if found["all"]["share"] is None:
        return f"Where the network looked; too few maps to tell the share on the frame ({uniform:.0%} in a uniform map)"
    share, on_frame = (found["all"][name]["value"] for name in ("share", "on_frame"))
    return (
        f"The frame gets {share:.0%} of the heat, and would get {uniform:.0%} in a uniform map; "
        f"{on_frame:.0%} of {found['all']['n']} test pictures have clearly more there"
    )
