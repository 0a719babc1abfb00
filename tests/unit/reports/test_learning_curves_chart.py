"""The chart of a training: the numbers of the table, and the epoch that was kept."""

from pathlib import Path

import numpy as np
import pandas as pd

from lesions.rendering import figures
from lesions.reports.learning_curves_chart import learning_curves_chart
from tests.unit.evaluation.test_charts import MARK, texts


def test_learning_curves_are_those_of_the_table_and_mark_the_kept_epoch(tmp_path: Path) -> None:
    names = [f"{split}_{score}" for split in ("train", "val") for score in ("loss", "balanced_accuracy")]
    curves = pd.DataFrame({"epoch": [1, 2, 3], **{name: np.linspace(0.2, 0.3 + k, 3) for k, name in enumerate(names)}})
    figure = learning_curves_chart(curves, 2, "The finding", MARK)
    lines = [(n, line) for n, axes in enumerate(figure.axes) for line in axes.lines]
    curve = {f"{n}_{line.get_label()}": np.asarray(line.get_ydata()) for n, line in lines}
    for n, score in enumerate(("loss", "balanced_accuracy")):
        assert np.array_equal(curve[f"{n}_training"], curves[f"train_{score}"])
        assert np.array_equal(curve[f"{n}_validation"], curves[f"val_{score}"])
        assert (np.asarray(figure.axes[n].lines[0].get_xdata()) == 2).all()
    assert texts(figure).startswith("The finding [synthetic pictures]")
    figures.save(figure, tmp_path / "curves.png")
