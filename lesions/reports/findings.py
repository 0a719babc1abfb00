"""The findings of a run, as sentences derived by rules from its numbers: data, training, errors.

Fitness for use, heat maps and calibration have modules of their own.
"""

from typing import Any

import pandas as pd

from lesions.data.diagnoses import diagnosis
from lesions.data.results.comparison import Comparison, ScoreComparison
from lesions.data.results.estimates import Estimate
from lesions.data.results.scores import ScoreName
from lesions.metrics.intervals import MIN_CASES, wilson
from lesions.rendering import formatting
from lesions.rendering.formatting import format_estimate, format_proportion
from lesions.rendering.html import Section, Table
from lesions.reports import learning_curves
from lesions.reports.calibration import calibration_section
from lesions.reports.fit_for_use import fit_for_use_section
from lesions.reports.heatmaps import heatmap_section
from lesions.reports.learning_curves import FitAssessment
from lesions.reports.run_results import COMPARISON, RunResults

PLAIN_EXPERIMENT = "plain"  # without rebalancing
COMPARISON_COMMANDS = (
    f"dvc exp run --temp --name {PLAIN_EXPERIMENT} -S rebalance.method=none",
    f"python -m app.compare {PLAIN_EXPERIMENT} reports/predictions.csv --format json > {COMPARISON}",
    "dvc repro",
)
SCORE_NAMES: dict[ScoreName, str] = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy (mean recall)",
    "macro_f1": "macro F1",
    "macro_auroc": "macro AUROC",
    "macro_average_precision": "macro average precision",
    "melanoma_auroc": "melanoma against the rest, AUROC",
    "melanoma_vs_nevus_auroc": "melanoma against nevus, AUROC",
}
SAME_RUN_TOLERANCE = 5e-4  # above the rounding error of one score in two files


def findings(results: RunResults, method: str, target_sensitivity: float) -> list[Section]:
    """Every section of the report. method: of rebalancing, as in params.yaml; target_sensitivity: in [0, 1]."""
    return [
        _scores(results),
        fit_for_use_section(results, target_sensitivity),
        _classes(results),
        _over_and_underfitting(fit_assessment(results), results.training),
        _rebalancing(results, method),
        _confusion(results),
        heatmap_section(results),
        calibration_section(results),
        _limitations(results),
    ]


def fit_assessment(results: RunResults) -> FitAssessment:
    """Over- or underfitting, from the curves and the interval of the validation score."""
    interval = results.scores.val.overall.get("balanced_accuracy")
    checkpoint_epoch = results.training["kept_epoch"]
    return learning_curves.assess_fit(results.curves, checkpoint_epoch, len(results.classes), interval)


def score_table(results: RunResults) -> Table:
    """The test scores with their intervals, the network beside its baselines."""
    baselines, network = results.test_scores.baselines, results.test_scores.overall
    rows = [
        [text, format_estimate(network[name]), *(format_estimate(row.scores.get(name)) for row in baselines.values())]
        for name, text in SCORE_NAMES.items()
        if name in network
    ]
    return Table(["score (95 % interval)", "network", *(name.replace("_", " ") for name in baselines)], rows)


def class_table(results: RunResults) -> Table:
    """Each class with its numbers of pictures and its scores on the test pictures."""
    rows = [
        [
            diagnosis(label).name,
            f"{row.n:,}",
            f"{row.n_groups:,}",
            format_proportion(row.recall),
            format_estimate(row.precision),
            format_estimate(row.auroc),
        ]
        for label, row in results.test_scores.per_class.items()
    ]
    return Table(["class", "test pictures", "groups", "recall", "precision", "AUROC against the rest"], rows)


def _scores(results: RunResults) -> Section:
    test, overall = results.test_scores, results.test_scores.overall
    texts = [
        f"{test.n:,} test pictures of {len(results.classes)} classes; accuracy "
        f"{format_estimate(overall.get('accuracy'))}."
    ]
    if "balanced_accuracy" in overall:
        chance = 1 / len(results.classes)
        texts[0] = texts[0][:-1] + (
            f", balanced accuracy {format_estimate(overall['balanced_accuracy'])}; always naming one class reaches "
            f"{chance:.3f} of the latter."
        )
    else:
        texts.append(
            f"No mean over classes is given: the smallest class has {test.smallest_class_n} test pictures, and "
            "one error would move the mean too far."
        )
    rare = [label for label, row in test.per_class.items() if row.n < MIN_CASES]
    if rare:
        texts.append(f"Under {MIN_CASES} test pictures, so not estimable alone: {formatting.join_class_names(rare)}.")
    texts.append(
        "In brackets: 95 % intervals over groups of test pictures (patients, lesions). How scores vary when the same "
        "network is trained again is not in them."
    )
    return Section("How well does it do?", texts, [score_table(results), class_table(results)])


def _classes(results: RunResults) -> Section:
    rows = [
        [diagnosis(label).name, *(f"{n:,}" for n in (row.n_raw, row.n_usable, row.n_train, row.n_add))]
        for label, row in results.imbalance.classes.items()
    ]
    columns = ["class", "raw files", "usable", "training", "new by the plan"]
    return Section(
        "Which classes have the fewest pictures, and which dominate?",
        results.imbalance.findings,
        [Table(columns, rows)],
    )


def _over_and_underfitting(fit: FitAssessment, training: dict[str, Any]) -> Section:
    return Section("Does it over- or underfit?", learning_curves.curve_values_text(fit, training))


def _rebalancing(results: RunResults, method: str) -> Section:
    title = "Did rebalancing help?"
    if method == "none":
        return Section(title, ["This run does not rebalance (rebalance.method: none), so there is nothing to compare."])
    instructions = "To compare: " + "; ".join(f"`{command}`" for command in COMPARISON_COMMANDS) + "."
    comparison = results.comparison
    if comparison is None:
        return Section(
            title, ["This cannot be told: the same training without rebalancing was not compared.", instructions]
        )
    if not _is_of_this_run(comparison, results):
        return Section(
            title, [f"This cannot be told: the comparison in {COMPARISON} is of other results.", instructions]
        )
    verdicts = [_score_change(name, row) for name, row in comparison.scores.items()]
    note = (
        f"Both networks on the same {comparison.n:,} test pictures, one training each: whether the recipes differ "
        "takes several seeds of each."
    )
    return Section(title, [*verdicts, note])


def _score_change(name: ScoreName, row: ScoreComparison) -> str:
    """Whether rebalancing raised or lowered one score, or neither for certain, with the interval."""
    difference = formatting.format_difference(row.difference)
    values = f"{row.a:.3f} without, {row.b:.3f} with it, difference {difference}"
    if not row.excludes_zero:
        return f"Of {SCORE_NAMES[name]} it cannot be told: {values}."
    return f"{'Yes' if row.difference.value > 0 else 'No, it did harm'}, in {SCORE_NAMES[name]}: {values}."


def _is_of_this_run(comparison: Comparison, results: RunResults) -> bool:
    """Whether B of the comparison has the scores of this run, on as many pictures."""
    overall = results.test_scores.overall
    same = [abs(row.b - overall[name].value) < SAME_RUN_TOLERANCE for name, row in comparison.scores.items()]
    return bool(same) and all(same) and comparison.n == results.test_scores.n


def _confusion(results: RunResults) -> Section:
    title = "Which classes are taken for which?"
    pairs = results.test_scores.most_confused
    if not pairs:
        return Section(title, ["No test picture is called wrongly."])
    texts = []
    for pair in pairs:
        row = results.test_scores.per_class[pair.label]
        low, high = wilson(pair.fraction, row.n_groups)
        fraction = format_proportion(Estimate(value=pair.fraction, low=low, high=high))
        truth, prediction = diagnosis(pair.label).name, diagnosis(pair.predicted).name
        texts.append(
            f"{pair.n} of {row.n} pictures of {truth} are taken for {prediction}: "
            f"{fraction if row.n >= MIN_CASES else 'too few for a share'}."
        )
    both = {frozenset((pair.label, pair.predicted)) for pair in pairs}
    mutual = [sorted(pair) for pair in both if sum({p.label, p.predicted} == pair for p in pairs) == 2]
    texts += [
        f"{formatting.join_class_names(pair).capitalize()} are among the most frequent errors both ways."
        for pair in sorted(mutual)
    ]
    return Section(title, texts + _malignant_errors(results) + _repeatability(results))


def _malignant_errors(results: RunResults) -> list[str]:
    """Malignant pictures predicted as benign, and missed melanomas."""
    rows = results.predictions[results.predictions["split"] == "test"]
    malignancy = {label: diagnosis(label).malignancy for label in results.classes}
    truth, prediction = rows["label"].map(malignancy), rows["predicted"].map(malignancy)
    texts = []
    if (malignant := truth == "malignant").any():
        missed = int((malignant & (prediction == "benign")).sum())
        texts.append(f"{missed} of {int(malignant.sum())} malignant pictures are called a benign class.")
    if "melanoma" in results.classes and (melanomas := int((rows["label"] == "melanoma").sum())):
        predictions = pd.Series([row.predicted for row in results.test_scores.missed_melanomas], dtype=str)
        counts = [f"{n} {diagnosis(str(label)).name}" for label, n in predictions.value_counts(sort=True).items()]
        predicted_as = f", called {formatting.join_names(counts)}" if counts else ""
        texts.append(f"{len(predictions)} of {melanomas} melanomas are missed{predicted_as}.")
    return texts


def _repeatability(results: RunResults) -> list[str]:
    found = results.test_scores.repeatability
    if found.agreement is None or found.expected_agreement is None:
        return []
    chance = f"{formatting.format_percent(found.expected_agreement)} for pictures of different lesions of these classes"
    same = f"Photographs of one lesion are called the same in {format_proportion(found.agreement)} of pairs"
    return [f"{same} ({found.n_groups} lesions with several; {chance})."]


def _limitations(results: RunResults) -> Section:
    repeatability = results.test_scores.repeatability
    texts = [
        "How much of a score is the luck of one training: repeat it, `dvc exp run --queue -S 'seed=range(0,3)'`.",
        "How it does on pictures of another clinic, camera or time: no external validation was made.",
        "How it compares with dermatologists: no person read these pictures.",
    ]
    subgroups = results.test_scores.subgroups
    if not any(row.attribute == "skin_type" for row in subgroups.rows):
        texts.append(f"How it does on different skin tones: {subgroups.skin_tone}.")
    if repeatability.agreement is None:
        few = f"{repeatability.n_groups} groups of several pictures, at least {MIN_CASES} needed"
        texts.append(f"Whether two photographs of one lesion are called the same: not estimable: {few}.")
    return Section("What is not known", texts)
