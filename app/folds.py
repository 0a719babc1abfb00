"""Gather the folds of a cross-validation: scores of each fold, their mean and range, and recall over all pictures.

Experiments with the same test pictures are repeats of one fold (other seeds): their scores are averaged first.
"""

import json
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd

from app.command_line import argument_parser
from app.fold_predictions import FoldPredictions, group_repeats, read_fold
from lesions.metrics import scores
from lesions.metrics.intervals import wilson
from lesions.runtime.console import run
from lesions.runtime.outputs import check_writable, whole_file

FOLD_SCORES = ("accuracy", "balanced_accuracy", "macro_auroc", "melanoma_auroc", "melanoma_vs_nevus_auroc")
AGGREGATES = ("mean", "min", "max")
NOTES = (
    "The spread over folds is no interval and gives no standard error: the models of the folds share training "
    "pictures, and the variance of their mean has no unbiased estimate (Bengio and Grandvalet, 2004).",
    "AUROC is a mean over folds, never pooled: scores of different models are not on one scale.",
    "low and high: 95 % interval of the pooled recall (Wilson, 1927), as if pictures were independent; too narrow "
    "where a class has fewer groups (patients, lesions) than pictures.",
)
EXAMPLES = """\
a cross-validation, from the start:
  dvc exp run --queue -S prepare.test=fold -S 'prepare.fold=range(0,5)'
  dvc queue start        # in the background; `dvc queue status` tells when all are done
  python -m app folds $(dvc exp list --name-only)
repeats of each fold: add -S 'seed=range(0,3)' to the first command, and give all 15 experiments.
"""


def main() -> None:
    """Read the command line, gather, print or write."""
    parser = argument_parser("folds", __doc__, EXAMPLES)
    parser.add_argument("experiments", nargs="+", metavar="EXP", help="experiment, Git revision, or predictions.csv")
    parser.add_argument("--format", choices=("table", "json", "csv"), default="table")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write there instead of printing")
    arguments = parser.parse_args()
    if arguments.out:
        check_writable(arguments.out, "--out")
    summary = summarise(group_repeats([read_fold(name) for name in arguments.experiments]))
    texts = {"table": summary_text, "json": lambda content: json.dumps(content, indent=2) + "\n", "csv": to_csv}
    text = texts[arguments.format](summary)
    if arguments.out is None:
        print(text, end="")
        return
    with whole_file(arguments.out) as file:
        file.write_text(text, encoding="utf-8")
    print(f"{arguments.out}: {len(summary['folds'])} folds", *summary["warnings"], sep="\nwarning: ")


def summarise(folds: list[list[FoldPredictions]]) -> dict[str, Any]:
    """The whole summary, ready for JSON: classes, folds, mean, min, max, pooled, warnings, notes."""
    classes = folds[0][0].classes
    rows = [_fold_scores(repeats, classes) for repeats in folds]
    fold_scores = pd.DataFrame(rows)[[name for name in FOLD_SCORES if all(name in row for row in rows)]]
    aggregates = {aggregate: fold_scores.agg(aggregate).round(scores.DIGITS).to_dict() for aggregate in AGGREGATES}
    summary = {"classes": classes, "folds": rows, **aggregates, "pooled": _pool(folds, classes)}
    return {**summary, "warnings": _warnings(folds), "notes": list(NOTES)}


def summary_text(summary: dict[str, Any]) -> str:
    """The summary as tables and sentences, for a terminal."""
    rows = [*summary["folds"], *({"fold": aggregate, **summary[aggregate]} for aggregate in AGGREGATES)]
    pooled = summary["pooled"]
    balanced = "-" if pooled["balanced_accuracy"] is None else pooled["balanced_accuracy"]
    confusion = pd.DataFrame(pooled["confusion"], index=summary["classes"], columns=summary["classes"])
    sentences = [*(f"warning: {warning}" for warning in summary["warnings"]), *summary["notes"]]
    parts = [
        pd.DataFrame(rows, dtype=object).drop(columns="from").to_string(index=False, na_rep="-"),
        f"(-: cannot be told, or a class has fewer than {scores.MIN_CASES_PER_CLASS} test pictures in a fold)",
        f"\nRecall over all {pooled['n']} test pictures (mean over classes: {balanced}):",
        pd.DataFrame.from_dict(pooled["per_class"], orient="index", dtype=object).to_string(na_rep="-"),
        "\nTest pictures by true class (rows) and predicted class (columns):",
        confusion.to_string(float_format="{:g}".format) + "\n",
    ]
    return "\n".join([*parts, *(fill(sentence, 110) for sentence in sentences), ""])


def to_csv(summary: dict[str, Any]) -> str:
    """One row per fold, one each for mean, min and max, and one per class with its pooled recall."""
    rows = [{"part": "fold", "of": row["fold"], **row} for row in summary["folds"]]
    rows += [{"part": aggregate, "of": "folds", **summary[aggregate]} for aggregate in AGGREGATES]
    rows += [{"part": "class", "of": label, **row} for label, row in summary["pooled"]["per_class"].items()]
    return pd.DataFrame(rows, dtype=object).drop(columns=["fold", "from"]).to_csv(index=False, lineterminator="\n")


def _fold_scores(repeats: list[FoldPredictions], classes: list[str]) -> dict[str, Any]:
    """The scores of a fold, each the mean over its repeats; an undefined score is left out."""
    means = pd.DataFrame([scores.headline(source.test, classes) for source in repeats]).mean().round(scores.DIGITS)
    names = [source.name for source in repeats]
    row = {"fold": repeats[0].fold or names[0], "from": names, "repeats": len(repeats), "n": len(repeats[0].test)}
    return row | {name: float(means[name]) for name in FOLD_SCORES if name in means}


def _pool(folds: list[list[FoldPredictions]], classes: list[str]) -> dict[str, Any]:
    """Confusion counts (a mean over repeats) summed over folds, and the recalls that follow from them."""
    per_fold = [np.mean([scores.confusion(source.test, classes) for source in repeats], axis=0) for repeats in folds]
    confusion = np.sum(per_fold, axis=0).round(scores.DIGITS)
    tests = pd.concat([repeats[0].test for repeats in folds])
    per_class = {label: _recall(tests[tests["label"] == label], confusion[i, i]) for i, label in enumerate(classes)}
    enough = min(row["n"] for row in per_class.values()) >= scores.MIN_CASES_PER_CLASS
    balanced = round(sum(row["recall"] for row in per_class.values()) / len(classes), scores.DIGITS) if enough else None
    return {"n": len(tests), "balanced_accuracy": balanced, "per_class": per_class, "confusion": confusion.tolist()}


def _recall(rows: pd.DataFrame, correct: float) -> dict[str, Any]:
    """Recall of one class: `correct` of its test pictures (rows), a mean over repeats and so maybe a fraction."""
    row: dict[str, Any] = {"n": len(rows), "groups": rows["group"].nunique(), "recall": None, "low": None, "high": None}
    if len(rows):
        low, high = wilson(correct / len(rows), len(rows))
        values = {"recall": correct / len(rows), "low": low, "high": high}
        row |= {name: round(value, scores.DIGITS) for name, value in values.items()}
    return row


def _warnings(folds: list[list[FoldPredictions]]) -> list[str]:
    """Warnings on missing folds, and on pictures that no fold tests, as far as the sources show."""
    sources = [source for repeats in folds for source in repeats]
    warnings = ["one test set only: this is no cross-validation"] if len(folds) == 1 else []
    expected = {str(number) for source in sources if source.fold for number in range(source.recipe["prepare.folds"])}
    missing = sorted(expected - {source.fold for source in sources}, key=int)
    if missing and all(source.fold for source in sources):
        warnings.append(f"of {len(expected)} folds, numbered from 0, these are missing: {', '.join(missing)}")
    tested = sum(len(repeats[0].test) for repeats in folds)
    pictures = max(
        len(set().union(*({*s.test["image_id"], *s.val["image_id"]} for s in sources))), *(s.pictures for s in sources)
    )
    if tested < pictures:
        least = "" if any(source.pictures for source in sources) else "at least "
        warnings.append(f"{tested} of {least}{pictures} pictures were tested ({tested / pictures:.0%})")
    return warnings


if __name__ == "__main__":
    run(main, recovery_hint="")
