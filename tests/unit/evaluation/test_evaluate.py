"""From logits to the files: choices are made on validation alone, and everything that is written agrees."""

import json
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from lesions.data.results.decision import Decision
from lesions.data.results.scores import Scores
from lesions.evaluation import evaluate
from lesions.metrics.decisions import Calibration, balanced
from tests.unit.held_out import CLASSES, logits_of
from tests.unit.run_results import make_run_results

SHARES = np.full(3, 1 / 3)


class Output(NamedTuple):
    logits: np.ndarray
    probabilities: np.ndarray


def held_out(seed: int = 0, n: int = 400) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows of a manifest, half validation, and logits for them."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, n, p=[0.2, 0.3, 0.5])
    ids = [f"i{k:03}" for k in range(n)]
    rows = {"image_id": ids, "group": ids, "label": [CLASSES[k] for k in truth], "path": "", "origin": "other"}
    frame = pd.DataFrame({**rows, "split": np.where(np.arange(n) % 2, "test", "val")})
    frame[["age", "sex", "site", "skin_type"]] = ""
    logits = logits_of(truth, 3, rng)
    order = frame.sort_values(["split", "image_id"]).index
    return frame.loc[order], logits[order]


def results(rows: pd.DataFrame, logits: np.ndarray) -> tuple[pd.DataFrame, Decision, evaluate.TestPictures]:
    fitted = evaluate.fit_calibration(rows, logits, CLASSES, SHARES)
    table = evaluate.predictions_table(rows, balanced(logits, fitted), CLASSES)
    decision = evaluate.choose_decisions(table, CLASSES, fitted, 0.9, 64, "none")
    output = Output(logits, balanced(logits, Calibration(1.0, np.zeros(3))))
    return table, decision, evaluate.select_test(table, rows, output, fitted, 0, resamples=50)


def test_the_test_pictures_have_no_part_in_any_choice() -> None:
    rows, logits = held_out()
    _, decision, _ = results(rows, logits)
    spoiled = logits.copy()
    in_test = (rows["split"] == "test").to_numpy()
    spoiled[in_test] = np.random.default_rng(1).normal(0, 9, (in_test.sum(), 3))
    assert results(rows, spoiled)[1] == decision


def test_everything_that_is_written_is_json_and_agrees() -> None:
    rows, logits = held_out()
    table, decision, test = results(rows, logits)
    fake = make_run_results().test_scores  # of what needs a network or pictures
    found = evaluate.score_test(test, rows, decision, fake.baselines, fake.explanations, 0)
    scores = evaluate.score_all(table, CLASSES, found, 50, 0)
    assert Scores.parse(json.dumps(scores.as_json(), allow_nan=False), "") == scores
    headline = evaluate.headline(found)
    assert headline.accuracy == round(found.overall["accuracy"].value, 2), "of 200: +- some .06"
    assert headline.ece == round(found.calibration.after.ece.value, 2)
    assert headline.n == 200
    assert None not in dict(headline).values(), "a score can be estimated, and is not told"
    assert "seed" in scores.notes["training"]
    assert "not estimable" in evaluate.summary_text(found)
    bins = evaluate.reliability(test, CLASSES)
    assert bins.groupby("probabilities")["n"].sum().to_dict() == {"before": 200, "after": 200}
    for index, row in enumerate(test.rows.to_dict("records")):
        place = rows["image_id"].tolist().index(row["image_id"])
        given = np.array([row[f"p_{label}"] for label in CLASSES])
        expected = logits[place] / decision.temperature
        assert np.log(given / given.max()) == pytest.approx(expected - expected.max(), abs=0.02)
        if index > 5:
            break


def test_calibrated_probabilities_decide_for_accuracy_and_balanced_ones_for_balanced_accuracy() -> None:
    rows, logits = held_out(n=1000)
    _, _, test = results(rows, logits)
    own = evaluate.score_split(test.rows, CLASSES, test.weights, test.values).overall
    other = evaluate.score_calibration(test, CLASSES, 0).calibrated_argmax
    assert own["balanced_accuracy"].value > other.balanced_accuracy
    assert own["accuracy"].value < other.accuracy


def test_without_melanomas_there_is_no_decision_curve() -> None:
    rows, logits = held_out()
    _, _, test = results(rows, logits)
    assert len(evaluate.decision_curve(test, CLASSES)) == 3 * 50
    assert evaluate.decision_curve(test, ["a", "b"]).empty
