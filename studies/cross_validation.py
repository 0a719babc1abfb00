"""Train the recipes of a plan on the same folds with the same seeds, and compare them picture by picture.

Every training is an experiment of its own (studies/experiments.py), so that an interrupted comparison goes on where
it stopped.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dvc.api
import pandas as pd

from app.folds import FoldPredictions, group_repeats, read_fold
from benchmarks.measuring import markdown
from lesions.metrics.scores import headline
from lesions.params.paths import SCORES as SCORES_FILE
from lesions.runtime.console import UserError, run
from lesions.runtime.outputs import whole_file
from studies.experiments import FOLDS, experiment_name, finished, planned_experiments, read_plan, run_missing
from studies.paired import gain, recognised

BASELINES = ("origin", "frame", "thumbnail")
SCORES = ("balanced_accuracy", "accuracy", "macro_auroc", "melanoma_auroc", "melanoma_vs_nevus_auroc")


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
    plan, name = read_plan(arguments.plan), arguments.plan.stem
    if arguments.only and arguments.only not in plan:
        raise UserError(f"{arguments.plan} has no recipe {arguments.only}: it has {', '.join(plan)}")
    data = [f"dataset={arguments.dataset.resolve()}", f"labels={arguments.labels.resolve()}"]
    wanted = planned_experiments(name, plan, data, range(FOLDS), range(arguments.seeds))
    run_missing({key: value for key, value in wanted.items() if not arguments.only or f"-{arguments.only}-f" in key})
    done = finished()
    text = compare(
        {recipe: _sources(name, recipe, arguments.seeds, done) for recipe in plan},
        [key for key in wanted if key in done and f"-{next(iter(plan))}-f" in key],
    )
    print(text)
    if arguments.out:
        with whole_file(arguments.out) as file:
            file.write_text(text, encoding="utf-8")


def compare(recipes: dict[str, list[FoldPredictions]], baselines_of: Sequence[str] = ()) -> str:
    """Markdown: each recipe's scores over the folds, and the first's balanced accuracy against the others', paired.

    Recipes are chosen by the first table, of validation pictures; the second one, of test pictures, is what they reach.
    baselines_of: experiments whose reports/scores.json tells what is reached without a network.
    """
    folds = {recipe: group_repeats(sources) for recipe, sources in recipes.items() if sources}
    rows: dict[str, list[dict[str, Any]]] = {"val": [], "test": []}
    for recipe, found in folds.items():
        about = {"recipe": recipe, "folds": len(found), "trainings": str(sum(map(len, found)))}
        for split, table in rows.items():
            table.append(about | _scores(found, split))
    rows["test"] += _baselines(baselines_of)
    first, *others = folds
    pooled = {recipe: recognised(found) for recipe, found in folds.items()}
    against = [f"- {first} against {other}: {_told(gain(pooled[first], pooled[other]))}" for other in others]
    parts = [
        "Mean over folds (lowest to highest fold); a fold is the mean over its seeds.",
        "Validation pictures, by which a recipe is chosen:",
        markdown(pd.DataFrame(rows["val"]).fillna("-")),
        "Test pictures:",
        markdown(pd.DataFrame(rows["test"]).fillna("-")),
        "\n".join(against),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _scores(folds: list[list[FoldPredictions]], split: str) -> dict[str, str]:
    of_folds = []
    for repeats in folds:
        told = [headline(source.val if split == "val" else source.test, source.classes) for source in repeats]
        of_folds.append(pd.DataFrame(told).mean())
    return spreads(pd.DataFrame(of_folds))


def _baselines(names: Sequence[str]) -> list[dict[str, Any]]:
    """What is reached by the collection alone, the frame of the picture alone, a thumbnail of it alone."""
    found: dict[str, dict[str, dict[str, float]]] = {baseline: {} for baseline in BASELINES}
    for name in names:
        of_test = json.loads(dvc.api.read(SCORES_FILE.as_posix(), rev=name))["test"]["baselines"]
        fold = name.rpartition("-s")[0]
        for baseline in BASELINES:
            told = of_test.get(baseline, {"scores": {}})["scores"]
            found[baseline].setdefault(fold, {score: told[score]["value"] for score in SCORES if told.get(score)})
    return [
        {"recipe": f"{baseline} alone", "folds": len(of_folds), **spreads(pd.DataFrame(of_folds.values()))}
        for baseline, of_folds in found.items()
        if any(of_folds.values())
    ]


def spreads(table: pd.DataFrame) -> dict[str, str]:
    """Mean, lowest and highest of each score (column) over folds (rows), where every fold can tell it."""
    return {
        name: f"{table[name].mean():.3f} ({table[name].min():.3f} to {table[name].max():.3f})"
        for name in SCORES
        if name in table and table[name].notna().all()
    }


def _sources(plan: str, recipe: str, seeds: int, done: set[str]) -> list[FoldPredictions]:
    names = [experiment_name(plan, recipe, fold, seed) for fold in range(FOLDS) for seed in range(seeds)]
    return [read_fold(name) for name in names if name in done]


def _told(found: dict[str, Any]) -> str:
    return (
        f"{found['value']:+.3f} balanced accuracy (95 % interval {found['low']:+.3f} to {found['high']:+.3f}) "
        f"over the same {found['n']:,} pictures in {found['groups']:,} groups"
    )


if __name__ == "__main__":
    run(main, way_back="Experiments that are complete are kept.")
