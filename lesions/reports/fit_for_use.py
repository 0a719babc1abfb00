"""Fitness for use of a model, judged by rules on its numbers."""

from lesions.data.diagnoses import unclear_name
from lesions.data.results.estimates import Estimate
from lesions.data.results.scores import Baseline
from lesions.metrics.intervals import MIN_CASES
from lesions.rendering import formatting
from lesions.rendering.formatting import format_difference, format_percent, format_proportion
from lesions.rendering.html import Section, Table
from lesions.reports.run_results import RunResults

CONFOUNDING_CRAMERS_V = 0.5  # of class and collection: from here on one largely determines the other
LOW_PREVALENCE, HIGH_PREVALENCE = "0.01", "0.20"  # the first about that of melanoma in general practice


def fit_for_use_section(results: RunResults, target_sensitivity: float) -> Section:
    """The reasons against use on people, each with its number, then the uses that remain."""
    reasons_against = [
        *_synthetic_warning(results),
        "No external validation was made: every picture comes from the collections it was trained on.",
        *filter(None, map(unclear_name, results.classes)),
        *_rare_classes(results),
        *_target_sensitivity(results, target_sensitivity),
        *_confounding(results),
        *_unbeaten_baselines(results),
    ]
    texts = ["Not fit for any decision on people, for the reasons below. It is not a medical device.", *reasons_against]
    score, gain = _gain(results.test_scores.baselines["thumbnail"])
    if gain and gain.excludes_zero and gain.value > 0:
        texts.append(
            "It has learnt more than colours and coarse shapes: it beats a forest on 10 x 10 pixels by "
            f"{format_difference(gain)} in {score}."
        )
    if any(row.n >= MIN_CASES for row in results.test_scores.per_class.values()):
        texts.append("It is fit for comparing recipes on these same pictures, paired, and for teaching how.")
    else:
        texts.append("These test pictures are too few even for comparing recipes.")
    return Section("Is it fit for use, and for what not?", texts, _thresholds(results))


def _synthetic_warning(results: RunResults) -> list[str]:
    text = "The pictures are synthetic, drawn by a program: no number here says anything about skin."
    return [text] if results.synthetic else []


def _rare_classes(results: RunResults) -> list[str]:
    rare = [label for label, row in results.test_scores.per_class.items() if row.n < MIN_CASES]
    if not rare:
        return []
    return [
        f"Under {MIN_CASES} test pictures, so that nothing can be said of them: {formatting.join_class_names(rare)}."
    ]


def _target_sensitivity(results: RunResults, target: float) -> list[str]:
    """For melanoma and malignancy, whether the threshold chosen for the target sensitivity reaches it on the test."""
    texts = []
    for name in ("melanoma", "malignant"):
        point = results.test_scores.operating_points.get(name)
        if not point or not point.sensitivity:
            continue
        sensitivity = point.sensitivity
        if sensitivity.low >= target:
            verdict = "which keeps the promise"
        elif sensitivity.high < target:
            verdict = "which breaks the promise"
        else:
            verdict = "so that the promise is neither kept nor broken for certain"
        text = (
            f"The threshold for {format_percent(target)} sensitivity to {_condition(name)} reaches "
            f"{format_proportion(sensitivity)}, {verdict}."
        )
        ppv = point.ppv.get(LOW_PREVALENCE)
        if ppv:
            text += f" Where 1 picture in 100 is a case, {100 * ppv.value:.0f} of 100 that it flags would be one."
        texts.append(text)
    return texts


def _condition(name: str) -> str:
    return {"melanoma": "melanoma", "malignant": "malignancy"}[name]


def _confounding(results: RunResults) -> list[str]:
    """A warning where class and collection are associated: overall scores then partly measure the collection."""
    cramers_v = results.prepare.audit.cramers_v.origin
    if cramers_v is None or cramers_v < CONFOUNDING_CRAMERS_V:
        return []
    return [
        f"Class and collection go together (Cramer's V {cramers_v:.2f}; 1: one gives away the other), so scores across "
        "collections are inflated. Melanoma against nevus is fairer where both come from one."
    ]


def _unbeaten_baselines(results: RunResults) -> list[str]:
    """Baselines over which the network has no clear gain in balanced accuracy, or in accuracy where that is missing."""
    texts = []
    for name, baseline in results.test_scores.baselines.items():
        score, gain = _gain(baseline)
        if gain and not (gain.excludes_zero and gain.value > 0):
            known_as = f"'{name.replace('_', ' ')}' ({baseline.description.replace('_', ' ')})"
            difference = f"difference in {score} {format_difference(gain)}"
            texts.append(f"It is not shown to beat the baseline {known_as}: {difference}.")
    return texts


def _gain(baseline: Baseline) -> tuple[str, Estimate | None]:
    """The gain over a baseline in balanced accuracy, or in accuracy where that is missing, and which it is."""
    if gain := baseline.difference.get("balanced_accuracy"):
        return "balanced accuracy", gain
    return "accuracy", baseline.difference.get("accuracy")


def _thresholds(results: RunResults) -> list[Table]:
    """The operating points on the test pictures of the thresholds chosen on validation; no table without any."""
    rows = []
    for name, point in results.test_scores.operating_points.items():
        if point.sensitivity and point.specificity:
            values = [
                format_proportion(value[prevalence], 1)
                for prevalence in (LOW_PREVALENCE, HIGH_PREVALENCE)
                for value in (point.ppv, point.npv)
            ]
            rates = [format_proportion(rate) for rate in (point.sensitivity, point.specificity)]
            rows.append([results.decision.thresholds[name].description, *rates, *values])
    predictive_values = ["PPV at 1 %", "NPV at 1 %", "PPV at 20 %", "NPV at 20 %"]
    return [Table(["threshold for", "sensitivity", "specificity", *predictive_values], rows)] if rows else []
