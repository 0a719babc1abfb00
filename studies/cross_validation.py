"""Train the recipes of a plan on the same folds with the same seeds, and compare them picture by picture.

Every training is an experiment of its own (studies/experiments.py), so that an interrupted comparison goes on where
it stopped.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dvc.api
import pandas as pd

from app.fold_predictions import FoldPredictions, group_repeats, read_fold
from benchmarks.measuring import markdown
from lesions.data.results.estimates import CountedEstimate
from lesions.data.results.scores import ScoreName, Scores
from lesions.metrics.scores import headline
from lesions.params.paths import SCORES as SCORES_FILE
from lesions.runtime.console import UserError, run
from lesions.runtime.outputs import check_writable, whole_file
from studies.experiments import (
    FOLDS,
    experiment_name,
    finished_experiments,
    planned_experiments,
    read_plan,
    run_missing,
)
from studies.paired import paired_difference, picture_accuracy

BASELINES = ("origin", "frame", "thumbnail")
SCORES: tuple[ScoreName, ...] = (
    "balanced_accuracy",
    "accuracy",
    "macro_auroc",
    "melanoma_auroc",
    "melanoma_vs_nevus_auroc",
)


def main() -> None:
    """Read the command line, run what is missing, print the comparison."""
    parser = argparse.ArgumentParser("python -m studies.cross_validation", description=__doc__)
    parser.add_argument("plan", type=Path, help="for example studies/recipe.yaml")
    parser.add_argument("--dataset", type=Path, required=True, help="folder with the raw pictures")
    parser.add_argument("--labels", type=Path, default=Path("data/labels"), help="folder with official tables")
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="trainings of each recipe on each fold")
    parser.add_argument("--only", metavar="RECIPE", help="of the plan; the others are taken as they are")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the tables there, too (Markdown)")
    arguments = parser.parse_args()
    if arguments.out:
        check_writable(arguments.out, "--out")
    plan, name = read_plan(arguments.plan), arguments.plan.stem
    if arguments.only and arguments.only not in plan:
        raise UserError(f"{arguments.plan} has no recipe {arguments.only}: it has {', '.join(plan)}")
    data = [f"dataset={arguments.dataset.resolve()}", f"labels={arguments.labels.resolve()}"]
    experiments = planned_experiments(name, plan, data, range(FOLDS), range(arguments.seeds))
    run_missing(
        {key: value for key, value in experiments.items() if not arguments.only or f"-{arguments.only}-f" in key}
    )
    finished = finished_experiments()
    text = compare(
        {recipe: _predictions(name, recipe, arguments.seeds, finished) for recipe in plan},
        [key for key in experiments if key in finished and f"-{next(iter(plan))}-f" in key],
    )
    print(text)
    if arguments.out:
        with whole_file(arguments.out) as file:
            file.write_text(text, encoding="utf-8")


def compare(recipes: dict[str, list[FoldPredictions]], baseline_experiments: Sequence[str] = ()) -> str:
    """Markdown: each recipe's scores over the folds, and the first's balanced accuracy against the others', paired.

    Recipes are chosen by the first table, of validation pictures; the second has their scores on test pictures.
    baseline_experiments: experiments from whose reports/scores.json the scores without a network are read.
    """
    folds = {recipe: group_repeats(predictions) for recipe, predictions in recipes.items() if predictions}
    rows: dict[str, list[dict[str, Any]]] = {"val": [], "test": []}
    for recipe, recipe_folds in folds.items():
        counts = {"recipe": recipe, "folds": len(recipe_folds), "trainings": str(sum(map(len, recipe_folds)))}
        for split, table in rows.items():
            table.append(counts | _scores(recipe_folds, split))
    rows["test"] += _baselines(baseline_experiments)
    first, *others = folds
    accuracy = {recipe: picture_accuracy(recipe_folds) for recipe, recipe_folds in folds.items()}
    differences = [
        f"- {first} against {other}: {_difference_text(paired_difference(accuracy[first], accuracy[other]))}"
        for other in others
    ]
    parts = [
        "Mean over folds (lowest to highest fold); a fold is the mean over its seeds.",
        "Validation pictures, by which a recipe is chosen:",
        markdown(pd.DataFrame(rows["val"]).fillna("-")),
        "Test pictures:",
        markdown(pd.DataFrame(rows["test"]).fillna("-")),
        "\n".join(differences),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _scores(folds: list[list[FoldPredictions]], split: str) -> dict[str, str]:
    fold_scores = []
    for repeats in folds:
        scores = [
            headline(predictions.val if split == "val" else predictions.test, predictions.classes)
            for predictions in repeats
        ]
        fold_scores.append(pd.DataFrame(scores).mean())
    return spreads(pd.DataFrame(fold_scores))


def _baselines(names: Sequence[str]) -> list[dict[str, Any]]:
    """Test scores of the baselines: the collection alone, the frame of the picture alone, a thumbnail of it alone."""
    scores_by_fold: dict[str, dict[str, dict[str, float]]] = {baseline: {} for baseline in BASELINES}
    for name in names:
        path = SCORES_FILE.as_posix()
        found = Scores.parse(dvc.api.read(path, rev=name), f"{path} of {name}").test.baselines
        fold = name.rpartition("-s")[0]
        for baseline in BASELINES:
            estimates = found[baseline].scores if baseline in found else {}
            values: dict[str, float] = {score: estimates[score].value for score in SCORES if score in estimates}
            scores_by_fold[baseline].setdefault(fold, values)
    return [
        {"recipe": f"{baseline} alone", "folds": len(fold_scores), **spreads(pd.DataFrame(fold_scores.values()))}
        for baseline, fold_scores in scores_by_fold.items()
        if any(fold_scores.values())
    ]


def spreads(table: pd.DataFrame) -> dict[str, str]:
    """Mean, lowest and highest of each score (column) over folds (rows), where it is defined in every fold."""
    return {
        name: f"{table[name].mean():.3f} ({table[name].min():.3f} to {table[name].max():.3f})"
        for name in SCORES
        if name in table and table[name].notna().all()
    }


def _predictions(plan: str, recipe: str, seeds: int, finished: set[str]) -> list[FoldPredictions]:
    names = [experiment_name(plan, recipe, fold, seed) for fold in range(FOLDS) for seed in range(seeds)]
    return [read_fold(name) for name in names if name in finished]


def _difference_text(difference: CountedEstimate) -> str:
    return (
        f"{difference.value:+.3f} balanced accuracy "
        f"(95 % interval {difference.low:+.3f} to {difference.high:+.3f}) "
        f"over the same {difference.n:,} pictures in {difference.n_groups:,} groups"
    )


if __name__ == "__main__":
    run(main, recovery_hint="Experiments that are complete are kept.")
