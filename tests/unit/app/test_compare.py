"""app.compare: finds a planted difference, does not find one that is not there, refuses what cannot be compared."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app import compare
from app.fold_predictions import FoldPredictions, read_fold
from lesions.data.results.estimates import Estimate
from lesions.runtime.console import UserError
from tests.unit.held_out import CLASSES, table


def source(rows: pd.DataFrame, name: str, folder: Path) -> FoldPredictions:
    path = folder / f"{name}.csv"
    rows.to_csv(path, index=False)
    return read_fold(str(path))


def retrained(rows: pd.DataFrame, seed: int, sharper: float = 0.0) -> pd.DataFrame:
    """The same pictures called by another network: noise on the logits, and `sharper` more on the true class."""
    rng = np.random.default_rng(seed)
    columns = [f"p_{label}" for label in CLASSES]
    truth = np.array([CLASSES.index(label) for label in rows["label"]])
    logits = np.log(rows[columns].to_numpy() + 1e-6) + rng.normal(0, 0.3, (len(rows), 3)) + sharper * np.eye(3)[truth]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    changed = rows.copy()
    changed[columns] = probabilities
    changed["predicted"] = [CLASSES[k] for k in probabilities.argmax(axis=1)]
    return changed


def test_a_planted_difference_is_found_in_every_score(tmp_path: Path) -> None:
    rows = table(400, per_group=2)
    found = compare.compare(source(rows, "a", tmp_path), source(retrained(rows, 0, 1.0), "b", tmp_path))
    assert set(found.scores) == set(compare.SCORES)
    for row in found.scores.values():
        assert row.excludes_zero
        assert row.difference.low is not None and row.difference.high is not None
        assert 0 < row.difference.low <= row.difference.value <= row.difference.high
        assert row.difference.value == pytest.approx(row.b - row.a, abs=2e-4)
    swapped = compare.compare(source(retrained(rows, 0, 1.0), "b", tmp_path), source(rows, "a", tmp_path))
    assert (swapped.scores["accuracy"].difference.high or 0) < 0


def test_where_there_is_no_difference_the_interval_includes_zero_nearly_always(tmp_path: Path) -> None:
    wrong = 0
    for seed in range(20):
        rows = table(200, seed, per_group=2)
        pair = [source(retrained(rows, 2 * seed + k + 1), f"{seed}{k}", tmp_path) for k in (0, 1)]
        wrong += compare.compare(*pair).scores["balanced_accuracy"].excludes_zero
    assert wrong <= 4, "of 20, one is expected"


def test_pairing_makes_the_interval_narrower_than_two_intervals_apart(tmp_path: Path) -> None:
    rows = table(300)
    found = compare.compare(source(rows, "a", tmp_path), source(retrained(rows, 1), "b", tmp_path))
    paired = found.scores["accuracy"].difference
    accuracy = found.scores["accuracy"].a
    unpaired = 2 * 1.96 * np.sqrt(2 * accuracy * (1 - accuracy) / 300)
    assert paired.low is not None and paired.high is not None
    assert paired.high - paired.low < 0.8 * unpaired


def test_the_same_twice_differs_by_nothing(tmp_path: Path) -> None:
    rows = source(table(100), "a", tmp_path)
    for row in compare.compare(rows, rows).scores.values():
        assert row.difference == Estimate(value=0, low=0, high=0)
        assert not row.excludes_zero


def test_other_pictures_classes_labels_or_groups_are_refused_in_one_line(tmp_path: Path) -> None:
    rows = table(100)
    a = source(rows, "a", tmp_path)
    fewer = source(rows.head(60), "fewer", tmp_path)
    renamed = source(rows.rename(columns={"p_nevus": "p_mole"}).replace("nevus", "mole"), "renamed", tmp_path)
    relabelled = source(rows.assign(label=rows["label"].replace("nevus", "melanoma")), "relabelled", tmp_path)
    regrouped = source(rows.assign(group="g"), "regrouped", tmp_path)
    for other, words in (
        (fewer, "100 and 60, 60 in common"),
        (renamed, "different classes: mole, nevus"),
        (relabelled, "different labels for"),
        (regrouped, "different groups for 100 of 100"),
    ):
        with pytest.raises(UserError, match=words) as caught:
            compare.compare(a, other)
        assert "\n" not in str(caught.value)


def test_the_command_prints_a_table_or_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = table(120)
    source(rows, "a", tmp_path), source(retrained(rows, 1), "b", tmp_path)
    command = ["compare", str(tmp_path / "a.csv"), str(tmp_path / "b.csv")]
    monkeypatch.setattr("sys.argv", command)
    compare.main()
    text = capsys.readouterr().out
    for words in ("balanced accuracy", "95 % interval", "excludes zero", "120 test pictures of 120 groups"):
        assert words in text
    monkeypatch.setattr("sys.argv", [*command, "--format", "json"])
    compare.main()
    assert json.loads(capsys.readouterr().out)["n"] == 120


def test_scores_that_cannot_be_told_are_named(tmp_path: Path) -> None:
    rows = table(120)
    few = rows[(rows["label"] != "nevus") | (rows.groupby("label").cumcount() < 3)]
    found = compare.compare(source(few, "a", tmp_path), source(retrained(few, 1), "b", tmp_path))
    assert "balanced_accuracy" not in found.scores
    assert "not told: balanced accuracy, macro AUROC" in compare.comparison_text(found)
