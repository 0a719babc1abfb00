"""The report of a run as one page: the findings, each with its charts and contact sheets."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from lesions.data.results.scores import ScoreName
from lesions.params.paths import EVALUATE_PLOTS, IMBALANCE_PLOTS, REPORT_PLOTS
from lesions.rendering.formatting import format_estimate
from lesions.rendering.html import Section, png_data_uri, write_report
from lesions.reports.run_results import RunResults

CHARTS = {  # title of a finding -> the charts below it -> their alternative texts
    "How well does it do?": {
        EVALUATE_PLOTS / "roc.png": "ROC curve of each class against the rest",
        EVALUATE_PLOTS / "pr.png": "Precision-recall curve of each class against the rest",
    },
    "Is it fit for use, and for what not?": {
        EVALUATE_PLOTS / "decision_curve.png": "Decision curve for melanoma: net benefit by threshold",
    },
    "Which classes have the fewest pictures, and which dominate?": {
        IMBALANCE_PLOTS / "class_distribution.png": "Pictures of each class: raw, usable, training, planned",
    },
    "Does it over- or underfit?": {
        REPORT_PLOTS / "learning_curves.png": "Loss and balanced accuracy by epoch, training and validation",
    },
    "Which classes are taken for which?": {
        EVALUATE_PLOTS / "confusion.png": "Confusion matrix of the test pictures",
        EVALUATE_PLOTS / "mistakes.png": "The surest mistakes, with truth, prediction and probability",
        EVALUATE_PLOTS / "unsure_hits.png": "The least sure hits, with the class that came second",
    },
    "Does it look at the lesion?": {
        EVALUATE_PLOTS / "explanations.png": "Heat maps of a correct and a wrong picture of each class",
    },
    "How far can its probabilities be believed?": {
        EVALUATE_PLOTS / "reliability.png": "Reliability diagram: accuracy by confidence, before and after calibration",
    },
}
HEADLINE_SCORES: dict[ScoreName, str] = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_auroc": "macro AUROC",
    "melanoma_vs_nevus_auroc": "AUROC, melanoma against nevus",
}


class ReportChart(NamedTuple):
    """A chart embedded in the page, and its alternative text."""

    uri: str
    text: str


class Chapter(NamedTuple):
    """A finding and its charts."""

    section: Section
    charts: Sequence[ReportChart]


def write_page(target: Path, results: RunResults, sections: Sequence[Section]) -> None:
    """Write the page; the charts are read from the outputs of the stages."""
    overall = results.test_scores.overall
    chapters = [
        Chapter(
            section,
            [ReportChart(png_data_uri(path), text) for path, text in CHARTS.get(section.title, {}).items()],
        )
        for section in sections
    ]
    write_report(
        target,
        "evaluation.html",
        title="What this model can do, and what not",
        n_pictures=results.test_scores.n,
        n_classes=len(results.classes),
        headline=[(text, format_estimate(overall[name])) for name, text in HEADLINE_SCORES.items() if name in overall],
        chapters=chapters,
        synthetic=results.synthetic,
    )
