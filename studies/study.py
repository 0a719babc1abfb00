"""The study of the write-ups: their experiments, run on the same folds, and a verdict on each claim.

`make study DATASET=... LABELS=...` queues what is missing of studies/study.yaml, trains what studies/leak.py
needs, and writes docs/study.md with its charts. Stopped, the same command goes on.
"""

import argparse
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.measuring import markdown
from lesions.metrics.scores import headline
from lesions.rendering import figures
from lesions.runtime.console import run
from lesions.runtime.outputs import check_writable, whole_file
from studies import study_charts, study_claims
from studies.experiments import planned_experiments, read_plan, run_missing
from studies.leak import measure_leakage
from studies.paired import picture_accuracy, score_estimate
from studies.study_results import REBALANCED, STUDY, RecipeResults, read_recipes

RECIPE_DESCRIPTIONS = """\
All but `lesion_net` train at a constant rate, in batches of 32, for 50 epochs, as the notebooks do:

- `model1`: the notebooks' network on the nine-class set, without more. `model2`: with dropout, and flips, turns and
zoom while training. `model3`: with dropout, and 500 new pictures of each class by Augmentor.
- `model3_plain`: `model3` without the new pictures. `model3_batch_norm`: with normalisation after each convolution.
`model3_sgd`, `model3_rmsprop`, `model3_adagrad`: another optimizer in place of Adam, each at the rate that Keras gives.
- `ham_cnn`: as `model3`, with the network of the notebooks on HAM10000.
- `lesion_net`: the network and recipe of `params.yaml`, but with 50 epochs, from random weights, with plain steps, and
  each picture seen once.
  `lesion_net_plain`: the same without rebalancing.
"""
SCORE_TITLES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_auroc": "macro AUROC",
    "melanoma_vs_nevus_auroc": "melanoma against nevus",
}


def main() -> None:
    """Read the command line, run what is missing, write the study."""
    parser = argparse.ArgumentParser("python -m studies.study", description=__doc__)
    parser.add_argument("--dataset", type=Path, required=True, help="folder with the raw pictures")
    parser.add_argument("--labels", type=Path, default=Path("data/labels"), help="folder with official tables")
    parser.add_argument("--folds", type=int, default=3, metavar="N", help="of 5")
    parser.add_argument("--out", type=Path, default=Path("docs/study.md"), metavar="FILE", help="charts go beside it")
    arguments = parser.parse_args()
    check_writable(arguments.out, "--out")
    folds, plan = range(arguments.folds), read_plan(STUDY)
    dataset, labels = arguments.dataset.resolve(), arguments.labels.resolve()
    data = [f"dataset={dataset}", f"labels={labels}"]
    run_missing(planned_experiments(STUDY.stem, plan, data, folds, [0]))
    leaks = [measure_leakage(fold, dataset, labels) for fold in folds]
    recipes = read_recipes(STUDY.stem, plan, folds)
    write(arguments.out, recipes, leaks)
    print(f"{arguments.out}: {len(recipes)} recipes on {len(folds)} folds")


def write(out: Path, recipes: dict[str, RecipeResults], leaks: list[dict[str, Any]]) -> None:
    """The page and its charts, which get the page's name and an ending of their own."""
    scores = {name: picture_accuracy(recipe.folds) for name, recipe in recipes.items()}
    balanced = {name: score_estimate(table) for name, table in scores.items()}
    charts = {
        "scores": study_charts.scores_chart(balanced),
        "curves": study_charts.curves_chart({name: recipe.curves for name, recipe in recipes.items()}),
        "leak": study_charts.leak_chart(leaks, recipes[REBALANCED].predictions),
    }
    for name, chart in charts.items():
        figures.save(chart, out.with_name(f"{out.stem}_{name}.png"))
    with whole_file(out) as file:
        file.write_text(page(recipes, scores, leaks, out.stem), encoding="utf-8")


def page(
    recipes: dict[str, RecipeResults], scores: dict[str, pd.DataFrame], leaks: list[dict[str, Any]], stem: str
) -> str:
    """The text of docs/study.md."""
    first = next(iter(recipes.values()))
    n, groups = len(scores[first.name]), scores[first.name]["group"].nunique()
    claims = study_claims.judge_all(recipes, scores, leaks)
    parts = [
        "# What the write-ups claim, tried",
        f"Made by `make study` from {len(recipes)} recipes (`{STUDY}`) on {len(first.folds)} folds, one training each: "
        f"{n:,} test pictures in {groups:,} groups, {len(first.classes)} classes; pictures of one lesion or patient, "
        "and copies of one picture, are never on two sides. A fold's test pictures are read once, after its training. "
        "The notebooks' pictures are larger than these: it is the changes from row to row that are of interest, not "
        "the height of the scores.",
        f"![Balanced accuracy of each recipe]({stem}_scores.png)",
        "## Claim by claim",
        "`holds` and `does not hold`: the 95 % interval of the difference, over groups of test pictures, lies on that "
        "side of zero. `cannot be told`: it does not, or these pictures cannot answer. The intervals hold what other "
        "pictures would change; what another seed would change comes on top.",
        markdown(pd.DataFrame([claim._asdict() for claim in claims])),
        "## Every recipe",
        RECIPE_DESCRIPTIONS.strip(),
        "Mean over folds (lowest to highest fold). Training accuracy is that of the last epoch, with dropout and "
        "changes on.",
        markdown(pd.DataFrame([_row(recipe) for recipe in recipes.values()])),
        "## Epochs",
        f"![Learning curves]({stem}_curves.png)",
        "Balanced accuracy on validation pictures, mean over folds of the five epochs that end there:",
        markdown(pd.DataFrame(study_claims.epoch_rows(recipes))),
        "## The leak",
        f"![What validation claims, and what the test says]({stem}_leak.png)",
        "The same network and the same training, but for the order: the notebooks write Augmentor's copies into the "
        "training folder and split that folder at random; here the split comes first, and only training pictures are "
        "copied. `python -m studies.leak` trains the former in a folder of its own.",
        markdown(pd.DataFrame(study_claims.leak_rows(leaks, recipes[REBALANCED].predictions))),
    ]
    return "\n\n".join(parts) + "\n"


def _row(recipe: RecipeResults) -> dict[str, str]:
    row: dict[str, str] = {"recipe": recipe.name}
    last = pd.Series([curve["train_accuracy"].iloc[-1] for curve in recipe.curves])
    row["training accuracy"] = _spread(last)
    for split in ("val", "test"):
        scores = pd.DataFrame(
            [headline(getattr(predictions, split), recipe.classes) for predictions in recipe.predictions]
        )
        names = SCORE_TITLES if split == "test" else {"accuracy": "accuracy"}
        row |= {f"{split}: {SCORE_TITLES[name]}": _spread(scores[name]) for name in names if name in scores}
    return row


def _spread(values: pd.Series) -> str:
    return f"{values.mean():.2f} ({values.min():.2f} to {values.max():.2f})"


if __name__ == "__main__":
    run(main, recovery_hint="Experiments that are complete are kept; the same command goes on.")
