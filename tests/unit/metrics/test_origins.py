"""Scores within an origin are those of its pictures alone, over the classes that it has."""

import numpy as np
import pandas as pd
import pytest

from lesions.data.results.scores import ScoreName
from lesions.metrics.intervals import bootstrap_weights
from lesions.metrics.origins import per_group, within_origins
from lesions.metrics.scores import score_pictures
from tests.unit.held_out import CLASSES, table

NAMES: tuple[ScoreName, ...] = ("accuracy", "balanced_accuracy", "macro_auroc", "melanoma_vs_nevus_auroc")


def weights_of(rows: pd.DataFrame) -> np.ndarray:
    return bootstrap_weights(rows["label"], rows["group"], 0, 100)


def test_scores_within_an_origin_are_those_of_its_pictures() -> None:
    rows = table(300)
    origins = pd.Series(np.where(np.arange(300) % 3 == 0, "HAM10000", ""), index=rows.index)
    found = within_origins(rows, origins, CLASSES, weights_of(rows))
    assert set(found) == {"HAM10000", "unknown"}
    alone = rows[(origins == "HAM10000").to_numpy()]
    expected = score_pictures(alone, CLASSES).overall
    scores = found["HAM10000"].overall
    assert found["HAM10000"].n == len(alone)
    for name in NAMES:
        assert scores[name].value == pytest.approx(float(expected[name][0]), abs=1e-4)
        assert (scores[name].low or 0) < scores[name].value < (scores[name].high or 1)


def test_a_network_that_only_tells_origins_apart_is_found_out() -> None:
    """All melanomas from one place, all nevi but a few from another: over all it looks good, within neither."""
    rng = np.random.default_rng(0)
    labels = ["melanoma"] * 90 + ["nevus"] * 10 + ["nevus"] * 90 + ["melanoma"] * 10
    place = np.repeat(["first", "second"], 100)
    sure = np.where(place == "first", 0.8, 0.2) + rng.normal(0, 0.05, 200)
    rows = pd.DataFrame(
        {
            "image_id": [f"i{n}" for n in range(200)],
            "group": [f"g{n}" for n in range(200)],
            "label": labels,
            "predicted": np.where(sure > 0.5, "melanoma", "nevus"),
            "p_melanoma": sure,
            "p_nevus": 1 - sure,
        }
    )
    classes = ["melanoma", "nevus"]
    assert score_pictures(rows, classes).overall["balanced_accuracy"][0] == pytest.approx(0.9)
    for entry in within_origins(rows, pd.Series(place), classes, weights_of(rows)).values():
        assert entry.overall["balanced_accuracy"].value == pytest.approx(0.5)
        assert entry.overall["macro_auroc"].value == pytest.approx(0.5, abs=0.2)


def test_an_origin_of_one_class_or_few_pictures_has_no_score() -> None:
    rows = table(300)
    origins = pd.Series("big", index=rows.index)
    origins[rows.index[rows["label"] == CLASSES[0]][:20]] = "one class"
    origins[rows.index[rows["label"] != CLASSES[0]][:6]] = "few"
    found = within_origins(rows, origins, CLASSES, weights_of(rows))
    assert found["one class"].overall == {}
    assert (found["one class"].n, found["one class"].classes) == (20, [CLASSES[0]])
    assert found["few"].overall == {}
    assert found["big"].classes == CLASSES


def test_a_group_is_one_case_by_the_mean_of_its_pictures() -> None:
    """Three pictures of a melanoma, one taken for a nevus: as a lesion it is found."""
    rows = pd.DataFrame(
        {
            "image_id": [f"i{n}" for n in range(60)],
            "group": [f"g{n // 3}" for n in range(60)],
            "label": ["melanoma"] * 30 + ["nevus"] * 30,
            "p_melanoma": [0.9, 0.8, 0.2] * 10 + [0.1, 0.2, 0.3] * 10,
        }
    )
    rows["p_nevus"] = 1 - rows["p_melanoma"]
    rows["predicted"] = np.where(rows["p_melanoma"] > 0.5, "melanoma", "nevus")
    classes = ["melanoma", "nevus"]
    assert score_pictures(rows, classes).overall["accuracy"][0] == pytest.approx(50 / 60)
    found = per_group(rows, classes, weights_of(rows))
    assert (found.n_groups, found.n_several) == (20, 20)
    assert found.overall["accuracy"].value == 1
    singles = per_group(rows.assign(group=rows["image_id"]), classes, weights_of(rows))
    assert singles.overall == {}
