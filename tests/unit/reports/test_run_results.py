"""What the report reads: a missing or damaged file is one clear line, and the curves are those of every epoch."""

from pathlib import Path

import pytest

from lesions.reports.learning_curves import SCORES, read_curves
from lesions.reports.run_results import read_run_results
from lesions.runtime.console import UserError


def test_before_any_run_it_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"reports/scores\.json is not there: run `dvc repro`"):
        read_run_results()


def test_a_damaged_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("reports").mkdir()
    Path("reports/scores.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match=r"reports/scores\.json holds no JSON"):
        read_run_results()


def test_curves_are_read_by_split_and_epoch(tmp_path: Path) -> None:
    for split, start in (("train", 1), ("val", 5)):
        for score in SCORES:
            path = tmp_path / "plots" / "metrics" / split / f"{score}.tsv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"step\t{score}\n1\t{start}\n2\t{start + 1}\n", encoding="utf-8")
    curves = read_curves(tmp_path)
    assert curves["epoch"].tolist() == [1, 2]
    assert curves["train_loss"].tolist() == [1, 2]
    assert curves["val_balanced_accuracy"].tolist() == [5, 6]
    (tmp_path / "plots/metrics/val/loss.tsv").unlink()
    with pytest.raises(UserError, match=r"loss\.tsv is not there: run `dvc repro train`"):
        read_curves(tmp_path)
