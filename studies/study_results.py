"""Results of the study's experiments: predictions and learning curves of each recipe on each fold."""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import dvc.api
import pandas as pd

from app.fold_predictions import FoldPredictions, group_repeats, read_fold
from lesions.data.results.imbalance import ImbalanceMetrics
from lesions.params.paths import IMBALANCE_METRICS, LEARNING_CURVES
from lesions.reports import learning_curves
from lesions.runtime.console import UserError
from studies.experiments import experiment_name, finished_experiments

STUDY = Path("studies/study.yaml")
REBALANCED = "model3"  # the recipe of the plan with every step of the write-ups


class RecipeResults(NamedTuple):
    """One recipe over the folds, one training each.

    curves: a table for each fold, as of reports.learning_curves.read_curves(). imbalance: metrics/imbalance.json of the
    first fold.
    """

    name: str
    predictions: list[FoldPredictions]
    curves: list[pd.DataFrame]
    imbalance: ImbalanceMetrics

    @property
    def classes(self) -> list[str]:
        """The slugs of the classes."""
        return self.predictions[0].classes

    @property
    def folds(self) -> list[list[FoldPredictions]]:
        """The predictions of each fold, as of app.fold_predictions.group_repeats()."""
        return [[predictions] for predictions in self.predictions]


def read_recipes(plan: str, names: Iterable[str], folds: range) -> dict[str, RecipeResults]:
    """The recipes of a plan by name. Raises UserError where an experiment is missing."""
    finished = finished_experiments()
    recipes = {}
    for name in names:
        experiments = [experiment_name(plan, name, fold, 0) for fold in folds]
        missing = [experiment for experiment in experiments if experiment not in finished]
        if missing:
            raise UserError(f"there is no experiment {missing[0]} on this commit: run `make study`")
        predictions = [repeat for (repeat,) in group_repeats([read_fold(experiment) for experiment in experiments])]
        text = dvc.api.read(IMBALANCE_METRICS.as_posix(), rev=experiments[0])
        imbalance = ImbalanceMetrics.parse(text, f"{IMBALANCE_METRICS.as_posix()} of {experiments[0]}")
        recipes[name] = RecipeResults(name, predictions, [_curves(experiment) for experiment in experiments], imbalance)
    return recipes


def _curves(experiment: str) -> pd.DataFrame:
    series = {}
    for split in ("train", "val"):
        for score in learning_curves.SCORES:
            text = dvc.api.read(f"{LEARNING_CURVES.as_posix()}/plots/metrics/{split}/{score}.tsv", rev=experiment)
            series[f"{split}_{score}"] = pd.read_csv(io.StringIO(text), sep="\t").set_index("step")[score]
    return pd.DataFrame(series).rename_axis("epoch").reset_index()
