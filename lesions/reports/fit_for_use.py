"""What a model may be used for, what it looks at, and how far its probabilities hold: rules on its numbers."""

from typing import Any

from lesions.data.diagnoses import diagnosis
from lesions.metrics.intervals import FEWEST
from lesions.rendering import formatting, heatmaps
from lesions.rendering.formatting import change, number, percent, rate
from lesions.rendering.html import Section, Table
from lesions.reports.run_results import RunResults

CONFOUNDED = 0.5  # Cramer's V of class and collection from which one largely gives away the other
TELLING = (
    0.7  # AUROC of the frame alone from which scores are inflated by how pictures were taken, as in the data audit
)
FEWEST_CALIBRATION = 50  # test pictures; ten bins of fewer than five say nothing
UNLIKE = 0.5  # rank correlation with maps of random weights from which a map says little of this network
PREVALENCE = "at_1_percent"  # of melanoma among the pictures of a general practice, in a round number


def fit_for_use(evidence: RunResults, target_sensitivity: float) -> Section:
    """The reasons against use on people, each from its number, then what the model is good for."""
    against = [
        *_synthetic(evidence),
        "No external validation was made: every picture comes from the collections it was trained on.",
        *_small(evidence),
        *_promises(evidence, target_sensitivity),
        *_source(evidence),
        *_no_gain(evidence),
    ]
    texts = ["Not fit for any decision on people, for the reasons below. It is not a medical device.", *against]
    gain = evidence.held_out["baselines"]["thumbnail"]["network_minus_baseline"]
    for name in ("balanced_accuracy", "accuracy"):
        if name in gain:
            if gain[name]["excludes_zero"] and gain[name]["value"] > 0:
                texts.append(
                    "It has learnt more than colours and coarse shapes: it beats a forest on 10 x 10 pixels by "
                    f"{change(gain[name])} in {name.replace('_', ' ')}."
                )
            break
    if any(found["n"] >= FEWEST for found in evidence.held_out["per_class"].values()):
        texts.append("It is fit for comparing recipes on these same pictures, paired, and for teaching how.")
    else:
        texts.append("These test pictures are too few even for comparing recipes.")
    return Section("Is it fit for use, and for what not?", texts, _thresholds(evidence))


def attention(evidence: RunResults) -> Section:
    """Whether the network looks at the lesion: heat on the frame, the frame-only forest, maps of random weights."""
    found = evidence.held_out["explanations"]
    share, uniform, on_frame = found["all"]["share"], found["share_of_a_uniform_map"], found["all"]["on_frame"]
    title = "Does it look at the lesion?"
    texts = []
    if share and "low" in share:
        if share["high"] < uniform:
            side = "less than"
        elif share["low"] > uniform:
            side = "more than"
        else:
            side = "as much, as far as can be told, as"
        texts.append(
            f"{found['frame'].capitalize()} gets {rate(share)} of the heat, {side} the {percent(uniform)} of a uniform "
            f"map; {rate(on_frame)} of the maps sit on the frame (at least {found['on_frame_from']})."
        )
        above = [label for label, row in found["per_class"].items() if (row["share"] or {}).get("low", 0) > uniform]
        if above:
            texts.append(
                f"In pictures of {formatting.named(above)} it gets more than in a uniform map, by the whole interval."
            )
        across, down = found["sanity"]["map"]
        if max(across, down) < heatmaps.RING:
            texts.append(
                f"The maps have {across} x {down} cells, each wider than the frame: they cannot show whether the heat "
                "is on the frame or just beside it."
            )
    else:
        texts.append(f"Fewer than {FEWEST} maps with heat: their share on the frame cannot be told.")
    texts += [*_sanity(found["sanity"]), *_frame_alone(evidence)]
    texts.append("A heat map shows where, not what: heat on the lesion does not mean that the reason is a medical one.")
    rows = [
        [diagnosis(label).name, f"{row['n']:,}", rate(row["share"]), rate(row["on_frame"])]
        for label, row in found["per_class"].items()
    ]
    return Section(title, texts, [Table(["class", "test pictures", "heat on the frame", "maps on the frame"], rows)])


def probabilities(evidence: RunResults) -> Section:
    """How far probabilities and sets can be believed."""
    found = evidence.held_out["calibration"]
    error, chance = found["after"]["ece"], found["after"]["ece_if_perfect"]
    if error.get("low", error["value"]) > chance:
        verdict = "clearly more than"
    elif error["value"] > chance:
        verdict = "more than, though not clearly,"
    else:
        verdict = "no more than"
    texts = [
        f"After calibration the calibration error is {number(error)}, {verdict} the {chance:.3f} that perfect "
        f"probabilities would show on {found['n']:,} pictures (before: {number(found['before']['ece'])})."
    ]
    if found["n"] < FEWEST_CALIBRATION:
        texts = [f"Calibration cannot be told: {found['n']} test pictures, at least {FEWEST_CALIBRATION} needed."]
    rows = []
    for level, of in evidence.held_out["conformal"].items():
        rows.append([percent(float(level)), rate(of["coverage"]), number(of["mean_size"]), rate(of["share_of_single"])])
    for label, basis in _without_guarantee(evidence):
        texts.append(f"For {diagnosis(label).name} the 90 % sets promise nothing: {basis}.")
    texts.append("All of this holds for the class shares of these pictures, not for those of a clinic.")
    columns = ["sets that promise", "hold the truth in", "classes in a set, mean", "sets of one class"]
    return Section("How far can its probabilities be believed?", texts, [Table(columns, rows)])


def _synthetic(evidence: RunResults) -> list[str]:
    text = "The pictures are synthetic, drawn by a program: no number here says anything about skin."
    return [text] if evidence.synthetic else []


def _small(evidence: RunResults) -> list[str]:
    rare = [label for label, found in evidence.held_out["per_class"].items() if found["n"] < FEWEST]
    if not rare:
        return []
    return [f"Under {FEWEST} test pictures, so that nothing can be said of them: {formatting.named(rare)}."]


def _promises(evidence: RunResults, target: float) -> list[str]:
    """For melanoma and malignancy, whether the threshold that was chosen for the target reaches it on the test."""
    texts = []
    for name in ("melanoma", "malignant"):
        found = evidence.held_out["thresholds"].get(name, {})
        sensitivity = found.get("sensitivity")
        if not sensitivity:
            continue
        if sensitivity["low"] >= target:
            kept = "which keeps the promise"
        elif sensitivity["high"] < target:
            kept = "which breaks the promise"
        else:
            kept = "so that the promise is neither kept nor broken for certain"
        text = f"The threshold for {percent(target)} sensitivity to {_case(name)} reaches {rate(sensitivity)}, {kept}."
        ppv = found["ppv"][PREVALENCE]
        if ppv:
            text += f" Where 1 picture in 100 is a case, {100 * ppv['value']:.0f} of 100 that it flags would be one."
        texts.append(text)
    return texts


def _case(name: str) -> str:
    return {"melanoma": "melanoma", "malignant": "malignancy"}[name]


def _source(evidence: RunResults) -> list[str]:
    """Where class and collection go together, overall scores are about the collection too."""
    value = evidence.prepare["audit"]["association"]["origin"]
    if value is None or value < CONFOUNDED:
        return []
    return [
        f"Class and collection go together (Cramer's V {value:.2f}; 1: one gives away the other), so scores across "
        "collections are inflated. Melanoma against nevus is fairer where both come from one."
    ]


def _no_gain(evidence: RunResults) -> list[str]:
    """Baselines that the network is not shown to beat, by balanced accuracy, or accuracy where there is none."""
    texts = []
    for name, found in evidence.held_out["baselines"].items():
        gains = found["network_minus_baseline"]
        score = "balanced_accuracy" if "balanced_accuracy" in gains else "accuracy"
        gain = gains.get(score)
        if gain and not (gain["excludes_zero"] and gain["value"] > 0):
            baseline, meaning, what = (text.replace("_", " ") for text in (name, found["meaning"], score))
            told = f"difference in {what} {change(gain)}"
            texts.append(f"It is not shown to beat the baseline '{baseline}' ({meaning}): {told}.")
    return texts


def _frame_alone(evidence: RunResults) -> list[str]:
    scores = evidence.held_out["baselines"]["frame"]["scores"]
    found = scores.get("melanoma_vs_nevus_auroc") or scores.get("macro_auroc")
    if not found:
        return []
    what = "melanoma from nevus" if scores.get("melanoma_vs_nevus_auroc") else "the classes (macro)"
    away = "pictures give classes away by how they were taken"
    if found["value"] >= TELLING:
        verdict = f"so {away}"
    elif found.get("high", 1.0) < TELLING:
        verdict = f"below the {TELLING} from which {away}"
    else:
        verdict = f"which leaves open whether {away} (from {TELLING} on)"
    return [f"A forest that sees the frame alone tells {what} with AUROC {number(found)}, {verdict}."]


def _sanity(found: dict[str, Any]) -> list[str]:
    known = [value for value in found["rank_correlation"] if value is not None]
    if not known:
        return ["The maps are constant: they say nothing of where the network looks."]
    largest = max(known, key=abs)
    verdict = (
        "come from the learnt weights" if abs(largest) < UNLIKE else "are not shown to come from the learnt weights"
    )
    return [
        f"With random weights in the same network the maps of {found['pictures']} pictures correlate with these by at "
        f"most {largest:+.2f} (rank correlation, mean of each of {len(known)} draws; bound {UNLIKE}): they {verdict}."
    ]


def _without_guarantee(evidence: RunResults) -> list[tuple[str, str]]:
    found = evidence.held_out["conformal"]["0.90"]["per_class"]
    return [
        (label, "too few validation pictures")
        for label, row in found.items()
        if row["basis"].startswith("no guarantee")
    ]


def _thresholds(evidence: RunResults) -> list[Table]:
    """What each threshold that was chosen on validation achieves on the test pictures; no table without any."""
    rows = []
    for name, found in evidence.held_out["thresholds"].items():
        if found.get("sensitivity") and found.get("specificity"):
            values = [rate(found[side][at], 1) for at in ("at_1_percent", "at_20_percent") for side in ("ppv", "npv")]
            meaning = evidence.decision["thresholds"][name]["meaning"]
            rows.append([meaning, rate(found["sensitivity"]), rate(found["specificity"]), *values])
    ends = ["PPV at 1 %", "NPV at 1 %", "PPV at 20 %", "NPV at 20 %"]
    return [Table(["threshold for", "sensitivity", "specificity", *ends], rows)] if rows else []
