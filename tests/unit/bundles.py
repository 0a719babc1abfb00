"""Small bundles for tests: an untrained network, its scores on toy pictures, exported as the export stage does it."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from lesions.bundle.bundle import NETWORK, Bundle
from lesions.bundle.litert import LiteRTNetwork, NetworkOutputs
from lesions.data.manifest import COLUMNS
from lesions.data.pixels import Pixels, write_png
from lesions.data.results.decision import Decision
from lesions.data.results.scores import Scores
from lesions.evaluation import evaluate
from lesions.export import export, ood_check
from lesions.metrics.decisions import balanced
from lesions.models.backend import keras
from lesions.models.networks import LOGITS, save_model
from lesions.models.predict import load_model, predict
from lesions.models.test_time_augmentation import with_test_time_augmentation
from lesions.models.transfer import build_network
from tests.unit.held_out import CLASSES
from tests.unit.run_results import make_run_results
from tests.unit.small_params import params_with
from tests.unit.training_pictures import SIDE, toy_pixels

PER_CLASS = {"train": 12, "val": 15, "test": 12}


class Exported(NamedTuple):
    """A bundle's folder, and what it was made from; pixels: those of the rows of predictions."""

    folder: Path
    model: keras.Model
    manifest: pd.DataFrame
    predictions: pd.DataFrame
    paths: pd.Series
    prepared: Path
    pixels: Pixels

    @property
    def bundle(self) -> Bundle:
        return Bundle.load(self.folder)

    @property
    def outputs(self) -> list[NetworkOutputs]:
        """Of the exported network for the rows of predictions."""
        return export.run_on_pictures(self.bundle.network, [self.prepared / path for path in self.paths])


def exported(root: Path, name: str, classes: list[str] = CLASSES, origin: str = "synthetic") -> Exported:
    """A network of that name with random weights, evaluated on toy pictures and exported."""
    keras.utils.set_random_seed(3)
    params = params_with(model__name=name).model
    model = build_network(params, len(classes), SIDE)
    manifest = _prepared(root / "prepared", classes, origin)
    _fit_last_layer(model, classes)
    save_model(with_test_time_augmentation(params.views, model), root / "model.keras")
    model = load_model(root / "model.keras")
    rows = manifest[manifest["split"] != "train"].sort_values(["split", "image_id"])
    pixels = np.stack([_toy(classes, image_id) for image_id in rows["image_id"]])
    predictions, decision, scores = _evaluated(model, rows, pixels, manifest, classes)
    folder = root / "bundle"
    folder.mkdir()
    head = export.write_network(model, folder / NETWORK)
    network = LiteRTNetwork((folder / NETWORK).read_bytes())
    outputs = export.run_on_pictures(network, [root / "prepared" / path for path in manifest["path"]])
    features = np.stack([of_picture.features for of_picture in outputs])
    distribution, ood_rule = ood_check.fit_out_of_distribution(network, manifest, features, decision)
    metadata = export.bundle_metadata(model, decision, scores, manifest, ood_rule)
    export.write_bundle(folder, metadata, export.BundleArrays(head, distribution))
    return Exported(folder, model, manifest, predictions, rows["path"], root / "prepared", pixels)


def _prepared(folder: Path, classes: list[str], origin: str) -> pd.DataFrame:
    rows = []
    for label in classes:
        for split, count in PER_CLASS.items():
            for number in range(count):
                image_id = f"{label}-{split}-{number:02}"
                path = f"{split}/{label}/{image_id}.png"
                rows.append({"image_id": image_id, "group": image_id, "label": label, "split": split, "path": path})
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                write_png(folder / path, _toy(classes, image_id))
    return pd.DataFrame(rows).assign(origin=origin).reindex(columns=list(COLUMNS), fill_value="")


def _toy(classes: list[str], image_id: str) -> Pixels:
    label, split, number = image_id.split("-")
    return toy_pixels(classes.index(label), int(number) + {"train": 0, "val": 100, "test": 200}[split])


def _fit_last_layer(model: keras.Model, classes: list[str]) -> None:
    """Fit the last layer alone, by least squares: a network that is equally unsure of everything would prove little."""
    last, ids = model.get_layer(LOGITS), [f"{label}-train-{number:02}" for label in classes for number in range(12)]
    pixels = np.stack([_toy(classes, image_id) for image_id in ids]).astype(np.float32)
    features = np.asarray(keras.Model(model.input, last.input)(pixels, training=False))
    targets = 6.0 * np.repeat(np.eye(len(classes)), 12, axis=0)
    centre = features.mean(axis=0)
    kernel = np.linalg.pinv(features - centre, rcond=1e-3) @ (targets - targets.mean(axis=0))
    last.kernel.assign(kernel)
    last.bias.assign(targets.mean(axis=0) - centre @ kernel)


def _evaluated(
    model: keras.Model, rows: pd.DataFrame, pixels: Pixels, manifest: pd.DataFrame, classes: list[str]
) -> tuple[pd.DataFrame, Decision, Scores]:
    """What evaluate writes: predictions, decision and scores."""
    output = predict(model, pixels)
    shares = np.full(len(classes), 1 / len(classes))
    fitted = evaluate.fit_calibration(rows, output.logits, classes, shares)
    predictions = evaluate.predictions_table(rows, balanced(output.logits, fitted), classes)
    decision = evaluate.choose_decisions(predictions, classes, fitted, 0.9, SIDE, "none")
    test = evaluate.select_test(predictions, manifest, output, fitted, 0, resamples=50)
    explanations = make_run_results().test_scores.explanations  # a bundle does not hold them
    test_scores = evaluate.score_test(test, manifest, decision, {}, explanations, 0)
    return predictions, decision, evaluate.score_all(predictions, classes, test_scores, 50, 0)
