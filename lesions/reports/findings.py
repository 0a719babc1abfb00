"""The findings of a run in sentences, each of which follows from its numbers by a rule: data, training, errors.

What the model may be used for, and what it looks at, is judged in lesions/reports/fit_for_use.py.
"""

from typing import Any

import pandas as pd

from lesions.data.diagnoses import diagnosis
from lesions.metrics.intervals import FEWEST, wilson
from lesions.rendering import formatting
from lesions.rendering.formatting import number, rate
from lesions.rendering.html import Section, Table
from lesions.reports import learning_curves
from lesions.reports.fit_for_use import attention, fit_for_use, probabilities
from lesions.reports.learning_curves import FitAssessment
from lesions.reports.run_results import COMPARISON, RunResults

PLAIN = "plain"  # name of the experiment without rebalancing in the commands
COMMANDS = (
    f"dvc exp run --temp --name {PLAIN} -S rebalance.method=none",
    f"python -m app.compare {PLAIN} reports/predictions.csv --format json > {COMPARISON}",
    "dvc repro",
)
SCORES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy (mean recall)",
    "macro_f1": "macro F1",
    "macro_auroc": "macro AUROC",
    "macro_average_precision": "macro average precision",
    "melanoma_auroc": "melanoma against the rest, AUROC",
    "melanoma_vs_nevus_auroc": "melanoma against nevus, AUROC",
}
SAME = 5e-4  # of a score: two runs whose scores are nearer than this are the same run


def findings(evidence: RunResults, method: str, target_sensitivity: float) -> list[Section]:
    """Every section of the report. method: of rebalancing, as in params.yaml; target_sensitivity: in [0, 1]."""
    return [
        _scores(evidence),
        fit_for_use(evidence, target_sensitivity),
        _classes(evidence),
        _fitting(fit_assessment(evidence), evidence.training),
        _rebalancing(evidence, method),
        _confusion(evidence),
        attention(evidence),
        probabilities(evidence),
        _unknown(evidence),
    ]


def fit_assessment(evidence: RunResults) -> FitAssessment:
    """Over- or underfitting, from the curves and the interval of the validation score."""
    interval = evidence.scores.get("val", {}).get("overall", {}).get("balanced_accuracy")
    kept = evidence.training["kept_epoch"]
    return learning_curves.assess_fit(evidence.curves, kept, len(evidence.classes), interval)


def score_table(evidence: RunResults) -> Table:
    """The scores of the test pictures with their intervals, the network beside its baselines."""
    baselines = evidence.held_out["baselines"]
    network = evidence.held_out["overall"]
    names = [name for name in SCORES if name in network]
    rows = [
        [SCORES[name], number(network[name]), *(number(found["scores"].get(name)) for found in baselines.values())]
        for name in names
    ]
    return Table(["score (95 % interval)", "network", *(name.replace("_", " ") for name in baselines)], rows)


def class_table(evidence: RunResults) -> Table:
    """Each class with its numbers of pictures and its scores on the test pictures."""
    rows = [
        [
            diagnosis(label).name,
            f"{found['n']:,}",
            f"{found['groups']:,}",
            rate(found["recall"]),
            number(found["precision"]),
            number(found["auroc"]),
        ]
        for label, found in evidence.held_out["per_class"].items()
    ]
    return Table(["class", "test pictures", "groups", "recall", "precision", "AUROC against the rest"], rows)


def _scores(evidence: RunResults) -> Section:
    head, overall = evidence.held_out["headline"], evidence.held_out["overall"]
    texts = [f"{head['n']:,} test pictures of {len(evidence.classes)} classes; accuracy {number(overall['accuracy'])}."]
    if "balanced_accuracy" in overall:
        chance = 1 / len(evidence.classes)
        texts[0] = texts[0][:-1] + (
            f", balanced accuracy {number(overall['balanced_accuracy'])}; always naming one class reaches {chance:.3f} "
            "of the latter."
        )
    else:
        texts.append(
            f"No mean over classes is given: the smallest class has {head['smallest_class_n']} test pictures, and one "
            "error would move the mean too far."
        )
    rare = [label for label, found in evidence.held_out["per_class"].items() if found["n"] < FEWEST]
    if rare:
        texts.append(f"Under {FEWEST} test pictures, so not estimable alone: {formatting.named(rare)}.")
    texts.append(
        "In brackets: 95 % intervals over groups of test pictures (patients, lesions). How scores vary when the same "
        "network is trained again is not in them."
    )
    return Section("How well does it do?", texts, [score_table(evidence), class_table(evidence)])


def _classes(evidence: RunResults) -> Section:
    counts = evidence.imbalance["classes"]
    rows = [
        [diagnosis(label).name, *(f"{found[name]:,}" for name in ("n_raw", "n_usable", "n_train", "n_add"))]
        for label, found in counts.items()
    ]
    columns = ["class", "raw files", "usable", "training", "new by the plan"]
    return Section(
        "Which classes have the fewest pictures, and which dominate?",
        evidence.imbalance["findings"],
        [Table(columns, rows)],
    )


def _fitting(fit: FitAssessment, training: dict[str, Any]) -> Section:
    return Section("Does it over- or underfit?", learning_curves.curve_values_text(fit, training))


def _rebalancing(evidence: RunResults, method: str) -> Section:
    title = "Did rebalancing help?"
    if method == "none":
        return Section(title, ["This run does not rebalance (rebalance.method: none), so there is nothing to compare."])
    how = "To compare: " + "; ".join(f"`{command}`" for command in COMMANDS) + "."
    found = evidence.comparison
    if found is None:
        return Section(title, ["This cannot be told: the same training without rebalancing was not compared.", how])
    if not _is_of_this_run(found, evidence):
        return Section(title, [f"This cannot be told: the comparison in {COMPARISON} is of other results.", how])
    verdicts = [_effect(name, row) for name, row in found["scores"].items()]
    note = (
        f"Both networks on the same {found['n']:,} test pictures, one training each: whether the recipes differ takes "
        "several seeds of each."
    )
    return Section(title, [*verdicts, note])


def _effect(name: str, row: dict[str, Any]) -> str:
    """Whether one score rose, fell, or cannot be told to have changed, with its interval."""
    difference = row["difference"]
    told = f"{row['a']:.3f} without, {row['b']:.3f} with it, difference {formatting.change(difference)}"
    if not row["excludes_zero"]:
        return f"Of {SCORES[name]} it cannot be told: {told}."
    return f"{'Yes' if difference['value'] > 0 else 'No, it did harm'}, in {SCORES[name]}: {told}."


def _is_of_this_run(comparison: dict[str, Any], evidence: RunResults) -> bool:
    """Whether B of the comparison has the scores of this run, on as many pictures."""
    overall = evidence.held_out["overall"]
    same = [abs(row["b"] - overall[name]["value"]) < SAME for name, row in comparison["scores"].items()]
    return bool(same) and all(same) and comparison["n"] == evidence.held_out["headline"]["n"]


def _confusion(evidence: RunResults) -> Section:
    title = "Which classes are taken for which?"
    pairs = evidence.held_out["most_confused"]
    if not pairs:
        return Section(title, ["No test picture is called wrongly."])
    texts = []
    for pair in pairs:
        found = evidence.held_out["per_class"][pair["truth"]]
        n = found["n"]
        low, high = wilson(pair["share"], found["groups"])
        share = rate({"value": pair["share"], "low": low, "high": high}) if n >= FEWEST else "too few for a share"
        truth, taken_for = diagnosis(pair["truth"]).name, diagnosis(pair["predicted"]).name
        texts.append(f"{pair['n']} of {n} pictures of {truth} are taken for {taken_for}: {share}.")
    both = {frozenset((pair["truth"], pair["predicted"])) for pair in pairs}
    mutual = [sorted(pair) for pair in both if sum({p["truth"], p["predicted"]} == pair for p in pairs) == 2]
    texts += [
        f"{formatting.named(pair).capitalize()} are among the most frequent errors both ways."
        for pair in sorted(mutual)
    ]
    return Section(title, texts + _dangerous(evidence) + _repeated(evidence))


def _dangerous(evidence: RunResults) -> list[str]:
    """Malignant pictures called benign, and missed melanomas."""
    rows = evidence.predictions[evidence.predictions["split"] == "test"]
    kinds = {label: diagnosis(label).malignancy for label in evidence.classes}
    truth, called = rows["label"].map(kinds), rows["predicted"].map(kinds)
    texts = []
    if (malignant := truth == "malignant").any():
        missed = int((malignant & (called == "benign")).sum())
        texts.append(f"{missed} of {int(malignant.sum())} malignant pictures are called a benign class.")
    if "melanoma" in evidence.classes and (melanomas := int((rows["label"] == "melanoma").sum())):
        calls = pd.Series([row["predicted"] for row in evidence.held_out["missed_melanomas"]], dtype=str)
        counts = [f"{n} {diagnosis(str(label)).name}" for label, n in calls.value_counts(sort=True).items()]
        what = f", called {formatting.join(counts)}" if counts else ""
        texts.append(f"{len(calls)} of {melanomas} melanomas are missed{what}.")
    return texts


def _repeated(evidence: RunResults) -> list[str]:
    found = evidence.held_out["repeatability"]
    if found["agreement"] is None:
        return []
    chance = f"{formatting.percent(found['by_chance'])} for pictures of different lesions of these classes"
    same = f"Photographs of one lesion are called the same in {rate(found['agreement'])} of pairs"
    return [f"{same} ({found['groups']} lesions with several; {chance})."]


def _unknown(evidence: RunResults) -> Section:
    repeat = evidence.held_out["repeatability"]
    texts = [
        "How much of a score is the luck of one training: repeat it, `dvc exp run --queue -S 'seed=range(0,3)'`.",
        "How it does on pictures of another clinic, camera or time: no external validation was made.",
        f"How it does on different skin tones: {evidence.held_out['subgroups']['skin_tone']}.",
        "How it compares with dermatologists: no person read these pictures.",
    ]
    if repeat["agreement"] is None:
        texts.append(f"Whether two photographs of one lesion are called the same: {repeat['note']}.")
    return Section("What is not known", texts)
