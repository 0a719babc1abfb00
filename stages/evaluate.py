"""Score the trained network on the test pictures. The only stage that reads them."""

from pathlib import Path
from typing import Any

import numpy as np

from lesions import baselines, calibration, charts, evaluation, explanations, figures, scores, sheets
from lesions.console import UserError, run
from lesions.evaluation import Evaluated
from lesions.images import read_pixels
from lesions.inference import load_model, predict
from lesions.manifest import PREPARED, classes_of, mark, read_manifest
from lesions.outputs import write_csv, write_json
from lesions.params import load_params
from lesions.rules import balanced
from lesions.training_data import PLAN

MODEL = Path("models/model.keras")
PLOTS = Path("plots/evaluate")


def main() -> None:
    params = load_params()
    manifest = read_manifest()
    classes = classes_of(manifest)
    shares = calibration.training_shares(PLAN, classes)
    model = load_model(MODEL)
    if model.output_shape[-1] != len(classes):
        raise UserError(
            f"{MODEL} knows {model.output_shape[-1]} classes, the manifest has {len(classes)}: run `dvc repro train`"
        )
    held_out = manifest[manifest["split"].isin(evaluation.HELD_OUT)].sort_values(["split", "image_id"])
    pixels = np.stack([read_pixels(PREPARED / path) for path in held_out["path"]])
    output = predict(model, pixels)
    fitted = evaluation.fit_calibration(held_out, output.logits, classes, shares)
    predictions = evaluation.predictions_table(held_out, balanced(output.logits, fitted), classes)
    decision = evaluation.decide(predictions, classes, fitted, params.evaluate.target_sensitivity)
    test = evaluation.take_test(predictions, manifest, output, fitted, params.seed)
    simple = baselines.fit_baselines(manifest, test.rows, PREPARED, classes, params.seed)
    summary = evaluation.score_all(predictions, classes, params.seed)
    summary["test"] |= evaluation.look_closer(test, manifest, classes, decision)
    summary["test"]["calibration"] = evaluation.score_calibration(test, classes, params.seed)
    summary["test"]["baselines"] = baselines.compare(test.rows, simple, classes, test.weights)
    seen, called = pixels[held_out["split"] == "test"], test.rows["predicted"].map(classes.index).to_numpy()
    maps = explanations.heat_maps(model, seen, called)
    summary["test"]["explanations"] = explanations.describe(maps, test.rows, classes, test.weights)
    summary["test"]["explanations"]["sanity"] = explanations.check_weights(model, seen, called, params.seed)

    network = {"image_size": model.input_shape[1], "color_constancy": params.prepare.color_constancy}
    write_json("models/decision.json", {"classes": classes, **network, **decision})
    write_csv("reports/predictions.csv", predictions)
    write_json("metrics/evaluate.json", evaluation.headline(summary))
    write_json("reports/scores.json", summary)
    end, shown = mark(manifest), params.evaluate.sheet_pictures
    draw_charts(test, summary["test"]["calibration"], classes, end)
    figures.save(sheets.mistakes_sheet(test.rows, PREPARED, shown, end), PLOTS / "mistakes.png")
    figures.save(sheets.unsure_hits_sheet(test.rows, PREPARED, shown, end), PLOTS / "unsure_hits.png")
    explained = sheets.explanation_sheet(test.rows, maps, classes, PREPARED, summary["test"]["explanations"], end)
    figures.save(explained, PLOTS / "explanations.png")
    print(evaluation.tell(summary))


def draw_charts(test: Evaluated, calibrated: dict[str, Any], classes: list[str], end: str) -> None:
    """Each chart as a table for DVC's interactive plots and as a picture; `end` is the mark of the titles."""
    bins, curve = evaluation.reliability(test, classes), evaluation.decision_curve(test, classes)
    write_csv(PLOTS / "confusion.csv", charts.named(test.rows[["label", "predicted"]]))
    write_csv(PLOTS / "roc.csv", charts.named(scores.roc_points(test.rows, classes)))
    write_csv(PLOTS / "pr.csv", charts.named(scores.pr_points(test.rows, classes)))
    write_csv(PLOTS / "reliability.csv", bins)
    write_csv(PLOTS / "decision_curve.csv", curve)
    figures.save(charts.confusion_chart(test.rows, classes, end), PLOTS / "confusion.png")
    figures.save(charts.roc_chart(test.rows, classes, end), PLOTS / "roc.png")
    figures.save(charts.pr_chart(test.rows, classes, end), PLOTS / "pr.png")
    figures.save(charts.reliability_chart(bins, calibrated, end), PLOTS / "reliability.png")
    figures.save(charts.decision_curve_chart(curve, end), PLOTS / "decision_curve.png")


if __name__ == "__main__":
    run(main)
