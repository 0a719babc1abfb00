"""What was tried for lesion_net, each on the validation pictures of five folds; test pictures stay closed.

Every candidate is the recipe of params.yaml with plain steps, as many of them, from random weights, but for what its
line says. What did not pay is kept here alone, so that its figures can be had again. One training on each core;
stopped, the same command goes on. A line has the mean over the folds (lowest to highest fold) and, picture by picture,
what it gains over `recipe` under the same seeds, with all views. The interval says what other pictures would change,
not what other trainings would.
"""

import argparse
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import softmax
from tqdm import tqdm

from benchmarks.experiments import FOLDS
from benchmarks.measuring import in_fresh_process, markdown
from benchmarks.paired import gain
from benchmarks.race import prepare
from lesions.console import UserError, run
from lesions.manifest import PREPARED, read_manifest
from lesions.outputs import whole_file
from lesions.params import Params, load_params

FOLDER = Path("tmp/candidates")
BASE = "recipe"
OF_PICTURES = ("image_size", "rebalance.method", "prepare.color_constancy")
PLAIN = {"model.weights": "none", "model.views": "one", "train.sharpness": 0.0}


class Candidate(NamedTuple):
    """How it differs, in words; in params, by their dotted names; in how often each fold is trained; and in a function
    of benchmarks.candidate_training that is called by name there: TensorFlow is imported in the workers alone.
    """

    about: str
    params: Mapping[str, Any] = MappingProxyType({})
    seeds: int = 1
    variant: tuple[str, ...] = ()


CANDIDATES = {
    BASE: Candidate("", seeds=2),
    "drawn": Candidate("first weights from drawn lesions", {"model.weights": "auto"}, seeds=2),
    "sampler": Candidate(
        "rare classes drawn more often, no pictures by Augmentor", {"rebalance.method": "sampler", "epochs": 88}
    ),
    "sampler_70": Candidate(
        "as `sampler`, with 70 % of the training pictures",
        {"rebalance.method": "sampler", "epochs": 88},
        variant=("share", "0.7"),
    ),
    "mixup": Candidate("MixUp", variant=("mix", "mixup")),
    "drawn_mixup": Candidate("as `drawn`, with MixUp", {"model.weights": "auto"}, seeds=2, variant=("mix", "mixup")),
    "drawn_100": Candidate("as `drawn`, in 100 epochs", {"model.weights": "auto", "epochs": 100}),
    "drawn_mixup_100": Candidate(
        "as `drawn_mixup`, in 100 epochs", {"model.weights": "auto", "epochs": 100}, variant=("mix", "mixup")
    ),
    "drawn_grey": Candidate(
        "as `drawn`, colours as under white light",
        {"model.weights": "auto", "prepare.color_constancy": "shades_of_gray"},
    ),
    "sharpness": Candidate("sharpness-aware steps of .05", {"train.sharpness": 0.05}),
    "drawn_sharpness": Candidate("as `drawn`, with such steps", {"model.weights": "auto", "train.sharpness": 0.05}),
    "cutmix": Candidate("CutMix", variant=("mix", "cutmix")),
    "sharper": Candidate(
        "stored at 128 pixels, drawn at 64 while training", {"image_size": 128}, variant=("side", "64")
    ),
    "larger": Candidate(
        "96 pixels, a fourth stage of 192 channels", {"image_size": 96}, variant=("stages", "32 64 128 192")
    ),
    "wider": Candidate("stages of 48, 96 and 192 channels", variant=("stages", "48 96 192")),
    "highest": Candidate("the highest value of every feature beside its mean", variant=("features", "with_highest")),
}


class Task(NamedTuple):
    """One training."""

    name: str
    fold: int
    seed: int

    @property
    def result(self) -> Path:
        return FOLDER.resolve() / f"{self.name}-f{self.fold}-s{self.seed}.npz"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.candidates", description=__doc__)
    parser.add_argument("--dataset", type=Path, required=True, help="folder with the raw pictures")
    parser.add_argument("--labels", type=Path, default=Path("data/labels"), help="folder with official tables")
    parser.add_argument("--only", nargs="+", metavar="NAME", help=f"of {', '.join(CANDIDATES)}; and the recipe")
    arguments = parser.parse_args()
    names = [name for name in CANDIDATES if not arguments.only or name in {BASE, *arguments.only}]
    if unknown := set(arguments.only or []) - set(CANDIDATES):
        raise UserError(f"no candidate is called {', '.join(sorted(unknown))}: there are {', '.join(CANDIDATES)}")
    base = load_params().model_copy(update={"dataset": str(arguments.dataset.resolve())})
    base = base.model_copy(update={"labels": str(arguments.labels.resolve())})
    tasks = [
        Task(name, fold, seed) for name in names for seed in range(CANDIDATES[name].seeds) for fold in range(FOLDS)
    ]
    missing = [task for task in tasks if not task.result.exists()]
    folders = {folder_of(task, base): pictures_of(task, base) for task in missing}
    for folder, params in tqdm(folders.items(), "prepare", disable=not missing):
        in_fresh_process(partial(prepare, folder, params))
    run_all(missing, base)
    print(tell(names, base))


def run_all(tasks: Sequence[Task], base: Params) -> None:
    """Every training in a process of its own, one on each core: two of one core are faster than one of two."""
    free = SimpleQueue[int]()
    for core in sorted(os.sched_getaffinity(0)):
        free.put(core)

    def on_one_core(task: Task) -> None:
        core = free.get()
        try:
            in_fresh_process(partial(one, task, base, core))
        finally:
            free.put(core)

    with ThreadPoolExecutor(free.qsize()) as threads:
        running = [threads.submit(on_one_core, task) for task in tasks]
        for done in tqdm(as_completed(running), "train", len(tasks), disable=not tasks):
            done.result()


def one(task: Task, base: Params, core: int) -> None:
    """Train, and keep the answers."""
    os.sched_setaffinity(0, {core})
    from benchmarks import candidate_training as training

    kind, value = CANDIDATES[task.name].variant or ("", "")
    made: dict[str, Any] = {
        "side": lambda: {"side": int(value)},
        "share": lambda: {"share": float(value)},
        "mix": lambda: {"mix": getattr(training, value)},
        "features": lambda: {"features": getattr(training, value)},
        "stages": lambda: {"features": training.stages(*map(int, value.split()))},
        "": dict,
    }
    result = task.result  # before the folder changes
    os.chdir(folder_of(task, base))
    answers = training.train(params_of(task, base), training.Variant(**made[kind]()))
    with whole_file(result) as file, file.open("wb") as stream:
        np.savez(stream, **answers._asdict())


def params_of(task: Task, base: Params) -> Params:
    """The recipe with the candidate's params, the fold and the seed."""
    return _changed(pictures_of(task, base), {**PLAIN, **CANDIDATES[task.name].params, "seed": task.seed})


def pictures_of(task: Task, base: Params) -> Params:
    """The recipe with what decides which pictures there are: Augmentor's are the same under all seeds."""
    changes = CANDIDATES[task.name].params
    kept: dict[str, Any] = {name: changes[name] for name in OF_PICTURES if name in changes}
    return _changed(base, kept | {"prepare.test": "fold", "prepare.fold": task.fold})


def _changed(params: Params, changes: Mapping[str, Any]) -> Params:
    content = params.model_dump()
    for name, value in changes.items():
        group, keys = content, name.split(".")
        for key in keys[:-1]:
            group = group[key]
        group[keys[-1]] = value
    return Params.model_validate(content)


def folder_of(task: Task, base: Params) -> Path:
    """Where its pictures are prepared: shared by all candidates that need the same."""
    params = pictures_of(task, base)
    colours = "" if params.prepare.color_constancy == "none" else f"-{params.prepare.color_constancy}"
    return FOLDER.resolve() / f"{params.rebalance.method}-{params.image_size}{colours}-f{task.fold}"


def tell(names: Sequence[str], base: Params) -> str:
    """Markdown: a line for each candidate of which every fold was trained."""
    answers = {name: answers_of(name, base) for name in names}
    rows = []
    for name, found in answers.items():
        row = {"candidate": name, "what": CANDIDATES[name].about or "from random weights", "trainings": str(len(found))}
        for views in ("one", "all"):
            row[f"balanced accuracy, {views} view{'s' * (views == 'all')}"] = _spread(found, f"score_{views}")
        row["macro AUROC"] = _spread(found, "macro_auroc")
        if name != BASE:
            row["gain (95 % interval)"] = _gain(found, answers[BASE])
        row["seconds, one core"] = f"{found['seconds'].mean():.0f}"
        rows.append(row)
    return markdown(pd.DataFrame(rows).fillna("-"))


def answers_of(name: str, base: Params) -> pd.DataFrame:
    """A row for each training: fold, seed, its scores, and the table of its validation pictures."""
    from sklearn.metrics import balanced_accuracy_score, roc_auc_score

    rows = []
    for seed in range(CANDIDATES[name].seeds):
        for fold in range(FOLDS):
            task = Task(name, fold, seed)
            with np.load(task.result) as found:
                labels, logits, ids, seconds = (found[key] for key in ("labels", "logits", "image_id", "seconds"))
            mean = logits.mean(axis=0)
            manifest = read_manifest(folder_of(task, base) / PREPARED).set_index("image_id").loc[ids]
            pictures = pd.DataFrame(
                {"image_id": [f"{fold}:{one}" for one in ids], "group": manifest["group"].to_numpy()}
            )
            rows.append(
                {
                    "fold": fold,
                    "seed": seed,
                    "score_one": balanced_accuracy_score(labels, logits[0].argmax(axis=1)),
                    "score_all": balanced_accuracy_score(labels, mean.argmax(axis=1)),
                    "macro_auroc": roc_auc_score(labels, softmax(mean, axis=1), multi_class="ovr"),
                    "seconds": float(seconds),
                    "pictures": pictures.assign(label=labels, right=mean.argmax(axis=1) == labels),
                }
            )
    return pd.DataFrame(rows)


def _spread(found: pd.DataFrame, score: str) -> str:
    folds = found.groupby("fold")[score].mean()
    return f"{folds.mean():.3f} ({folds.min():.3f} to {folds.max():.3f})"


def _gain(found: pd.DataFrame, base: pd.DataFrame) -> str:
    """Over the same seeds of the recipe, with all views."""
    told = gain(_recognised(found), _recognised(base[base["seed"].isin(found["seed"])]))
    return f"{told['value']:+.3f} ({told['low']:+.3f} to {told['high']:+.3f})"


def _recognised(found: pd.DataFrame) -> pd.DataFrame:
    """As of benchmarks.paired.recognised(): the share of the trainings under which each picture was recognised."""
    pictures = pd.concat(list(found["pictures"]))
    merged = {"group": ("group", "first"), "label": ("label", "first"), "right": ("right", "mean")}
    return pd.DataFrame(pictures.groupby("image_id").agg(**merged))


if __name__ == "__main__":
    from benchmarks import candidates  # by its full name: other processes cannot import functions of __main__

    run(candidates.main, way_back="The same command goes on where this one stopped.")
