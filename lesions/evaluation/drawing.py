"""Every chart and contact sheet of an evaluation, as files; the charts also as tables for DVC's interactive plots."""

from pathlib import Path

from lesions.evaluation import charts, contact_sheets, evaluate
from lesions.evaluation.network import Evaluation
from lesions.metrics import curves
from lesions.rendering import figures
from lesions.runtime.outputs import write_csv


def draw(evaluation: Evaluation, prepared: Path, sheet_pictures: int, suffix: str, folder: Path) -> None:
    """Draw into the folder. prepared: folder of the prepared pictures; suffix ends every title."""
    test, classes = evaluation.test, evaluation.decision.classes
    scores = evaluation.scores.test
    bins, benefit = evaluate.reliability(test, classes), evaluate.decision_curve(test, classes)
    tables = {
        "confusion": charts.with_class_names(test.rows[["label", "predicted"]]),
        "roc": charts.with_class_names(curves.roc_points(test.rows, classes)),
        "pr": charts.with_class_names(curves.pr_points(test.rows, classes)),
        "reliability": bins,
        "decision_curve": benefit,
    }
    drawings = {
        "confusion": charts.confusion_chart(test.rows, classes, suffix),
        "roc": charts.curve_chart(charts.ROC, test.rows, classes, suffix),
        "pr": charts.curve_chart(charts.PRECISION_RECALL, test.rows, classes, suffix),
        "reliability": charts.reliability_chart(bins, scores.calibration, suffix),
        "decision_curve": charts.decision_curve_chart(benefit, suffix),
        "mistakes": contact_sheets.mistakes_sheet(test.rows, prepared, sheet_pictures, suffix),
        "unsure_hits": contact_sheets.unsure_hits_sheet(test.rows, prepared, sheet_pictures, suffix),
        "explanations": contact_sheets.explanation_sheet(
            test.rows, evaluation.heat, classes, prepared, scores.explanations, suffix
        ),
    }
    for name, table in tables.items():
        write_csv(folder / f"{name}.csv", table)
    for name, figure in drawings.items():
        figures.save(figure, folder / f"{name}.png")
