"""Score the trained network on the test pictures. The only stage that reads them."""

import numpy as np

from lesions.data.manifest import classes_of, read_manifest, title_suffix
from lesions.data.pixels import read_pixels
from lesions.data.plan import class_shares, read_plan
from lesions.data.results.scores import CalibrationComparison
from lesions.evaluation import baselines, charts, contact_sheets, evaluate, grad_cam
from lesions.evaluation.evaluate import TestPictures
from lesions.metrics import curves
from lesions.metrics.decisions import balanced
from lesions.metrics.intervals import RESAMPLES
from lesions.models.predict import load_model, predict
from lesions.params.paths import DECISION, EVALUATE_METRICS, EVALUATE_PLOTS, MODEL, PLAN, PREDICTIONS, PREPARED, SCORES
from lesions.params.schema import load_params
from lesions.rendering import figures
from lesions.runtime.console import UserError, run
from lesions.runtime.outputs import write_csv


def main() -> None:
    params = load_params()
    manifest = read_manifest(PREPARED)
    classes = classes_of(manifest)
    shares = class_shares(read_plan(PLAN, manifest))
    model = load_model(MODEL)
    if model.output_shape[-1] != len(classes):
        raise UserError(
            f"{MODEL} knows {model.output_shape[-1]} classes, the manifest has {len(classes)}: run `dvc repro train`"
        )
    held_out = manifest[manifest["split"].isin(evaluate.HELD_OUT)].sort_values(["split", "image_id"])
    pixels = np.stack([read_pixels(PREPARED / path) for path in held_out["path"]])
    output = predict(model, pixels)
    fitted = evaluate.fit_calibration(held_out, output.logits, classes, shares)
    predictions = evaluate.predictions_table(held_out, balanced(output.logits, fitted), classes)
    decision = evaluate.choose_decisions(
        predictions,
        classes,
        fitted,
        params.evaluate.target_sensitivity,
        model.input_shape[1],
        params.prepare.color_constancy,
    )
    test = evaluate.select_test(predictions, manifest, output, fitted, params.seed)
    baseline_tables = baselines.fit_baselines(manifest, test.rows, PREPARED, classes, params.seed)
    baseline_scores = baselines.compare(test.values, baseline_tables, classes, test.weights)
    test_pixels, predicted = pixels[held_out["split"] == "test"], test.rows["predicted"].map(classes.index).to_numpy()
    maps = grad_cam.heat_maps(model, test_pixels, predicted)
    check = grad_cam.randomization_test(model, test_pixels, predicted, params.seed)
    explanations = grad_cam.describe(maps, test.rows, classes, test.weights, check)
    test_scores = evaluate.score_test(test, manifest, decision, baseline_scores, explanations, params.seed)

    decision.write(DECISION)
    write_csv(PREDICTIONS, predictions)
    evaluate.headline(test_scores).write(EVALUATE_METRICS)
    evaluate.score_all(predictions, classes, test_scores, RESAMPLES, params.seed).write(SCORES)
    suffix, n_pictures = title_suffix(manifest), params.evaluate.sheet_pictures
    draw_charts(test, test_scores.calibration, classes, suffix)
    mistakes = contact_sheets.mistakes_sheet(test.rows, PREPARED, n_pictures, suffix)
    figures.save(mistakes, EVALUATE_PLOTS / "mistakes.png")
    unsure_hits = contact_sheets.unsure_hits_sheet(test.rows, PREPARED, n_pictures, suffix)
    figures.save(unsure_hits, EVALUATE_PLOTS / "unsure_hits.png")
    sheet = contact_sheets.explanation_sheet(test.rows, maps, classes, PREPARED, explanations, suffix)
    figures.save(sheet, EVALUATE_PLOTS / "explanations.png")
    print(evaluate.summary_text(test_scores))


def draw_charts(test: TestPictures, calibration: CalibrationComparison, classes: list[str], suffix: str) -> None:
    """Each chart as a table for DVC's interactive plots and as a picture; suffix ends their titles."""
    bins, curve = evaluate.reliability(test, classes), evaluate.decision_curve(test, classes)
    write_csv(EVALUATE_PLOTS / "confusion.csv", charts.with_class_names(test.rows[["label", "predicted"]]))
    write_csv(EVALUATE_PLOTS / "roc.csv", charts.with_class_names(curves.roc_points(test.rows, classes)))
    write_csv(EVALUATE_PLOTS / "pr.csv", charts.with_class_names(curves.pr_points(test.rows, classes)))
    write_csv(EVALUATE_PLOTS / "reliability.csv", bins)
    write_csv(EVALUATE_PLOTS / "decision_curve.csv", curve)
    figures.save(charts.confusion_chart(test.rows, classes, suffix), EVALUATE_PLOTS / "confusion.png")
    figures.save(charts.curve_chart(charts.ROC, test.rows, classes, suffix), EVALUATE_PLOTS / "roc.png")
    figures.save(charts.curve_chart(charts.PRECISION_RECALL, test.rows, classes, suffix), EVALUATE_PLOTS / "pr.png")
    figures.save(charts.reliability_chart(bins, calibration, suffix), EVALUATE_PLOTS / "reliability.png")
    figures.save(charts.decision_curve_chart(curve, suffix), EVALUATE_PLOTS / "decision_curve.png")


if __name__ == "__main__":
    run(main)
