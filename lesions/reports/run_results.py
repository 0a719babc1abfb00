"""The results of the earlier stages, as read by the report: numbers and tables, no pictures."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from lesions.data.manifest import is_synthetic, read_manifest
from lesions.data.predictions import read_predictions
from lesions.data.results.comparison import Comparison
from lesions.data.results.decision import Decision
from lesions.data.results.imbalance import ImbalanceMetrics
from lesions.data.results.prepare import PrepareMetrics
from lesions.data.results.scores import Scores, TestScores
from lesions.params.paths import (
    DECISION,
    IMBALANCE_METRICS,
    LEARNING_CURVES,
    PREDICTIONS,
    PREPARE_METRICS,
    PREPARED,
    SCORES,
)
from lesions.reports.learning_curves import read_curves
from lesions.runtime.console import UserError

COMPARISON = Path("reports/compare/rebalance.json")  # by app.compare: this run (B) against one without rebalancing (A)


class RunResults(NamedTuple):
    """Everything from which findings and cards are derived.

    scores: reports/scores.json; prepare, imbalance: metrics/*.json; training: plots/train/metrics.json; curves: one row
    per epoch; predictions: of held-out pictures; comparison: the output of app.compare, None where it was not run.
    """

    scores: Scores
    prepare: PrepareMetrics
    imbalance: ImbalanceMetrics
    training: dict[str, Any]
    decision: Decision
    curves: pd.DataFrame
    manifest: pd.DataFrame
    predictions: pd.DataFrame
    comparison: Comparison | None

    @property
    def test_scores(self) -> TestScores:
        """The scores of the test pictures."""
        return self.scores.test

    @property
    def classes(self) -> list[str]:
        """The slugs of the classes, in order."""
        return self.scores.classes

    @property
    def synthetic(self) -> bool:
        """Whether a program drew the pictures."""
        return is_synthetic(self.manifest)


def read_run_results() -> RunResults:
    """Read the outputs of the stages. Raises UserError where a file is missing or no JSON."""
    return RunResults(
        scores=Scores.read(SCORES),
        prepare=PrepareMetrics.read(PREPARE_METRICS),
        imbalance=ImbalanceMetrics.read(IMBALANCE_METRICS),
        training=_json(LEARNING_CURVES / "metrics.json"),
        decision=Decision.read(DECISION),
        curves=read_curves(LEARNING_CURVES),
        manifest=read_manifest(PREPARED),
        predictions=read_predictions(PREDICTIONS),
        comparison=Comparison.read(COMPARISON) if COMPARISON.is_file() else None,
    )


def _json(path: str | Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} is not there: run `dvc repro` first") from None
    except (ValueError, UnicodeDecodeError):
        raise UserError(f"{path} holds no JSON: restore it (`git restore {path}`), or make it again") from None
    return content
