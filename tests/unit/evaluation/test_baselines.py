"""Baselines: they see what they say and no more, and the network is held against them on the same pictures."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lesions.evaluation import baselines
from lesions.metrics.intervals import bootstrap_weights
from lesions.metrics.scores import score_samples
from tests.unit.held_out import CLASSES, table


@pytest.fixture
def manifest(tmp_path: Path) -> pd.DataFrame:
    """90 pictures; the colour of the frame tells the class, and so does the origin of melanomas."""
    rng = np.random.default_rng(0)
    rows = []
    for k in range(90):
        label = CLASSES[k % 3]
        pixels = rng.integers(0, 256, (24, 24, 3), dtype=np.uint8)
        pixels[:2] = pixels[-2:] = pixels[:, :2] = pixels[:, -2:] = 80 * (k % 3)
        Image.fromarray(pixels).save(tmp_path / f"{k}.png")
        origin = "HAM10000" if label == "vascular_lesion" else "other"
        rows.append((f"i{k}", f"{k}.png", label, "train" if k < 60 else "test", f"g{k}", origin))
    return pd.DataFrame(rows, columns=["image_id", "path", "label", "split", "group", "origin"])


def test_each_baseline_uses_what_it_says(manifest: pd.DataFrame, tmp_path: Path) -> None:
    test = manifest[manifest["split"] == "test"].reset_index(drop=True)
    found = baselines.fit_baselines(manifest, test, tmp_path, CLASSES, 0)
    assert set(found) == {"majority_class", "origin", "frame", "thumbnail"}
    right = {name: (table["label"] == table["predicted"]).mean() for name, (_, table) in found.items()}
    assert right["majority_class"] == pytest.approx(1 / 3)
    assert right["origin"] == pytest.approx(2 / 3), "melanoma and nevus share their origin"
    assert right["frame"] > 0.95
    for _, predictions in found.values():
        assert (predictions["label"] == test["label"]).all()
        assert predictions[[f"p_{label}" for label in CLASSES]].sum(axis=1).to_numpy() == pytest.approx(1)


def test_one_origin_is_no_baseline(manifest: pd.DataFrame, tmp_path: Path) -> None:
    same = manifest.assign(origin="synthetic")
    assert "origin" not in baselines.fit_baselines(same, same[same["split"] == "test"], tmp_path, CLASSES, 0)


def test_the_network_is_compared_on_the_same_resamples() -> None:
    rows = table(300)
    worse = table(300, signal=0.2)
    worse["label"] = rows["label"]
    weights = bootstrap_weights(rows["label"], rows["group"], 0, 200)
    network = score_samples(rows, CLASSES, weights)
    found = baselines.compare(network, {"same": ("itself", rows), "worse": ("noise", worse)}, CLASSES, weights)
    assert found["same"].difference["accuracy"].value == 0
    assert not found["same"].difference["accuracy"].excludes_zero
    assert found["worse"].difference["accuracy"].excludes_zero
    assert found["worse"].description == "noise"
