"""Compare two experiments on the same test pictures: differences with 95 % intervals, paired.

Both are scored on the same resamples of groups (patients, lesions, pictures) within each class, so that what makes a
picture easy or hard for both cancels out. An interval that excludes zero tells these two trained networks apart;
whether two recipes differ takes several seeds of each.
"""

import json
from textwrap import fill

import pandas as pd

from app.command_line import argument_parser
from app.fold_predictions import FoldPredictions, read_fold
from lesions.data.results.comparison import Comparison, ScoreComparison
from lesions.data.results.estimates import Estimate
from lesions.data.results.scores import ScoreName
from lesions.metrics.intervals import RESAMPLES, bootstrap_weights, estimate
from lesions.metrics.scores import DIGITS, MIN_CASES_PER_CLASS, score_samples
from lesions.runtime.console import UserError, run

SCORES: dict[ScoreName, str] = {
    "balanced_accuracy": "balanced accuracy",
    "accuracy": "accuracy",
    "macro_auroc": "macro AUROC",
    "melanoma_auroc": "melanoma AUROC",
    "melanoma_vs_nevus_auroc": "melanoma against nevus AUROC",
}
SEED = 0
NOTES = (
    f"Difference: B minus A. Interval: 95 %, {RESAMPLES:,} resamples of groups within each class, the same for both.",
    "It is about these two trained networks: for a statement on two recipes, repeat each with several seeds.",
)
EXAMPLES = """\
examples:
  python -m app compare main busty-gean          # an experiment of `dvc exp list` against a branch
  python -m app compare a.csv b.csv --format json
"""


def main() -> None:
    """Read the command line, compare, print."""
    parser = argument_parser("compare", __doc__, EXAMPLES)
    parser.add_argument("a", metavar="A", help="experiment, Git revision, or predictions.csv")
    parser.add_argument("b", metavar="B", help="the same")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    arguments = parser.parse_args()
    comparison = compare(read_fold(arguments.a), read_fold(arguments.b))
    print(json.dumps(comparison.as_json(), indent=2) if arguments.format == "json" else comparison_text(comparison))


def compare(a: FoldPredictions, b: FoldPredictions) -> Comparison:
    """The scores of a and b, and b minus a.

    Scores that the test pictures do not determine are left out. Raises UserError where classes or test pictures differ.
    """
    check_comparable(a, b)
    weights = bootstrap_weights(a.test["label"], a.test["group"], SEED)
    values = [score_samples(source.test, a.classes, weights).overall for source in (a, b)]
    scores: dict[ScoreName, ScoreComparison] = {}
    for name in SCORES:
        if name in values[0] and (difference := estimate(values[1][name] - values[0][name])):
            one, other = (round(float(samples[name][0]), DIGITS) for samples in values)
            scores[name] = ScoreComparison(
                a=one, b=other, difference=difference, excludes_zero=difference.excludes_zero
            )
    return Comparison(
        a=a.name,
        b=b.name,
        n=len(a.test),
        n_groups=int(a.test["group"].nunique()),
        n_label_changes=int((a.test["predicted"] != b.test["predicted"]).sum()),
        classes=a.classes,
        scores=scores,
        notes=list(NOTES),
    )


def check_comparable(a: FoldPredictions, b: FoldPredictions) -> None:
    """Raise UserError where the two cannot be compared picture by picture."""
    if a.classes != b.classes:
        differ = ", ".join(sorted({*a.classes} ^ {*b.classes})) or "in another order"
        raise UserError(f"{a.name} and {b.name} know different classes: {differ}")
    one, other = set(a.test["image_id"]), set(b.test["image_id"])
    if one != other:
        raise UserError(
            f"{a.name} and {b.name} have different test pictures: {len(one)} and {len(other)}, {len(one & other)} in "
            "common; take the same data, prepare.split_seed and prepare.fold for both"
        )
    for column in ("label", "group"):
        changed = int((a.test[column] != b.test[column]).sum())
        if changed:
            raise UserError(f"{a.name} and {b.name} have different {column}s for {changed} of {len(one)} test pictures")


def comparison_text(comparison: Comparison) -> str:
    """The comparison as a table and sentences, for a terminal."""
    rows = [
        {
            "score": SCORES[name],
            "A": f"{row.a:.3f}",
            "B": f"{row.b:.3f}",
            "B - A": f"{row.difference.value:+.3f}",
            "95 % interval": _interval(row.difference),
            "excludes zero": "yes" if row.excludes_zero else "no",
        }
        for name, row in comparison.scores.items()
    ]
    missing = [text for name, text in SCORES.items() if name not in comparison.scores]
    counts = f"{comparison.n} test pictures of {comparison.n_groups} groups"
    parts = [
        f"A: {comparison.a}\nB: {comparison.b}",
        f"{counts}, {comparison.n_label_changes} called differently\n",
        pd.DataFrame(rows).to_string(index=False),
    ]
    if missing:
        reason = (
            f"a class, or a side, has too few test pictures (means over classes need {MIN_CASES_PER_CLASS} of each)"
        )
        parts.append(f"not told: {', '.join(missing)}: {reason}")
    return "\n".join([*parts, "", *(fill(note, 110) for note in comparison.notes)])


def _interval(difference: Estimate) -> str:
    if difference.low is None or difference.high is None:
        return "-"
    return f"{difference.low:+.3f} to {difference.high:+.3f}"


if __name__ == "__main__":
    run(main, recovery_hint="Nothing was changed.")
