"""Whether the heat maps lie on the lesion, judged by rules on the numbers of a run."""

from lesions.data.diagnoses import diagnosis
from lesions.data.results.scores import RandomizationTest
from lesions.metrics.intervals import MIN_CASES
from lesions.rendering import formatting, heatmaps
from lesions.rendering.formatting import format_estimate, format_percent, format_proportion
from lesions.rendering.html import Section, Table
from lesions.reports.run_results import RunResults

# AUROC of the frame-only probe from which scores are inflated by how pictures were taken, as in the data audit
FRAME_AUROC_LIMIT = 0.7
MAX_RANK_CORRELATION = 0.5  # with maps of random weights; from here on a map depends little on the trained weights


def heatmap_section(results: RunResults) -> Section:
    """Whether the heat maps lie on the lesion: heat on the frame, the frame-only probe, maps of random weights."""
    explanations = results.test_scores.explanations
    share, on_frame = explanations.overall.frame_fraction, explanations.overall.on_frame
    uniform = explanations.uniform_fraction
    title = "Does it look at the lesion?"
    texts = []
    if share and share.low is not None and share.high is not None:
        if share.high < uniform:
            comparison = "less than"
        elif share.low > uniform:
            comparison = "more than"
        else:
            comparison = "as much, as far as can be told, as"
        texts.append(
            f"{explanations.frame.capitalize()} gets {format_proportion(share)} of the heat, {comparison} the "
            f"{format_percent(uniform)} of a uniform map; {format_proportion(on_frame)} of the maps sit on the frame "
            f"(at least {explanations.on_frame_from})."
        )
        above_uniform = [
            label
            for label, row in explanations.per_class.items()
            if row.frame_fraction and (row.frame_fraction.low or 0) > uniform
        ]
        if above_uniform:
            texts.append(
                f"In pictures of {formatting.join_class_names(above_uniform)} it gets more than in a uniform map, by "
                "the whole interval."
            )
        map_width, map_height = explanations.randomization_test.map_shape
        if max(map_width, map_height) < heatmaps.RING:
            texts.append(
                f"The maps have {map_width} x {map_height} cells, each wider than the frame: they cannot show whether "
                "the heat is on the frame or just beside it."
            )
    else:
        texts.append(f"Fewer than {MIN_CASES} maps with heat: their share on the frame cannot be told.")
    texts += [*_randomization_test(explanations.randomization_test), *_frame_probe(results)]
    texts.append("A heat map shows where, not what: heat on the lesion does not mean that the reason is a medical one.")
    rows = [
        [diagnosis(label).name, f"{row.n:,}", format_proportion(row.frame_fraction), format_proportion(row.on_frame)]
        for label, row in explanations.per_class.items()
    ]
    return Section(title, texts, [Table(["class", "test pictures", "heat on the frame", "maps on the frame"], rows)])


def _frame_probe(results: RunResults) -> list[str]:
    scores = results.test_scores.baselines["frame"].scores
    auroc = scores.get("melanoma_vs_nevus_auroc") or scores.get("macro_auroc")
    if not auroc:
        return []
    classes = "melanoma from nevus" if scores.get("melanoma_vs_nevus_auroc") else "the classes (macro)"
    shortcut = "pictures give classes away by how they were taken"
    if auroc.value >= FRAME_AUROC_LIMIT:
        verdict = f"so {shortcut}"
    elif auroc.high is not None and auroc.high < FRAME_AUROC_LIMIT:
        verdict = f"below the {FRAME_AUROC_LIMIT} from which {shortcut}"
    else:
        verdict = f"which leaves open whether {shortcut} (from {FRAME_AUROC_LIMIT} on)"
    return [f"A forest that sees the frame alone tells {classes} with AUROC {format_estimate(auroc)}, {verdict}."]


def _randomization_test(test: RandomizationTest) -> list[str]:
    correlations = [value for value in test.rank_correlations if value is not None]
    if not correlations:
        return ["The maps are constant: they say nothing of where the network looks."]
    largest = max(correlations, key=abs)
    verdict = (
        "come from the learnt weights"
        if abs(largest) < MAX_RANK_CORRELATION
        else "are not shown to come from the learnt weights"
    )
    return [
        f"With random weights in the same network the maps of {test.n} pictures correlate with these by at "
        f"most {largest:+.2f} (rank correlation, mean of each of {len(correlations)} draws; bound "
        f"{MAX_RANK_CORRELATION}): they {verdict}."
    ]
