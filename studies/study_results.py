"""What the experiments of the study say: predictions and learning curves of each recipe on each fold."""

import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import dvc.api
import pandas as pd

from app.folds import FoldPredictions, group_repeats, read_fold
from lesions.params.paths import IMBALANCE_METRICS, LEARNING_CURVES
from lesions.reports import learning_curves
from lesions.runtime.console import UserError
from studies.experiments import experiment_name, finished

STUDY = Path("studies/study.yaml")
REBALANCED = "model3"  # the recipe of the plan that does all that the write-ups end with


class Recipe(NamedTuple):
    """One recipe over the folds, one training each.

    curves: a table for each fold, as of reports.learning_curves.read_curves(). imbalance: metrics/imbalance.json of the
    first fold.
    """

    name: str
    sources: list[FoldPredictions]
    curves: list[pd.DataFrame]
    imbalance: dict[str, Any]

    @property
    def classes(self) -> list[str]:
        """The slugs of the classes."""
        return self.sources[0].classes

    @property
    def folds(self) -> list[list[FoldPredictions]]:
        """The predictions of each fold, as of app.folds.group_repeats()."""
        return [[source] for source in self.sources]


def gather(plan: str, names: Iterable[str], folds: range) -> dict[str, Recipe]:
    """The recipes of a plan by name. Raises UserError where an experiment is missing."""
    done = finished()
    found = {}
    for name in names:
        experiments = [experiment_name(plan, name, fold, 0) for fold in folds]
        missing = [each for each in experiments if each not in done]
        if missing:
            raise UserError(f"there is no experiment {missing[0]} on this commit: run `make study`")
        sources = [source for (source,) in group_repeats([read_fold(each) for each in experiments])]
        imbalance = json.loads(dvc.api.read(IMBALANCE_METRICS.as_posix(), rev=experiments[0]))
        found[name] = Recipe(name, sources, [_curves(each) for each in experiments], imbalance)
    return found


def _curves(experiment: str) -> pd.DataFrame:
    series = {}
    for split in ("train", "val"):
        for score in learning_curves.SCORES:
            text = dvc.api.read(f"{LEARNING_CURVES.as_posix()}/plots/metrics/{split}/{score}.tsv", rev=experiment)
            series[f"{split}_{score}"] = pd.read_csv(io.StringIO(text), sep="\t").set_index("step")[score]
    return pd.DataFrame(series).rename_axis("epoch").reset_index()
