"""The charts of an evaluation: titles that state what the numbers say, at most 640 pixels wide, nothing left out."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from lesions import charts, figures
from tests.unit.held_out import CLASSES, table

MARK = " [synthetic pictures]"


def with_pictures(rows: pd.DataFrame, folder: Path) -> pd.DataFrame:
    Image.fromarray(np.full((20, 20, 3), 90, dtype=np.uint8)).save(folder / "p.png")
    return rows.assign(path="p.png")


def texts(figure: Figure) -> str:
    found = [figure.get_suptitle(), *(text.get_text() for axes in figure.axes for text in axes.texts)]
    return " ".join(found).replace("\n", " ")


def test_the_precision_recall_chart_names_the_best_and_the_worst_class(tmp_path: Path) -> None:
    rows = table(300)
    figure = charts.pr_chart(rows, CLASSES, MARK)
    assert "300 test pictures [synthetic pictures]" in texts(figure)
    assert len(figure.axes[0].lines) == len(CLASSES)
    figures.save(figure, tmp_path / "pr.png")
    assert Image.open(tmp_path / "pr.png").width <= figures.WIDTH


@pytest.mark.parametrize(("shift", "word"), [(0.1, "more"), (-0.1, "less")])
def test_the_reliability_chart_says_which_way_the_network_errs(shift: float, word: str, tmp_path: Path) -> None:
    confidence = np.linspace(0.3, 0.85, 10)
    one = pd.DataFrame({"confidence": confidence, "accuracy": confidence - shift, "n": 30})
    bins = pd.concat([one.assign(probabilities=name) for name in ("before", "after")])
    told = {"ece": {"value": 0.1}, "ece_if_perfect": 0.04}
    figure = charts.reliability_chart(bins, {"n": 300, "before": told, "after": told}, "")
    assert f"10 points {word} confident than right" in texts(figure)
    figures.save(figure, tmp_path / "r.png")


def test_the_sheets_show_the_surest_mistakes_and_the_least_sure_hits(tmp_path: Path) -> None:
    rows = with_pictures(table(200), tmp_path)
    given = rows[[f"p_{label}" for label in CLASSES]].max(axis=1)
    right = rows["label"] == rows["predicted"]
    mistakes, hits = (make(rows, tmp_path, 8, MARK) for make in (charts.mistakes_sheet, charts.unsure_hits_sheet))
    assert f"({given[~right].max():.2f})" in texts(mistakes)
    assert f"{given[right].min():.2f}, then" in texts(hits)
    assert f"{right.sum()} of 200 test pictures are called correctly" in texts(hits)
    for figure in (mistakes, hits):
        assert len(figure.axes[0].images) == 8
        assert MARK.strip() in texts(figure)


def test_the_second_class_of_a_hit_is_the_next_most_probable(tmp_path: Path) -> None:
    rows = with_pictures(table(50), tmp_path)
    hit = rows[rows["label"] == rows["predicted"]].head(1)
    hit = hit.assign(label="nevus", predicted="nevus", p_melanoma=0.25, p_nevus=0.45, p_vascular_lesion=0.30)
    assert "0.45, then VASC (0.30)" in texts(charts.unsure_hits_sheet(hit, tmp_path, 4, ""))


def test_sheets_without_pictures_are_drawn_too(tmp_path: Path) -> None:
    rows = with_pictures(table(30), tmp_path)
    for make, kept in ((charts.mistakes_sheet, True), (charts.unsure_hits_sheet, False)):
        right = rows["label"] == rows["predicted"]
        figures.save(make(rows[right == kept], tmp_path, 4, ""), tmp_path / "none.png")
