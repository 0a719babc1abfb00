"""What each way of looking at a picture is worth: networks that are trained already, on their validation pictures.

`model.views` changes nothing in training, so one training answers for each of its values; test pictures stay closed.
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
from lesions.data.images import read_pixels
from lesions.data.manifest import classes_of, read_manifest
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
from studies.paired import gain, merged

WAYS: tuple[Views, ...] = get_args(Views)
PredictionsByView = dict[Views, pd.DataFrame]  # predictions for the validation pictures


def main() -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m studies.views", description=__doc__, formatter_class=form)
    parser.add_argument("experiments", nargs="+", metavar="EXP", help="trainings of a cross-validation, or revisions")
    arguments = parser.parse_args()
    found = [fetch_and_predict(name) for name in tqdm(arguments.experiments, disable=None)]
    print(table(found))


def fetch_and_predict(experiment: str) -> tuple[str, PredictionsByView]:
    """The number of the experiment's fold, and what its network says of the validation pictures in each way.

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
    """A trained network's predictions in each way, by the files of its run in that folder."""
    params, manifest = load_params(folder / PARAMS_FILE), read_manifest(folder / PREPARED)
    classes, held_out = classes_of(manifest), manifest[manifest["split"] == "val"].sort_values("image_id")
    pixels = np.stack([read_pixels(folder / PREPARED / path) for path in held_out["path"]])
    shares = class_shares(read_plan(folder / PLAN, manifest))
    trained = load_model(folder / MODEL)
    alone = build_network(params.model.model_copy(update={"weights": "none"}), len(classes), params.image_size)
    for layer in alone.layers:
        if layer.weights:
            layer.set_weights(trained.get_layer(layer.name).get_weights())
    answers: PredictionsByView = {}
    for views in WAYS:
        save_model(with_test_time_augmentation(views, alone), folder / MODEL)
        logits = predict(load_model(folder / MODEL), pixels).logits
        fitted = fit_calibration(held_out, logits, classes, shares)
        answers[views] = predictions_table(held_out, balanced(logits, fitted), classes)
    return answers


def table(found: list[tuple[str, PredictionsByView]]) -> str:
    """Markdown, a line for each way: means over folds (lowest to highest; a fold is the mean over its trainings), and
    what it gains over the first, picture by picture.
    """
    recognised = {views: _recognised([(fold, answers[views]) for fold, answers in found]) for views in WAYS}
    rows = []
    for views in WAYS:
        told = [{"fold": fold, **headline(answers[views], _classes(answers[views]))} for fold, answers in found]
        folds = pd.DataFrame(told).groupby("fold").mean()
        row = {"views": str(views), "folds": str(len(folds)), "trainings": str(len(told)), **spreads(folds)}
        against = gain(recognised[views], recognised[WAYS[0]])
        interval = f"{against['value']:+.3f} ({against['low']:+.3f} to {against['high']:+.3f})"
        rows.append(row | {"gain (95 % interval)": "-" if views == WAYS[0] else interval})
    return markdown(pd.DataFrame(rows))


def _classes(predictions: pd.DataFrame) -> list[str]:
    return [name.removeprefix("p_") for name in map(str, predictions) if name.startswith("p_")]


def _recognised(found: list[tuple[str, pd.DataFrame]]) -> pd.DataFrame:
    """As of studies.paired.recognised(): a picture is another one in another fold, where others were learnt from."""
    return merged(answers.assign(image_id=fold + ":" + answers["image_id"]) for fold, answers in found)


if __name__ == "__main__":
    run(main, way_back="Nothing was changed.")
