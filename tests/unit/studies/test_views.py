"""One training serves for every value of model.views: with its own, predictions are exactly those of evaluate."""

import shutil

import numpy as np
import pandas as pd
import pytest
import yaml

from lesions.data.manifest import write_manifest
from lesions.data.pixels import read_pixels
from lesions.evaluation.evaluate import fit_calibration, predictions_table
from lesions.metrics.decisions import balanced
from lesions.metrics.scores import headline
from lesions.models.predict import predict
from lesions.params.paths import MODEL, PLAN, PREPARED
from lesions.params.schema import PARAMS_FILE
from lesions.runtime.outputs import write_csv
from studies import views as study
from tests.unit.bundles import exported
from tests.unit.held_out import CLASSES
from tests.unit.small_params import params_with


def plan_of(manifest: pd.DataFrame) -> pd.DataFrame:
    """A plan that gives each class the same weight."""
    train = manifest.loc[manifest["split"] == "train", "label"].value_counts().sort_index()
    return pd.DataFrame({"label": train.index, "n_train": train.to_numpy(), "n_target": 10, "n_add": 0})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[study.PredictionsByView, pd.DataFrame]:
    """Predictions of the study and of evaluate for the validation pictures of one run."""
    root, params = tmp_path_factory.mktemp("run"), params_with()
    made = exported(root / "made", "lesion_net")
    for path in (PREPARED, MODEL):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(made.prepared, root / PREPARED)
    shutil.copy(root / "made/model.keras", root / MODEL)
    wrong = np.arange(len(made.manifest)) % 3 == 0  # a network that is never wrong is sure of everything with any view
    label = made.manifest["label"].where(~wrong, np.roll(made.manifest["label"], len(made.manifest) // len(CLASSES)))
    manifest = made.manifest.assign(label=label, source=made.manifest["path"], width="32", height="32")
    write_manifest(root / PREPARED, manifest, manifest[:0].assign(reason="", detail=""))
    write_csv(root / PLAN, plan_of(manifest))
    (root / PARAMS_FILE).write_text(yaml.safe_dump(params.model_dump()), encoding="utf-8")
    held_out = manifest[manifest["split"] == "val"].sort_values("image_id")
    logits = predict(made.model, np.stack([read_pixels(root / PREPARED / path) for path in held_out["path"]])).logits
    fitted = fit_calibration(held_out, logits, CLASSES, np.full(len(CLASSES), 1 / len(CLASSES)))
    return study.predict_by_view(root), predictions_table(held_out, balanced(logits, fitted), CLASSES)


def test_the_view_of_the_run_predicts_what_its_evaluation_did(
    run: tuple[study.PredictionsByView, pd.DataFrame],
) -> None:
    predictions, of_run = run
    pd.testing.assert_frame_equal(predictions[params_with().model.views], of_run)


def test_every_view_gives_its_own_predictions(run: tuple[study.PredictionsByView, pd.DataFrame]) -> None:
    """Weights that were lost on the way, or one network used three times, would predict the same."""
    predictions, _ = run
    columns = [f"p_{label}" for label in CLASSES]
    probabilities = [predictions[views][columns].to_numpy() for views in study.ALL_VIEWS]
    apart = [
        float(np.abs(one - other).max())
        for one, other in zip(probabilities, [*probabilities[1:], probabilities[0]], strict=True)
    ]
    assert min(apart) > 1e-4, f"predictions with two views are {apart} apart at most"


def test_the_table_has_the_scores_of_folds_and_pairs_the_pictures(
    run: tuple[study.PredictionsByView, pd.DataFrame],
) -> None:
    """Two folds of the same pictures: another picture each, as other pictures were learnt from."""
    predictions, _ = run
    better: study.PredictionsByView = {
        **predictions,
        "all": predictions["all"].assign(predicted=predictions["all"]["label"]),
    }
    rows = study.table([("0", better), ("1", predictions)]).splitlines()
    one, both = (next(row for row in rows if row.startswith(f"| {views} ")) for views in ("one", "all"))
    alone = [headline(predictions[views], CLASSES)["balanced_accuracy"] for views in ("one", "all")]
    assert one.startswith("| one | 2 | 2 |") and one.endswith("| - |")
    assert f"| {(1 + alone[1]) / 2:.3f} ({alone[1]:.3f} to 1.000) |" in both
    assert f"| {(1 + alone[1]) / 2 - alone[0]:+.3f} (" in both
