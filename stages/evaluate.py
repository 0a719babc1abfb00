"""Score the trained network on the test pictures. The only stage that reads them."""

from pathlib import Path

import numpy as np

from lesions import charts, evaluation, figures, scores
from lesions.console import UserError, run
from lesions.images import read_pixels
from lesions.inference import load_model, predict
from lesions.manifest import PREPARED, classes_of, mark, read_manifest
from lesions.outputs import write_csv, write_json
from lesions.params import load_params

MODEL = Path("models/model.keras")


def main() -> None:
    params = load_params()
    manifest = read_manifest()
    classes = classes_of(manifest)
    model = load_model(MODEL)
    if model.output_shape[-1] != len(classes):
        raise UserError(
            f"{MODEL} knows {model.output_shape[-1]} classes, the manifest has {len(classes)}: run `dvc repro train`"
        )
    held_out = manifest[manifest["split"].isin(evaluation.HELD_OUT)]
    pixels = np.stack([read_pixels(PREPARED / path) for path in held_out["path"]])
    predictions = evaluation.predictions_table(held_out, predict(model, pixels).probabilities, classes)
    summary = evaluation.score_all(predictions, classes)
    test = predictions[predictions["split"] == "test"].merge(manifest[["image_id", "path"]], on="image_id")

    write_csv("reports/predictions.csv", predictions)
    write_json("metrics/evaluate.json", summary["test"]["headline"])
    write_json("reports/scores.json", summary)
    write_csv("plots/evaluate/confusion.csv", charts.named(test[["label", "predicted"]]))
    write_csv("plots/evaluate/roc.csv", charts.named(scores.roc_points(test, classes)))
    figures.save(charts.confusion_chart(test, classes, mark(manifest)), "plots/evaluate/confusion.png")
    figures.save(charts.roc_chart(test, classes, mark(manifest)), "plots/evaluate/roc.png")
    sheet = charts.mistakes_sheet(test, PREPARED, params.evaluate.sheet_pictures, mark(manifest))
    figures.save(sheet, "plots/evaluate/mistakes.png")
    print(evaluation.tell(summary))


if __name__ == "__main__":
    run(main)
