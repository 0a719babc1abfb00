"""Contact sheets of test pictures: the right pictures, with what they are and what they are called."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lesions.data.results.scores import Explanations
from lesions.evaluation import contact_sheets
from lesions.rendering import figures, heatmaps
from tests.unit.evaluation.test_charts import MARK, texts
from tests.unit.held_out import CLASSES, table
from tests.unit.run_results import make_counted, make_estimate, make_run_results


def with_pictures(rows: pd.DataFrame, folder: Path) -> pd.DataFrame:
    Image.fromarray(np.full((20, 20, 3), 90, dtype=np.uint8)).save(folder / "p.png")
    return rows.assign(path="p.png")


def test_the_sheets_show_the_surest_mistakes_and_the_least_sure_hits(tmp_path: Path) -> None:
    rows = with_pictures(table(200), tmp_path)
    given = rows[[f"p_{label}" for label in CLASSES]].max(axis=1)
    right = rows["label"] == rows["predicted"]
    mistakes, hits = (
        make(rows, tmp_path, 8, MARK) for make in (contact_sheets.mistakes_sheet, contact_sheets.unsure_hits_sheet)
    )
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
    assert "0.45, then VASC (0.30)" in texts(contact_sheets.unsure_hits_sheet(hit, tmp_path, 4, ""))


def test_sheets_without_pictures_are_drawn_too(tmp_path: Path) -> None:
    rows = with_pictures(table(30), tmp_path)
    for make, kept in ((contact_sheets.mistakes_sheet, True), (contact_sheets.unsure_hits_sheet, False)):
        right = rows["label"] == rows["predicted"]
        figures.save(make(rows[right == kept], tmp_path, 4, ""), tmp_path / "none.png")


def maps_of(n: int) -> np.ndarray:
    """A different map for every picture: the share on the frame tells them apart."""
    rows = np.linspace(0.1, 1, n, dtype=np.float32)
    maps = np.zeros((n, 20, 20), np.float32)
    maps[:, 8:12, 8:12] = 0.5
    maps[:, 0] = rows[:, None]
    return maps


def explanations(**overall: Any) -> Explanations:
    heat = {"n": 200, "frame_fraction": make_estimate(0.5), "on_frame": make_counted(0.25)} | overall
    changes = {
        "test/explanations/overall": {"n_without_heat": 0, **heat},
        "test/explanations/uniform_fraction": 0.36,
        "test/explanations/randomization_test/map_shape": [4, 5],
    }
    return make_run_results(changes).test_scores.explanations


def test_the_heat_sheet_shows_the_median_hit_and_the_surest_mistake_of_each_class(tmp_path: Path) -> None:
    """A hit picked for its map would flatter the network; each map must be that of the picture beside it."""
    rows = with_pictures(table(200), tmp_path)
    figure = contact_sheets.explanation_sheet(rows, maps_of(200), CLASSES, tmp_path, explanations(), MARK)
    found = texts(figure)
    assert len(figure.axes[0].images) == 4 * len(CLASSES)
    for label in CLASSES:
        mine = rows[rows["label"] == label]
        given = pd.Series({row: mine.loc[row, f"p_{mine.loc[row, 'predicted']}"] for row in mine.index}).astype(float)
        right = mine["label"] == mine["predicted"]
        hits, mistakes = given[right].sort_values(kind="stable"), given[~right].sort_values(kind="stable")
        for row in (hits.index[(len(hits) - 1) // 2], mistakes.index[-1]):
            share = heatmaps.frame_share(maps_of(200)[row])
            assert share is not None
            assert f"({given[row]:.2f}) {share:.0%} on the frame" in found
    assert "The frame gets 50% of the heat, and would get 36% in a uniform map; 25% of 200" in found
    assert "4 x 5 cells" in found
    figures.save(figure, tmp_path / "heat.png")


@pytest.mark.parametrize("right", [True, False])
def test_a_class_without_hits_or_mistakes_has_a_gap_that_says_so(right: bool, tmp_path: Path) -> None:
    rows = with_pictures(table(60), tmp_path)
    rows = rows[(rows["label"] == rows["predicted"]) == right]
    empty = explanations(n=len(rows), frame_fraction=None, on_frame=None)
    figure = contact_sheets.explanation_sheet(rows, maps_of(len(rows)), CLASSES, tmp_path, empty, "")
    assert f"none of {(rows['label'] == 'nevus').sum()}" in texts(figure)
    assert "too few maps" in texts(figure)
    figures.save(figure, tmp_path / "heat.png")
