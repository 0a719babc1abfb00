"""Fitness for use, heat maps and calibration of a model, judged by rules on its numbers."""

from typing import Any

from lesions.data.diagnoses import diagnosis
from lesions.metrics.intervals import MIN_CASES
from lesions.rendering import formatting, heatmaps
from lesions.rendering.formatting import format_difference, format_estimate, format_percent, format_proportion
from lesions.rendering.html import Section, Table
from lesions.reports.run_results import RunResults

CONFOUNDING_CRAMERS_V = 0.5  # of class and collection: from here on one largely determines the other
# AUROC of the frame-only probe from which scores are inflated by how pictures were taken, as in the data audit
FRAME_AUROC_LIMIT = 0.7
MIN_CALIBRATION_PICTURES = 50  # of the test; ten bins of fewer than five are too noisy
MAX_RANK_CORRELATION = 0.5  # with maps of random weights; from here on a map depends little on the trained weights
PREVALENCE_KEY = "at_1_percent"  # about that of melanoma among the pictures of a general practice


def fit_for_use_section(results: RunResults, target_sensitivity: float) -> Section:
    """The reasons against use on people, each with its number, then the uses that remain."""
    reasons_against = [
        *_synthetic_warning(results),
        "No external validation was made: every picture comes from the collections it was trained on.",
        *_rare_classes(results),
        *_target_sensitivity(results, target_sensitivity),
        *_confounding(results),
        *_unbeaten_baselines(results),
    ]
    texts = ["Not fit for any decision on people, for the reasons below. It is not a medical device.", *reasons_against]
    gain = results.test_scores["baselines"]["thumbnail"]["network_minus_baseline"]
    for name in ("balanced_accuracy", "accuracy"):
        if name in gain:
            if gain[name]["excludes_zero"] and gain[name]["value"] > 0:
                texts.append(
                    "It has learnt more than colours and coarse shapes: it beats a forest on 10 x 10 pixels by "
                    f"{format_difference(gain[name])} in {name.replace('_', ' ')}."
                )
            break
    if any(row["n"] >= MIN_CASES for row in results.test_scores["per_class"].values()):
        texts.append("It is fit for comparing recipes on these same pictures, paired, and for teaching how.")
    else:
        texts.append("These test pictures are too few even for comparing recipes.")
    return Section("Is it fit for use, and for what not?", texts, _thresholds(results))


def heatmap_section(results: RunResults) -> Section:
    """Whether the heat maps lie on the lesion: heat on the frame, the frame-only probe, maps of random weights."""
    heatmap_scores = results.test_scores["explanations"]
    share, on_frame = heatmap_scores["all"]["share"], heatmap_scores["all"]["on_frame"]
    uniform = heatmap_scores["share_of_a_uniform_map"]
    title = "Does it look at the lesion?"
    texts = []
    if share and "low" in share:
        if share["high"] < uniform:
            comparison = "less than"
        elif share["low"] > uniform:
            comparison = "more than"
        else:
            comparison = "as much, as far as can be told, as"
        texts.append(
            f"{heatmap_scores['frame'].capitalize()} gets {format_proportion(share)} of the heat, {comparison} the "
            f"{format_percent(uniform)} of a uniform map; {format_proportion(on_frame)} of the maps sit on the frame "
            f"(at least {heatmap_scores['on_frame_from']})."
        )
        above_uniform = [
            label for label, row in heatmap_scores["per_class"].items() if (row["share"] or {}).get("low", 0) > uniform
        ]
        if above_uniform:
            texts.append(
                f"In pictures of {formatting.join_class_names(above_uniform)} it gets more than in a uniform map, by "
                "the whole interval."
            )
        map_width, map_height = heatmap_scores["sanity"]["map"]
        if max(map_width, map_height) < heatmaps.RING:
            texts.append(
                f"The maps have {map_width} x {map_height} cells, each wider than the frame: they cannot show whether "
                "the heat is on the frame or just beside it."
            )
    else:
        texts.append(f"Fewer than {MIN_CASES} maps with heat: their share on the frame cannot be told.")
    texts += [*_sanity(heatmap_scores["sanity"]), *_frame_probe(results)]
    texts.append("A heat map shows where, not what: heat on the lesion does not mean that the reason is a medical one.")
    rows = [
        [diagnosis(label).name, f"{row['n']:,}", format_proportion(row["share"]), format_proportion(row["on_frame"])]
        for label, row in heatmap_scores["per_class"].items()
    ]
    return Section(title, texts, [Table(["class", "test pictures", "heat on the frame", "maps on the frame"], rows)])


def calibration_section(results: RunResults) -> Section:
    """The calibration of the probabilities and the coverage of the conformal sets."""
    calibration = results.test_scores["calibration"]
    error, chance = calibration["after"]["ece"], calibration["after"]["ece_if_perfect"]
    if error.get("low", error["value"]) > chance:
        verdict = "clearly more than"
    elif error["value"] > chance:
        verdict = "more than, though not clearly,"
    else:
        verdict = "no more than"
    texts = [
        f"After calibration the calibration error is {format_estimate(error)}, {verdict} the {chance:.3f} that perfect "
        f"probabilities would show on {calibration['n']:,} pictures (before: "
        f"{format_estimate(calibration['before']['ece'])})."
    ]
    if calibration["n"] < MIN_CALIBRATION_PICTURES:
        texts = [
            f"Calibration cannot be told: {calibration['n']} test pictures, at least {MIN_CALIBRATION_PICTURES} needed."
        ]
    rows = []
    for level, row in results.test_scores["conformal"].items():
        rows.append(
            [
                format_percent(float(level)),
                format_proportion(row["coverage"]),
                format_estimate(row["mean_size"]),
                format_proportion(row["share_of_single"]),
            ]
        )
    for label, basis in _without_guarantee(results):
        texts.append(f"For {diagnosis(label).name} the 90 % sets promise nothing: {basis}.")
    texts.append("All of this holds for the class shares of these pictures, not for those of a clinic.")
    columns = ["sets that promise", "hold the truth in", "classes in a set, mean", "sets of one class"]
    return Section("How far can its probabilities be believed?", texts, [Table(columns, rows)])


def _synthetic_warning(results: RunResults) -> list[str]:
    text = "The pictures are synthetic, drawn by a program: no number here says anything about skin."
    return [text] if results.synthetic else []


def _rare_classes(results: RunResults) -> list[str]:
    rare = [label for label, row in results.test_scores["per_class"].items() if row["n"] < MIN_CASES]
    if not rare:
        return []
    return [
        f"Under {MIN_CASES} test pictures, so that nothing can be said of them: {formatting.join_class_names(rare)}."
    ]


def _target_sensitivity(results: RunResults, target: float) -> list[str]:
    """For melanoma and malignancy, whether the threshold chosen for the target sensitivity reaches it on the test."""
    texts = []
    for name in ("melanoma", "malignant"):
        endpoint_scores = results.test_scores["thresholds"].get(name, {})
        sensitivity = endpoint_scores.get("sensitivity")
        if not sensitivity:
            continue
        if sensitivity["low"] >= target:
            verdict = "which keeps the promise"
        elif sensitivity["high"] < target:
            verdict = "which breaks the promise"
        else:
            verdict = "so that the promise is neither kept nor broken for certain"
        text = (
            f"The threshold for {format_percent(target)} sensitivity to {_condition(name)} reaches "
            f"{format_proportion(sensitivity)}, {verdict}."
        )
        ppv = endpoint_scores["ppv"][PREVALENCE_KEY]
        if ppv:
            text += f" Where 1 picture in 100 is a case, {100 * ppv['value']:.0f} of 100 that it flags would be one."
        texts.append(text)
    return texts


def _condition(name: str) -> str:
    return {"melanoma": "melanoma", "malignant": "malignancy"}[name]


def _confounding(results: RunResults) -> list[str]:
    """A warning where class and collection are associated: overall scores then partly measure the collection."""
    cramers_v = results.prepare["audit"]["association"]["origin"]
    if cramers_v is None or cramers_v < CONFOUNDING_CRAMERS_V:
        return []
    return [
        f"Class and collection go together (Cramer's V {cramers_v:.2f}; 1: one gives away the other), so scores across "
        "collections are inflated. Melanoma against nevus is fairer where both come from one."
    ]


def _unbeaten_baselines(results: RunResults) -> list[str]:
    """Baselines over which the network has no clear gain in balanced accuracy, or in accuracy where that is missing."""
    texts = []
    for name, row in results.test_scores["baselines"].items():
        gains = row["network_minus_baseline"]
        score = "balanced_accuracy" if "balanced_accuracy" in gains else "accuracy"
        gain = gains.get(score)
        if gain and not (gain["excludes_zero"] and gain["value"] > 0):
            baseline, meaning, score_name = (text.replace("_", " ") for text in (name, row["meaning"], score))
            difference = f"difference in {score_name} {format_difference(gain)}"
            texts.append(f"It is not shown to beat the baseline '{baseline}' ({meaning}): {difference}.")
    return texts


def _frame_probe(results: RunResults) -> list[str]:
    scores = results.test_scores["baselines"]["frame"]["scores"]
    auroc = scores.get("melanoma_vs_nevus_auroc") or scores.get("macro_auroc")
    if not auroc:
        return []
    classes = "melanoma from nevus" if scores.get("melanoma_vs_nevus_auroc") else "the classes (macro)"
    shortcut = "pictures give classes away by how they were taken"
    if auroc["value"] >= FRAME_AUROC_LIMIT:
        verdict = f"so {shortcut}"
    elif auroc.get("high", 1.0) < FRAME_AUROC_LIMIT:
        verdict = f"below the {FRAME_AUROC_LIMIT} from which {shortcut}"
    else:
        verdict = f"which leaves open whether {shortcut} (from {FRAME_AUROC_LIMIT} on)"
    return [f"A forest that sees the frame alone tells {classes} with AUROC {format_estimate(auroc)}, {verdict}."]


def _sanity(sanity: dict[str, Any]) -> list[str]:
    correlations = [value for value in sanity["rank_correlation"] if value is not None]
    if not correlations:
        return ["The maps are constant: they say nothing of where the network looks."]
    largest = max(correlations, key=abs)
    verdict = (
        "come from the learnt weights"
        if abs(largest) < MAX_RANK_CORRELATION
        else "are not shown to come from the learnt weights"
    )
    return [
        f"With random weights in the same network the maps of {sanity['pictures']} pictures correlate with these by at "
        f"most {largest:+.2f} (rank correlation, mean of each of {len(correlations)} draws; bound "
        f"{MAX_RANK_CORRELATION}): they {verdict}."
    ]


def _without_guarantee(results: RunResults) -> list[tuple[str, str]]:
    per_class = results.test_scores["conformal"]["0.90"]["per_class"]
    return [
        (label, "too few validation pictures")
        for label, row in per_class.items()
        if row["basis"].startswith("no guarantee")
    ]


def _thresholds(results: RunResults) -> list[Table]:
    """The operating points on the test pictures of the thresholds chosen on validation; no table without any."""
    rows = []
    for name, row in results.test_scores["thresholds"].items():
        if row.get("sensitivity") and row.get("specificity"):
            values = [
                format_proportion(row[score][prevalence], 1)
                for prevalence in ("at_1_percent", "at_20_percent")
                for score in ("ppv", "npv")
            ]
            meaning = results.decision["thresholds"][name]["meaning"]
            rows.append(
                [meaning, format_proportion(row["sensitivity"]), format_proportion(row["specificity"]), *values]
            )
    predictive_values = ["PPV at 1 %", "NPV at 1 %", "PPV at 20 %", "NPV at 20 %"]
    return [Table(["threshold for", "sensitivity", "specificity", *predictive_values], rows)] if rows else []
