"""Scores with intervals: equal to scikit-learn's on the sample itself and on every resample."""

import time

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from lesions.metrics import estimates, ranking, scores
from lesions.metrics.endpoints import endpoints_of, score_endpoint
from lesions.metrics.intervals import bootstrap_weights
from tests.unit.held_out import CLASSES, table

NINE = [
    "actinic_keratosis", "basal_cell_carcinoma", "dermatofibroma", "melanoma", "nevus", "pigmented_benign_keratosis",
    "seborrheic_keratosis", "squamous_cell_carcinoma", "vascular_lesion",
]  # fmt: skip


def test_ranking_scores_are_scikit_learns_on_every_sample() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random(150) < 0.3
    score = (rng.normal(size=150) + truth).round(1)  # with ties
    weights = rng.integers(0, 4, (5, 150)).astype(float)
    ranked = ranking.rank_scores(truth, score, weights)
    for row, found in zip(
        weights, zip(ranking.auroc(ranked), ranking.average_precision(ranked), strict=True), strict=True
    ):
        expected = (
            metrics.roc_auc_score(truth, score, sample_weight=row),
            metrics.average_precision_score(truth, score, sample_weight=row),
        )
        assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_the_partial_auroc_is_that_of_the_isic_2024_challenge(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.random(120) < 0.3
    score = (rng.normal(size=120) + truth).round(1)
    found = ranking.partial_auroc(ranking.rank_scores(truth, score, np.ones((1, 120))), 0.8)[0]
    scaled = metrics.roc_auc_score(~truth, -score, max_fpr=0.2)  # as in the challenge's own code
    smallest, largest = 0.5 * 0.2**2, 0.2
    assert found == pytest.approx(smallest + (largest - smallest) / 0.5 * (scaled - 0.5), abs=1e-9)


def test_specificity_at_a_sensitivity_is_read_off_the_roc_curve() -> None:
    rng = np.random.default_rng(1)
    truth = rng.random(200) < 0.4
    score = rng.normal(size=200) + truth
    fpr, tpr, _ = metrics.roc_curve(truth, score, drop_intermediate=False)
    ranked = ranking.rank_scores(truth, score, np.ones((1, 200)))
    for level in (0.5, 0.9, 0.95, 1.0):
        assert ranking.specificity_at(ranked, level)[0] == pytest.approx((1 - fpr[tpr >= level - 1e-12]).max())


def test_perfect_and_useless_scores_have_the_extreme_values() -> None:
    truth = np.array([True] * 10 + [False] * 10)
    weights = np.ones((1, 20))
    perfect, useless = (ranking.rank_scores(truth, score, weights) for score in (truth.astype(float), np.zeros(20)))
    assert (ranking.auroc(perfect)[0], ranking.auroc(useless)[0]) == (1, 0.5)
    assert ranking.partial_auroc(perfect, 0.8)[0] == pytest.approx(0.2)
    assert ranking.partial_auroc(useless, 0.8)[0] == pytest.approx(0.02)
    assert (ranking.specificity_at(perfect, 0.9)[0], ranking.specificity_at(useless, 0.9)[0]) == (1, 0)
    assert ranking.average_precision(useless)[0] == pytest.approx(0.5)


def test_per_class_scores_carry_n_and_stay_silent_below_ten_cases() -> None:
    rows = table(200)
    few = pd.concat([rows[rows["label"] != "nevus"], rows[rows["label"] == "nevus"].head(9)], ignore_index=True)
    weights = bootstrap_weights(few["label"], few["group"], 0, 50)
    found = estimates.per_class(few, CLASSES, scores.score_samples(few, CLASSES, weights))
    assert found["nevus"].n == 9
    assert found["nevus"].recall is found["nevus"].auroc is None
    told = found["melanoma"].recall
    assert told is not None
    assert told.low < told.value < told.high
    assert told.n == found["melanoma"].n == (few["label"] == "melanoma").sum()


def test_the_questions_follow_malignancy_and_leave_actinic_keratosis_out_of_the_primary_one() -> None:
    asked = {question.name: question for question in endpoints_of(NINE)}
    assert set(asked) == {"melanoma", "melanoma_vs_nevus", "malignant", "needs_treatment"}
    assert set(asked["malignant"].positive) == {"melanoma", "basal_cell_carcinoma", "squamous_cell_carcinoma"}
    assert "actinic_keratosis" not in asked["malignant"].among
    assert "actinic_keratosis" in asked["needs_treatment"].positive
    assert {q.name for q in endpoints_of(["melanoma", "not_melanoma"])} == {"melanoma"}
    assert not endpoints_of(["a", "b"])
    rows = table(900, classes=NINE)
    answers = score_endpoint(asked["malignant"], rows)
    assert answers.rows.sum() == (rows["label"] != "actinic_keratosis").sum()
    columns = [f"p_{label}" for label in asked["malignant"].positive]
    expected = rows[columns].sum(axis=1) / (1 - rows["p_actinic_keratosis"])
    assert answers.score == pytest.approx(expected[answers.rows].to_numpy(), abs=1e-4)


def test_a_thousand_resamples_of_400_pictures_take_seconds() -> None:
    rows = table(400, classes=NINE, per_group=2)
    start = time.perf_counter()
    weights = bootstrap_weights(rows["label"], rows["group"], 0)
    values = scores.score_samples(rows, NINE, weights)
    estimates.overall(values.overall)
    estimates.per_class(rows, NINE, values)
    estimates.per_endpoint(rows, NINE, weights)
    assert time.perf_counter() - start < 15


def test_the_same_seed_gives_the_same_intervals() -> None:
    rows = table(120)
    found = [
        estimates.overall(
            scores.score_samples(rows, CLASSES, bootstrap_weights(rows["label"], rows["group"], seed, 50)).overall
        )
        for seed in (0, 0, 1)
    ]
    assert found[0] == found[1] != found[2]
