"""What was tried for lesion_net, each on the validation pictures of five folds; test pictures stay closed.

Every candidate is the recipe of params.yaml with plain steps, as many of them, from random weights, but for what its
line says. What did not pay is kept here alone, so that its figures can be had again. One training on each core;
stopped, the same command goes on. A line has the mean over the folds (lowest to highest fold) and, picture by picture,
what it gains over `recipe` under the same seeds, with all views. The interval says what other pictures would change,
not what other trainings would.
"""

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import softmax
from tqdm import tqdm

from benchmarks.candidate_plan import BASE, CANDIDATES, Task, folder_of, params_of, pictures_of
from benchmarks.experiments import FOLDS
from benchmarks.measuring import in_fresh_process, markdown
from benchmarks.paired import gain, merged
from benchmarks.race import prepare
from lesions.console import UserError, run
from lesions.manifest import PREPARED, read_manifest
from lesions.outputs import whole_file
from lesions.params import Params, load_params


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
                    "pictures": pictures.assign(label=labels, predicted=mean.argmax(axis=1)),
                }
            )
    return pd.DataFrame(rows)


def _spread(found: pd.DataFrame, score: str) -> str:
    folds = found.groupby("fold")[score].mean()
    return f"{folds.mean():.3f} ({folds.min():.3f} to {folds.max():.3f})"


def _gain(found: pd.DataFrame, base: pd.DataFrame) -> str:
    """Over the same seeds of the recipe, with all views."""
    told = gain(merged(found["pictures"]), merged(base.loc[base["seed"].isin(found["seed"]), "pictures"]))
    return f"{told['value']:+.3f} ({told['low']:+.3f} to {told['high']:+.3f})"


if __name__ == "__main__":
    from benchmarks import candidates  # by its full name: other processes cannot import functions of __main__

    run(candidates.main, way_back="The same command goes on where this one stopped.")
