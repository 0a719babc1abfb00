"""The charts of an evaluation: titles that state what the numbers say, at most 640 pixels wide, nothing left out."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from lesions.data.diagnoses import diagnosis
from lesions.evaluation import charts
from lesions.metrics import scores
from lesions.rendering import figures
from tests.unit.held_out import CLASSES, table
from tests.unit.run_results import make_run_results

MARK = " [synthetic pictures]"


def texts(figure: Figure) -> str:
    found = [figure.get_suptitle(), *(text.get_text() for axes in figure.axes for text in axes.texts)]
    return " ".join(found).replace("\n", " ")


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


@pytest.mark.parametrize("kind", [charts.ROC, charts.PRECISION_RECALL], ids=["roc", "pr"])
def test_a_chart_of_curves_names_the_best_and_the_worst_class_with_their_scores(
    kind: charts.CurveKind, tmp_path: Path
) -> None:
    rows = table(300)
    figure = charts.curve_chart(kind, rows, CLASSES, MARK)
    scored = scores.per_class(rows, CLASSES)[kind.score].sort_values()
    best, worst = (f"{diagnosis(str(label)).name}" for label in (scored.index[-1], scored.index[0]))
    assert "300 test pictures [synthetic pictures]" in texts(figure)
    assert best in texts(figure).lower()
    assert f"{worst} ({scored.iloc[0]:.2f})" in texts(figure).replace(" worst (", " (")
    assert len([line for line in figure.axes[0].lines if line.get_label() in legend(figure)]) == len(CLASSES)
    figures.save(figure, tmp_path / "curves.png")
    assert Image.open(tmp_path / "curves.png").width <= figures.WIDTH


@pytest.mark.parametrize("kind", [charts.ROC, charts.PRECISION_RECALL], ids=["roc", "pr"])
def test_a_class_without_test_pictures_has_no_curve(kind: charts.CurveKind) -> None:
    rows = table(300)
    figure = charts.curve_chart(kind, rows[rows["label"] != "nevus"], CLASSES, MARK)
    assert len(legend(figure)) == len(CLASSES) - 1
    assert not any("nevus" in name for name in legend(figure))


@pytest.mark.parametrize(("shift", "word"), [(0.1, "more"), (-0.1, "less")])
def test_the_reliability_chart_says_which_way_the_network_errs(shift: float, word: str, tmp_path: Path) -> None:
    confidence = np.linspace(0.3, 0.85, 10)
    one = pd.DataFrame({"confidence": confidence, "accuracy": confidence - shift, "n": 30})
    bins = pd.concat([one.assign(probabilities=name) for name in ("before", "after")])
    figure = charts.reliability_chart(bins, make_run_results().test_scores.calibration, "")
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
