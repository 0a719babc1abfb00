"""Train several recipes on the same folds with the same seeds, and compare them picture by picture.

A plan is a YAML file: names of recipes, each with the params in which it differs from params.yaml. Every training is an
experiment of its own, <plan>-<recipe>-f<fold>-s<seed>; those that are there already are not run again, so that an
interrupted comparison goes on where it stopped.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dvc.api
import numpy as np
import pandas as pd
import yaml
from dvc.repo import Repo
from tqdm import tqdm

from app.folds import Source, group_repeats, read_source
from benchmarks.measuring import markdown
from lesions.console import UserError, run
from lesions.intervals import bootstrap_weights, estimate
from lesions.outputs import whole_file
from lesions.scores import headline

FOLDS = 5
LOGS = Path("tmp")
SCORES_FILE = "reports/scores.json"
BASELINES = ("origin", "frame", "thumbnail")
SCORES = ("balanced_accuracy", "accuracy", "macro_auroc", "melanoma_auroc", "melanoma_vs_nevus_auroc")

Plan = dict[str, dict[str, Any]]


def main() -> None:
    """Read the command line, run what is missing, print the comparison."""
    parser = argparse.ArgumentParser("python -m benchmarks.cross_validation", description=__doc__)
    parser.add_argument("plan", type=Path, help="for example benchmarks/recipe.yaml")
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
    wanted = {
        experiment_name(name, recipe, fold, seed): [*data, *_settings(changes), f"prepare.fold={fold}", f"seed={seed}"]
        for seed in range(arguments.seeds)
        for fold in range(FOLDS)
        for recipe, changes in plan.items()
    }
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


def read_plan(path: Path) -> Plan:
    """The recipes of a plan by name, each with its params by dotted name. Raises UserError where it is none."""
    try:
        plan = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"{path} cannot be read as a plan: {error}".partition("\n")[0]) from None
    if not isinstance(plan, dict) or not all(isinstance(changes, dict) for changes in plan.values()):
        raise UserError(f"{path}: a plan has a name for each recipe, and below it params: `lesion_net: {{epochs: 30}}`")
    return plan


def experiment_name(plan: str, recipe: str, fold: int, seed: int) -> str:
    return f"{plan}-{recipe}-f{fold}-s{seed}"


def finished() -> set[str]:
    """The names of the experiments on the current commit."""
    return {name for found in Repo().experiments.ls().values() for name, _ in found}


def run_missing(wanted: dict[str, list[str]]) -> None:
    """Run the experiments that are not there, one after the other; the output of each goes to a file."""
    LOGS.mkdir(exist_ok=True)
    done = finished()
    missing = [name for name in wanted if name not in done]
    for name in tqdm(missing, "experiments", unit="run", disable=None):
        log, started = LOGS / f"{name}.log", time.monotonic()
        settings = [part for setting in wanted[name] for part in ("-S", setting)]
        command = [sys.executable, "-m", "dvc", "exp", "run", "--temp", "--name", name, *settings, "evaluate"]
        with log.open("w", encoding="utf-8") as file:
            code = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, check=False).returncode
        if code:
            raise UserError(f"{name} failed: {log} says why; run the same command again to go on")
        print(f"{name}: {time.monotonic() - started:.0f} s", flush=True)


def compare(recipes: dict[str, list[Source]], baselines_of: Sequence[str] = ()) -> str:
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
    pooled = {recipe: _recognised(found) for recipe, found in folds.items()}
    against = [f"- {first} against {other}: {_difference(pooled[first], pooled[other])}" for other in others]
    parts = [
        "Mean over folds (lowest to highest fold); a fold is the mean over its seeds.",
        "Validation pictures, by which a recipe is chosen:",
        markdown(pd.DataFrame(rows["val"]).fillna("-")),
        "Test pictures:",
        markdown(pd.DataFrame(rows["test"]).fillna("-")),
        "\n".join(against),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _scores(folds: list[list[Source]], split: str) -> dict[str, str]:
    of_folds = []
    for repeats in folds:
        told = [headline(source.val if split == "val" else source.test, source.classes) for source in repeats]
        of_folds.append(pd.DataFrame(told).mean())
    return _spreads(pd.DataFrame(of_folds))


def _baselines(names: Sequence[str]) -> list[dict[str, Any]]:
    """What is reached by the collection alone, the frame of the picture alone, a thumbnail of it alone."""
    found: dict[str, dict[str, dict[str, float]]] = {baseline: {} for baseline in BASELINES}
    for name in names:
        of_test = json.loads(dvc.api.read(SCORES_FILE, rev=name))["test"]["baselines"]
        fold = name.rpartition("-s")[0]
        for baseline in BASELINES:
            told = of_test.get(baseline, {"scores": {}})["scores"]
            found[baseline].setdefault(fold, {score: told[score]["value"] for score in SCORES if told.get(score)})
    return [
        {"recipe": f"{baseline} alone", "folds": len(of_folds), **_spreads(pd.DataFrame(of_folds.values()))}
        for baseline, of_folds in found.items()
        if any(of_folds.values())
    ]


def _spreads(table: pd.DataFrame) -> dict[str, str]:
    """Mean, lowest and highest of each score (column) over folds (rows), where every fold can tell it."""
    return {
        name: f"{table[name].mean():.3f} ({table[name].min():.3f} to {table[name].max():.3f})"
        for name in SCORES
        if name in table and table[name].notna().all()
    }


def _settings(changes: dict[str, Any]) -> list[str]:
    given = [f"{key}={'null' if value is None else value}" for key, value in changes.items()]
    return ["prepare.test=fold", f"prepare.folds={FOLDS}", *given]


def _sources(plan: str, recipe: str, seeds: int, done: set[str]) -> list[Source]:
    names = [experiment_name(plan, recipe, fold, seed) for fold in range(FOLDS) for seed in range(seeds)]
    return [read_source(name) for name in names if name in done]


def _recognised(folds: list[list[Source]]) -> pd.DataFrame:
    """Every test picture of every fold, with the share of the seeds under which it was recognised."""
    tests = []
    for repeats in folds:
        right = np.mean([(source.test["label"] == source.test["predicted"]).to_numpy() for source in repeats], axis=0)
        tests.append(repeats[0].test[["image_id", "group", "label"]].assign(right=right))
    return pd.concat(tests).set_index("image_id").sort_index()


def _difference(one: pd.DataFrame, other: pd.DataFrame) -> str:
    """How much more of the classes' pictures the one recognises: 95 % interval over groups, of pictures both tested."""
    both = one.join(other["right"].rename("right_other"), how="inner")
    weights = bootstrap_weights(both["label"], both["group"], seed=0)
    gains = (both["right"] - both["right_other"]).to_numpy()
    classes = sorted(both["label"].unique())
    members = np.stack([(both["label"] == label).to_numpy(dtype=np.float64) for label in classes], axis=1)
    found = estimate(((weights * gains) @ members / (weights @ members)).mean(axis=1)) or {}
    return (
        f"{found['value']:+.3f} balanced accuracy (95 % interval {found['low']:+.3f} to {found['high']:+.3f}) "
        f"over the same {len(both):,} pictures in {both['group'].nunique():,} groups"
    )


if __name__ == "__main__":
    run(main, way_back="Experiments that are complete are kept.")
