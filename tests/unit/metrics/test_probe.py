"""The probe sees the frame or a thumbnail and nothing else, never scores a group it has seen, and repeats exactly."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesions.data.pixels import write_png
from lesions.metrics import probe
from lesions.metrics.probe import (
    FEATURES,
    Kind,
    cross_validate,
    fit,
    frame_features,
    predict,
    read_features,
    score,
    thumbnail_features,
)
from lesions.runtime import parallel
from tests.conftest import random_pixels

CLASSES = ["melanoma", "nevus", "vascular_lesion"]


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tested does not depend on how many there are, and most of the time goes into them."""
    monkeypatch.setattr(probe, "TREES", 60)
    monkeypatch.setattr(probe, "available_cores", lambda: 1)  # threads cost more than so small forests


def data(n: int = 150, telling: bool = True, seed: int = 0) -> tuple[np.ndarray, pd.Series, pd.Series]:
    """Features (n, 6), labels and groups of two pictures; the first feature tells the class, or nothing does."""
    rng = np.random.default_rng(seed)
    labels = pd.Series(np.repeat(rng.choice(CLASSES, n // 2), 2), index=[f"picture {k}" for k in range(n)])
    groups = pd.Series(np.repeat([f"group {k}" for k in range(n // 2)], 2), index=labels.index)
    features = rng.normal(size=(n, 6)).astype(np.float32)
    if telling:
        features[:, 0] += 3 * labels.map({label: k for k, label in enumerate(CLASSES)}).to_numpy()
    return features, labels, groups


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(24, 90))
def test_the_frame_is_the_outer_twelfth_and_nothing_of_the_lesion(seed: int, side: int) -> None:
    """A frame that held a part of the lesion would make any data set look confounded."""
    pixels = random_pixels(seed, side, side).copy()
    before = frame_features(pixels)
    width = -(-side // 12)
    pixels[width:-width, width:-width] = 255 - pixels[width:-width, width:-width]
    assert frame_features(pixels) == pytest.approx(before, abs=0.01)
    pixels[0, 0] = 255 - pixels[0, 0]
    assert not np.allclose(frame_features(pixels), before, atol=0.01)


@pytest.mark.parametrize("kind", FEATURES)
def test_features_have_one_length_and_grey_levels_whatever_the_size(kind: Kind) -> None:
    lengths = {side: FEATURES[kind](random_pixels(1, side, side)).shape for side in (32, 64, 180)}
    assert set(lengths.values()) == {(176,) if kind == "frame" else (300,)}
    even = FEATURES[kind](np.full((64, 64, 3), 90, np.uint8))
    assert set(np.round(even)) <= {0, 90}


def test_a_thumbnail_is_the_means_of_its_cells_in_colour() -> None:
    pixels = random_pixels(2, 60, 60)
    expected = pixels.reshape(10, 6, 10, 6, 3).mean(axis=(1, 3))
    assert thumbnail_features(pixels) == pytest.approx(expected.ravel(), abs=0.01)


def test_features_are_read_in_the_order_of_the_paths(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.png" for number in range(5)]
    for number, path in enumerate(paths):
        write_png(path, random_pixels(number, 32, 32))
    frames, features = read_features(paths, ["frame", "thumbnail"])
    assert (features[3] == thumbnail_features(random_pixels(3, 32, 32))).all()
    assert features.shape == (5, 300)
    assert (frames[3] == frame_features(random_pixels(3, 32, 32))).all()


def test_features_are_read_without_worker_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """evaluate has TensorFlow loaded: each worker would load it again, which took two thirds of the stage's time."""
    write_png(tmp_path / "one.png", random_pixels(0, 32, 32))
    monkeypatch.setattr(parallel, "ProcessPoolExecutor", None)
    (features,) = read_features([tmp_path / "one.png"] * 2 * parallel.TOO_FEW_FOR_PROCESSES, ["frame"])
    assert len(features) == 2 * parallel.TOO_FEW_FOR_PROCESSES


def test_what_tells_classes_apart_scores_high_and_noise_scores_chance() -> None:
    """The probe is only worth reporting if .5 means nothing found."""
    features, labels, groups = data()
    telling = score(cross_validate(features, labels, groups, "frame"))
    assert telling.macro_auroc is not None and telling.macro_auroc > 0.9
    assert telling.balanced_accuracy is not None and telling.balanced_accuracy > 0.8
    assert set(telling.auroc) == set(CLASSES)
    noise = score(cross_validate(*data(400, telling=False), "frame"))
    assert noise.macro_auroc is not None and 0.4 < noise.macro_auroc < 0.6


def test_no_picture_is_scored_by_a_forest_that_saw_its_group() -> None:
    """Two pictures of a lesion are nearly equal: with one in training the other would be recognised, not classified."""
    _, labels, groups = data(400, telling=False)
    features = groups.str.removeprefix("group ").astype(np.float32).to_numpy()[:, None] ** 2 % 101  # names the group
    scores = score(cross_validate(features, labels, groups, "frame"))
    assert scores.macro_auroc is not None and scores.macro_auroc < 0.62


def test_the_same_input_gives_the_same_predictions_and_order_of_rows_is_kept() -> None:
    features, labels, groups = data()
    first = cross_validate(features, labels, groups, "frame", seed=3)
    pd.testing.assert_frame_equal(first, cross_validate(features, labels, groups, "frame", seed=3), check_exact=True)
    assert list(first.index) == list(labels.index)
    assert (first["label"] == labels).all()
    assert not first.equals(cross_validate(features, labels, groups, "frame", seed=4))


def test_a_fitted_probe_scores_other_pictures_over_the_classes_asked_for() -> None:
    features, labels, _ = data()
    probe = fit(features[:100], labels[:100], "frame")
    predictions = predict(probe, features[100:], labels[100:], [*CLASSES, "dermatofibroma"])
    probabilities = predictions[[column for column in predictions if str(column).startswith("p_")]]
    assert list(probabilities.columns) == [f"p_{label}" for label in (*CLASSES, "dermatofibroma")]
    assert probabilities.sum(axis=1).to_numpy() == pytest.approx(1)
    assert (probabilities["p_dermatofibroma"] == 0).all()
    assert (predictions["predicted"] == labels[100:]).mean() > 0.8
    scores = score(predictions)
    assert scores.auroc["dermatofibroma"] is None, "a class without pictures has no score"
    assert scores.melanoma_vs_nevus_auroc is not None and scores.melanoma_vs_nevus_auroc > 0.9


def test_without_melanoma_there_is_no_melanoma_score() -> None:
    features, labels, groups = data()
    others = (labels != "melanoma").to_numpy()
    scores = score(cross_validate(features[others], labels[others], groups[others], "frame"))
    assert scores.melanoma_vs_nevus_auroc is None


def test_fewer_groups_than_folds_is_an_error() -> None:
    features, labels, groups = data(8)
    with pytest.raises(ValueError, match="4 groups are too few for 5 folds"):
        cross_validate(features, labels, groups, "frame")


def test_a_class_in_fewer_groups_than_folds_is_still_scored() -> None:
    features, labels, groups = data()
    labels[groups.isin(["group 0", "group 1"])] = "dermatofibroma"
    scores = score(cross_validate(features, labels, groups, "frame"))
    assert scores.auroc["dermatofibroma"] is not None
