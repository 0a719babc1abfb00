"""Test-time augmentation compared: each value of model.views, with trained networks on their validation pictures.

`model.views` changes nothing in training, so one training serves for each of its values; test pictures are not used.
After a cross-validation:

    python -m studies.views $(dvc exp list --name-only | grep recipe-lesion_net)
"""

import argparse
import tempfile
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
from dvc.api import DVCFileSystem
from dvc.exceptions import DvcException
from dvc.scm import RevError
from tqdm import tqdm

from benchmarks.measuring import markdown
from lesions.data.manifest import classes_of, read_manifest
from lesions.data.pixels import read_pixels
from lesions.data.plan import class_shares, read_plan
from lesions.evaluation.evaluate import fit_calibration, predictions_table
from lesions.metrics.decisions import balanced
from lesions.metrics.scores import headline
from lesions.models.networks import save_model
from lesions.models.predict import load_model, predict
from lesions.models.test_time_augmentation import with_test_time_augmentation
from lesions.models.transfer import build_network
from lesions.params.paths import MODEL, PLAN, PREPARED
from lesions.params.schema import PARAMS_FILE, Views, load_params
from lesions.runtime.console import UserError, run
from studies.cross_validation import spreads
from studies.paired import merge_trainings, paired_difference

ALL_VIEWS: tuple[Views, ...] = get_args(Views)
PredictionsByView = dict[Views, pd.DataFrame]  # predictions for the validation pictures


def main() -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m studies.views", description=__doc__, formatter_class=form)
    parser.add_argument("experiments", nargs="+", metavar="EXP", help="trainings of a cross-validation, or revisions")
    arguments = parser.parse_args()
    predictions = [fetch_and_predict(name) for name in tqdm(arguments.experiments, disable=None)]
    print(table(predictions))


def fetch_and_predict(experiment: str) -> tuple[str, PredictionsByView]:
    """The number of the experiment's fold, and its network's predictions for the validation pictures with each view.

    Raises UserError where there is no such experiment, or its outputs are not in the cache.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            outputs = DVCFileSystem(rev=experiment)
            for path in (PARAMS_FILE, PLAN, MODEL, PREPARED / "manifest.csv"):
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                outputs.get_file(str(path), str(folder / path))
            outputs.get(str(PREPARED / "val"), str(folder / PREPARED / "val"), recursive=True)
        except (DvcException, RevError, FileNotFoundError) as error:
            raise UserError(f"{experiment}: cannot be fetched ({error}): give names of `dvc exp list`") from None
        return str(load_params(folder / PARAMS_FILE).prepare.fold), predict_by_view(folder)


def predict_by_view(folder: Path) -> PredictionsByView:
    """A trained network's predictions with each value of model.views, from the files of its run in the folder."""
    params, manifest = load_params(folder / PARAMS_FILE), read_manifest(folder / PREPARED)
    classes, held_out = classes_of(manifest), manifest[manifest["split"] == "val"].sort_values("image_id")
    pixels = np.stack([read_pixels(folder / PREPARED / path) for path in held_out["path"]])
    shares = class_shares(read_plan(folder / PLAN, manifest))
    trained = load_model(folder / MODEL)
    network = build_network(params.model.model_copy(update={"weights": "none"}), len(classes), params.image_size)
    for layer in network.layers:
        if layer.weights:
            layer.set_weights(trained.get_layer(layer.name).get_weights())
    predictions: PredictionsByView = {}
    for views in ALL_VIEWS:
        save_model(with_test_time_augmentation(views, network), folder / MODEL)
        logits = predict(load_model(folder / MODEL), pixels).logits
        fitted = fit_calibration(held_out, logits, classes, shares)
        predictions[views] = predictions_table(held_out, balanced(logits, fitted), classes)
    return predictions


def table(predictions: list[tuple[str, PredictionsByView]]) -> str:
    """Markdown, a line for each view: means over folds (lowest to highest; a fold is the mean over its trainings), and
    the paired difference to the first.
    """
    accuracy = {
        views: _picture_accuracy([(fold, by_view[views]) for fold, by_view in predictions]) for views in ALL_VIEWS
    }
    rows = []
    for views in ALL_VIEWS:
        scores = [{"fold": fold, **headline(by_view[views], _classes(by_view[views]))} for fold, by_view in predictions]
        folds = pd.DataFrame(scores).groupby("fold").mean()
        row = {"views": str(views), "folds": str(len(folds)), "trainings": str(len(scores)), **spreads(folds)}
        difference = paired_difference(accuracy[views], accuracy[ALL_VIEWS[0]])
        interval = f"{difference.value:+.3f} ({difference.low:+.3f} to {difference.high:+.3f})"
        rows.append(row | {"gain (95 % interval)": "-" if views == ALL_VIEWS[0] else interval})
    return markdown(pd.DataFrame(rows))


def _classes(predictions: pd.DataFrame) -> list[str]:
    return [name.removeprefix("p_") for name in map(str, predictions) if name.startswith("p_")]


def _picture_accuracy(predictions: list[tuple[str, pd.DataFrame]]) -> pd.DataFrame:
    """As studies.paired.picture_accuracy(), with the fold in image_id: training pictures differ between folds."""
    return merge_trainings(table.assign(image_id=fold + ":" + table["image_id"]) for fold, table in predictions)


if __name__ == "__main__":
    run(main, recovery_hint="Nothing was changed.")
