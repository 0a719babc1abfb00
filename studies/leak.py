"""Leakage by the notebooks' order, copies before the split: copies of validation pictures are in the training set.

The notebooks let Augmentor write copies into the training folder and then set a part of it aside at random. This trains
the same network in that order, with the pipeline's own parts in a folder of its own under tmp/; the pipeline cannot be
switched into it. The fold's test pictures have no copies and are untouched, so they check the claim.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from benchmarks.measuring import markdown
from lesions.augmentation.copies import choose_copies, write_copies
from lesions.data.manifest import classes_of, read_manifest, write_manifest
from lesions.data.pixels import read_pixels
from lesions.data.predictions import probability_columns
from lesions.metrics.scores import headline
from lesions.params import paths
from lesions.params.paths import AUGMENTED, MODEL, PREPARED
from lesions.params.schema import PARAMS_FILE, Params, load_params
from lesions.preparation.prepare import prepare
from lesions.runtime.console import UserError, run
from lesions.runtime.outputs import whole_folder, write_csv, write_json
from studies.experiments import FOLDS, read_plan
from studies.study_results import REBALANCED, STUDY

FOLDER = Path("tmp/leak")
VALIDATION_FRACTION = 0.2  # of all files, as in the notebooks
COPIES = "copies"
RESULT = "leak.json"


def main() -> None:
    parser = argparse.ArgumentParser("python -m studies.leak", description=__doc__)
    parser.add_argument("--dataset", type=Path, required=True, help="folder with the raw pictures")
    parser.add_argument("--labels", type=Path, default=Path("data/labels"), help="folder with official tables")
    parser.add_argument("--folds", type=int, default=3, metavar="N", help=f"how many of {FOLDS}")
    arguments = parser.parse_args()
    print(
        table(
            [
                measure_leakage(fold, arguments.dataset.resolve(), arguments.labels.resolve())
                for fold in range(arguments.folds)
            ]
        )
    )


def table(leaks: list[dict[str, Any]]) -> str:
    """Accuracy on validation and on untouched test pictures, a row for each fold (Markdown)."""
    rows = [
        {
            "fold": leak["fold"],
            "validation claims": f"{leak['val']['accuracy']:.3f}",
            "the test says": f"{leak['test']['accuracy']:.3f}",
            "validation files with a sibling in training": f"{leak['siblings']:.0%}",
        }
        for leak in leaks
    ]
    return markdown(pd.DataFrame(rows))


def measure_leakage(fold: int, dataset: Path, labels: Path) -> dict[str, Any]:
    """Train one fold in the notebooks' order, or read the result of an earlier run.

    Returns fold, val and test (headline scores), and siblings: the share of validation files of which a copy, or the
    original, is among the training files.
    """
    folder = FOLDER / f"f{fold}"
    result = folder / RESULT
    if result.exists():
        leakage: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        return leakage
    params = load_params()
    if not (folder / PARAMS_FILE).exists():  # written last
        _make_project(folder, fold, dataset, labels, params)
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    if subprocess.run([sys.executable, "-m", "stages.train"], cwd=folder, env=environment, check=False).returncode:
        raise UserError(f"the training in {folder} failed, see above; the same command goes on")
    manifest = read_manifest(folder / PREPARED)
    scores = {split: _scores(folder, manifest, split) for split in ("val", "test")}
    leakage = {"fold": fold, **scores, "siblings": share_with_siblings(manifest)}
    write_json(result, leakage)
    return leakage


def _make_project(folder: Path, fold: int, dataset: Path, labels: Path, params: Params) -> None:
    """Write what the train stage reads: pictures with the copies among them, a plan that adds nothing, and params."""
    changes = read_plan(STUDY)[REBALANCED]
    settings = params.prepare.model_copy(update={"test": "fold", "folds": FOLDS, "fold": fold})
    with whole_folder(folder / PREPARED) as prepared:
        preparation = prepare(dataset, labels, params.image_size, settings, prepared)
        pool = preparation.used[preparation.used["split"] != "test"].assign(split="train")
        per_class = pd.Series(changes["rebalance.per_class"], index=classes_of(pool))
        copies = choose_copies(pool, per_class, params.seed)
        (prepared / COPIES).mkdir()
        write_copies(copies, params.augment.operations, params.seed, prepared, prepared / COPIES)
        by_id = (
            pool.set_index("image_id", drop=False)
            .loc[[copy.image_id for copy in copies]]
            .assign(
                image_id=[f"{copy.image_id}__{copy.k}" for copy in copies],
                path=[f"{COPIES}/{copy.target}" for copy in copies],
            )
        )
        files = random_split(pd.concat([pool, by_id], ignore_index=True), params.seed)
        test = preparation.used[preparation.used["split"] == "test"]
        write_manifest(prepared, pd.concat([files, test]), preparation.pictures.drop(preparation.used.index))
    counts = files.loc[files["split"] == "train", "label"].value_counts().sort_index()
    plan = pd.DataFrame({"label": counts.index, "n_train": counts.to_numpy(), "n_target": counts.to_numpy()})
    write_csv(folder / paths.PLAN, plan.assign(n_add=0))
    (folder / AUGMENTED).mkdir(exist_ok=True)
    content = yaml.safe_load(Path(PARAMS_FILE).read_text(encoding="utf-8"))
    for name, value in {**changes, "rebalance.method": "none"}.items():
        *groups, key = name.split(".")
        part = content
        for group in groups:
            part = part[group]
        part[key] = value
    (folder / PARAMS_FILE).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def random_split(files: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The files with a new split: val for a random VALIDATION_FRACTION, train for the rest, regardless of siblings."""
    order = np.random.default_rng(seed).permutation(len(files))
    return files.assign(split=np.where(order < VALIDATION_FRACTION * len(files), "val", "train"))


def share_with_siblings(manifest: pd.DataFrame) -> float:
    """The share of validation files that come from one picture with a training file. In [0, 1]."""
    original = manifest["image_id"].str.partition("__")[0]
    train_originals = set(original[manifest["split"] == "train"])
    return float(original[manifest["split"] == "val"].isin(train_originals).mean())


def _scores(folder: Path, manifest: pd.DataFrame, split: str) -> dict[str, Any]:
    from lesions.models.predict import load_model, predict  # here: TensorFlow takes seconds to load

    rows, classes = manifest[manifest["split"] == split], classes_of(manifest)
    pixels = np.stack([read_pixels(folder / PREPARED / path) for path in rows["path"]])
    probabilities = predict(load_model(folder / MODEL), pixels).probabilities
    predicted = [classes[index] for index in probabilities.argmax(axis=1)]
    predictions = pd.DataFrame(probabilities, columns=probability_columns(classes), index=rows.index)
    return headline(predictions.assign(label=rows["label"], predicted=predicted), classes)


if __name__ == "__main__":
    run(main, recovery_hint="Folds that are complete are kept; the same command goes on.")
