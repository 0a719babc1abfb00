"""The evaluation of a trained network on its held-out pictures: from pixels to predictions, decisions and scores."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from lesions.data.manifest import classes_of
from lesions.data.pixels import Pixels, read_pixels
from lesions.data.plan import Weights
from lesions.data.results.decision import Decision
from lesions.data.results.rules import ColorConstancy
from lesions.data.results.scores import Scores
from lesions.evaluation import baselines, evaluate, grad_cam
from lesions.evaluation.evaluate import TestPictures
from lesions.metrics.decisions import balanced
from lesions.metrics.intervals import RESAMPLES
from lesions.models.backend import keras
from lesions.models.predict import Predictions, predict, predict_with_features
from lesions.runtime.console import UserError
from lesions.runtime.parallel import map_in_threads


class Evaluation(NamedTuple):
    """What evaluate finds: the table of predictions, decisions of validation, scores, and the test pictures.

    heat: (n, side, side) in [0, 1], Grad-CAM of the n test pictures for their predicted classes.
    """

    predictions: pd.DataFrame
    decision: Decision
    scores: Scores
    test: TestPictures
    heat: grad_cam.Maps


def evaluate_network(
    model: keras.Model,
    manifest: pd.DataFrame,
    trained_shares: Weights,
    folder: Path,
    *,
    color_constancy: ColorConstancy,
    target_sensitivity: float,
    seed: int,
) -> Evaluation:
    """Predict the held-out pictures once, choose decisions on validation, score the test.

    trained_shares: (classes,) of data.plan.class_shares(); folder: of the prepared pictures. Raises UserError where the
    network has another number of classes than the manifest. Shows progress bars.
    """
    classes = classes_of(manifest)
    if model.output_shape[-1] != len(classes):
        raise UserError(
            f"the network knows {model.output_shape[-1]} classes, the manifest has {len(classes)}: run "
            "`dvc repro train`"
        )
    held_out = manifest[manifest["split"].isin(evaluate.HELD_OUT)].sort_values(["split", "image_id"])
    pixels = np.stack(list(map_in_threads(read_pixels, [folder / path for path in held_out["path"]], "read")))
    in_test = (held_out["split"] == "test").to_numpy()
    output, features = _predict(model, pixels, in_test)
    fitted = evaluate.fit_calibration(held_out, output.logits, classes, trained_shares)
    predictions = evaluate.predictions_table(held_out, balanced(output.logits, fitted), classes)
    decision = evaluate.choose_decisions(
        predictions, classes, fitted, target_sensitivity, model.input_shape[1], color_constancy
    )
    test = evaluate.select_test(predictions, manifest, output, fitted, seed)
    baseline_tables = baselines.fit_baselines(manifest, test.rows, folder, classes, seed)
    baseline_scores = baselines.compare(test.values, baseline_tables, classes, test.weights)
    predicted = test.rows["predicted"].map(classes.index).to_numpy()
    raw = grad_cam.raw_maps(model, features, predicted)
    heat = grad_cam.heat_maps(raw, *pixels.shape[1:3])
    check = grad_cam.randomization_test(model, pixels[in_test], predicted, raw, seed)
    explanations = grad_cam.describe(heat, test.rows, classes, test.weights, check)
    test_scores = evaluate.score_test(test, manifest, decision, baseline_scores, explanations, seed)
    scores = evaluate.score_all(predictions, classes, test_scores, RESAMPLES, seed)
    return Evaluation(predictions, decision, scores, test, heat)


def _predict(model: keras.Model, pixels: Pixels, in_test: np.ndarray) -> tuple[Predictions, grad_cam.Maps]:
    """The predictions for all pictures, and the last feature maps of the test pictures, from which Grad-CAM follows."""
    layer = grad_cam.feature_layer(model).name
    test, features = predict_with_features(model, pixels[in_test], layer)
    rest = predict(model, pixels[~in_test])
    both = [np.empty((len(pixels), model.output_shape[-1])) for _ in test]
    for whole, of_test, of_rest in zip(both, test, rest, strict=True):
        whole[in_test], whole[~in_test] = of_test, of_rest
    return Predictions(*both), features
