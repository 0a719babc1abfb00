"""The report of a run as one page: the findings, each beside the charts and sheets that it is read from."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from lesions.rendering.formatting import number
from lesions.rendering.html import Section, png_data_uri, write_report
from lesions.reports.run_results import RunResults

CHARTS = {  # below which finding a chart stands: its file, and its text for the blind
    "How well does it do?": {
        "plots/evaluate/roc.png": "ROC curve of each class against the rest",
        "plots/evaluate/pr.png": "Precision-recall curve of each class against the rest",
    },
    "Is it fit for use, and for what not?": {
        "plots/evaluate/decision_curve.png": "Decision curve for melanoma: net benefit by threshold",
    },
    "Which classes have the fewest pictures, and which dominate?": {
        "plots/analyze_imbalance/class_distribution.png": "Pictures of each class: raw, usable, training, planned",
    },
    "Does it over- or underfit?": {
        "plots/report/learning_curves.png": "Loss and balanced accuracy by epoch, training and validation",
    },
    "Which classes are taken for which?": {
        "plots/evaluate/confusion.png": "Confusion matrix of the test pictures",
        "plots/evaluate/mistakes.png": "The surest mistakes, with truth, prediction and probability",
        "plots/evaluate/unsure_hits.png": "The least sure hits, with the class that came second",
    },
    "Does it look at the lesion?": {
        "plots/evaluate/explanations.png": "Heat maps of a correct and a wrong picture of each class",
    },
    "How far can its probabilities be believed?": {
        "plots/evaluate/reliability.png": "Reliability diagram: accuracy by confidence, before and after calibration",
    },
}
HEADLINE = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_auroc": "macro AUROC",
    "melanoma_vs_nevus_auroc": "AUROC, melanoma against nevus",
}


class ReportChart(NamedTuple):
    """A chart inside the page, and its text for the blind."""

    uri: str
    text: str


class Chapter(NamedTuple):
    """A finding and its charts."""

    section: Section
    charts: Sequence[ReportChart]


def write_page(path: str | Path, evidence: RunResults, sections: Sequence[Section]) -> None:
    """Write the page; the charts are read from where the stages put them."""
    overall = evidence.held_out["overall"]
    chapters = [
        Chapter(
            section,
            [ReportChart(png_data_uri(Path(file)), text) for file, text in CHARTS.get(section.title, {}).items()],
        )
        for section in sections
    ]
    write_report(
        path,
        "evaluation.html",
        title="What this model can do, and what not",
        n=evidence.held_out["headline"]["n"],
        classes=len(evidence.classes),
        headline=[(text, number(overall[name])) for name, text in HEADLINE.items() if name in overall],
        chapters=chapters,
        synthetic=evidence.synthetic,
    )
