"""The charts of an evaluation: titles that state what the numbers say, at most 640 pixels wide, nothing left out."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from lesions.evaluation import charts
from lesions.rendering import figures
from tests.unit.held_out import CLASSES, table

MARK = " [synthetic pictures]"


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


def curve_of(model: float, low: float) -> pd.DataFrame:
    rows: list[tuple[object, ...]] = []
    for threshold in np.linspace(0.01, 0.5, 50).round(4):
        rows.append((threshold, "model", model, low, model + 0.05))
        rows += [(threshold, "all", 0.2 - threshold, None, None), (threshold, "none", 0.0, None, None)]
    return pd.DataFrame(rows, columns=["threshold", "strategy", "net_benefit", "low", "high"])


def test_the_decision_curve_says_where_the_whole_interval_is_above_both_alternatives(tmp_path: Path) -> None:
    """Acting on all has 0.2 - threshold here: a low end of 0.1 is above it beyond 10 %, and above none everywhere."""
    figure = charts.decision_curve_chart(curve_of(0.15, 0.1001), MARK)
    assert "at 41 of 50 thresholds from 10% to 50% [synthetic pictures]" in texts(figure)
    figures.save(figure, tmp_path / "curve.png")
    assert Image.open(tmp_path / "curve.png").width <= figures.WIDTH
    assert "at all thresholds from 1% to 50%" in texts(charts.decision_curve_chart(curve_of(0.3, 0.25), ""))


@pytest.mark.parametrize("low", [0.0, -0.1])
def test_where_the_interval_reaches_acting_on_none_the_decision_curve_claims_nothing(low: float) -> None:
    assert "At no threshold" in texts(charts.decision_curve_chart(curve_of(0.05, low), ""))


def test_without_melanomas_the_decision_curve_is_a_sentence(tmp_path: Path) -> None:
    figure = charts.decision_curve_chart(curve_of(0, 0).head(0), "")
    assert "No decision curve" in texts(figure)
    figures.save(figure, tmp_path / "none.png")
