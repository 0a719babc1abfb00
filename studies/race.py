"""Training time of network (a) of the notebooks and of lesion_net: scores on validation pictures against seconds.

All get one fold of the same data set with the same split: (a) its recipe at 180 pixels (benchmarks/notebook_networks),
lesion_net that of params.yaml with as many epochs, and quick one with fewer and plain steps. All start from random
weights: the time of pretraining would not be counted. They are trained by the train stage's own code, one after the
other. Times run from where the pictures are read and the network is built to the end of each epoch, with validation and
checkpoints, and without the preparation of data; of a run that was stopped, only complete epochs count. The same
command resumes after them.
"""

import argparse
import os
import shutil
import time
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import yaml

from benchmarks.processes import in_fresh_process
from lesions.data.manifest import read_manifest
from lesions.params.paths import AUGMENTED, PREPARED
from lesions.params.schema import PARAMS_FILE, Params, load_params
from lesions.runtime.console import available_cores, run
from lesions.runtime.lock import exclusive_run
from lesions.training.checkpoint import CHECKPOINTS, Checkpoint, Scores, State
from studies.race_report import ACCURACY, SCORE, SECONDS, THEIRS, draw, table, verdict_text

OURS: dict[str, dict[str, Any]] = {  # what each changes in params.yaml
    "lesion_net": {"model": {"weights": "none"}, "epochs": 50},
    "quick": {"model": {"weights": "none"}, "train": {"sharpness": 0.0}, "epochs": 15},
}
FOLDER = Path("tmp/race")
ONE_FOLD = {"test": "fold", "fold": 0}  # of params.yaml's prepare; the rest of it stays


class RaceRun(NamedTuple):
    """A training: pictures per epoch and in validation, and the scores and SECONDS of every epoch."""

    train_pictures: int
    val_pictures: int
    history: list[Scores]

    @property
    def curve(self) -> pd.DataFrame:
        """A row per epoch, the index, from 1."""
        return pd.DataFrame(self.history, index=pd.RangeIndex(1, len(self.history) + 1))[[SECONDS, ACCURACY, SCORE]]


class TimedCheckpoint(Checkpoint):
    """A checkpoint with the seconds of training in the history of scores, so that they outlive a stopped run."""

    def __init__(self, folder: Path, parts: dict[str, str]) -> None:
        super().__init__(folder, parts)
        self.epochs = self.history
        self.earlier_seconds = self.epochs[-1][SECONDS] if self.epochs else 0.0
        self.start = time.monotonic()

    def save(self, state: State) -> None:
        state.history[-1][SECONDS] = self.earlier_seconds + time.monotonic() - self.start
        super().save(state)
        self.epochs = state.history


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m studies.race", description=__doc__)
    parser.add_argument("--dataset", type=Path, required=True, help="folder with the raw pictures")
    parser.add_argument("--labels", type=Path, default=Path("data/labels"), help="folder with official tables")
    parser.add_argument("--epochs", type=int, metavar="N", help="of each, in place of its own")
    arguments = parser.parse_args()
    if arguments.epochs is not None and arguments.epochs < 1:
        parser.error("--epochs: at least 1")
    trainings = race_params(load_params(), arguments.dataset, arguments.labels, arguments.epochs)
    for name, params in trainings.items():
        in_fresh_process(partial(prepare, FOLDER / name, params))
    require_same_split(*(FOLDER / name for name in trainings))
    runs = {name: in_fresh_process(partial(train, FOLDER / name)) for name in trainings}
    curves = {name: race_run.curve for name, race_run in runs.items()}
    text = "\n\n".join([conditions(trainings, runs), table(curves), verdict_text(curves)])
    (FOLDER / "race.md").write_text(f"{text}\n", encoding="utf-8")
    draw(curves, FOLDER / "race.png")
    print(f"\n{text}\n\n{FOLDER}/race.md, {FOLDER}/race.png")


def race_params(params: Params, dataset: Path, labels: Path, epochs: int | None) -> dict[str, Params]:
    """The params of all trainings, by name: data set and split are the same."""
    from benchmarks.notebook_networks import EPOCHS, notebook_params

    base = params.model_dump() | {"dataset": str(dataset.resolve()), "labels": str(labels.resolve())}
    base["prepare"] |= ONE_FOLD
    base["model"] |= {"name": "lesion_net"}
    trainings = {}
    for name, changes in OURS.items():
        groups = {key: {**base[key], **value} if isinstance(value, dict) else value for key, value in changes.items()}
        content = base | groups | ({"epochs": epochs} if epochs else {})
        trainings[name] = Params.model_validate(content)
    return trainings | {THEIRS: notebook_params(Params.model_validate(base), epochs or EPOCHS)}


def prepare(folder: Path, params: Params) -> None:
    """Run the stages before training in a project folder of its own, unless that was done with the same params."""
    from stages import analyze_imbalance, augment
    from stages import prepare as prepare_stage

    content = yaml.safe_dump(params.model_dump())
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    path = Path(PARAMS_FILE)
    if AUGMENTED.is_dir() and path.read_text(encoding="utf-8") == content:
        return
    shutil.rmtree("data", ignore_errors=True)
    path.write_text(content, encoding="utf-8")
    for stage in (prepare_stage, analyze_imbalance, augment):
        stage.main()


def require_same_split(*folders: Path) -> None:
    """Raises AssertionError where a picture is in one split here and in another, or none, there."""
    first, *others = (read_manifest(folder / PREPARED)[["image_id", "label", "split"]] for folder in folders)
    if not all(first.equals(other) for other in others):
        raise AssertionError(f"the splits in {' and '.join(map(str, folders))} differ")


def train(folder: Path) -> RaceRun:
    """Train in a prepared folder, from where an earlier run was stopped; a complete training is only read."""
    from lesions.models.transfer import build_network
    from lesions.training.fingerprint import fingerprint, loaded_code
    from lesions.training.fit import fit, set_seeds
    from lesions.training.load import load_training_data
    from lesions.training.log import Progress, print_start

    os.chdir(folder)
    with exclusive_run(CHECKPOINTS / "lock"):
        params, code = load_params(), loaded_code()
        set_seeds(params.seed, params.train.deterministic)
        data = load_training_data(read_manifest(PREPARED), params.image_size, params.rebalance, params.train.cache)
        model = build_network(params.model, len(data.classes), params.image_size)
        checkpoint = TimedCheckpoint(CHECKPOINTS, fingerprint(params, data, code))
        print_start(f"{folder.name} as {params.model.name}", model.count_params(), data, checkpoint)
        fit(model, data, params, [Progress(params.epochs)], checkpoint)
    return RaceRun(len(data.train.labels), len(data.val.labels), checkpoint.epochs)


def conditions(trainings: dict[str, Params], runs: dict[str, RaceRun]) -> str:
    """What was trained on what, in a sentence."""
    descriptions = [
        f"{name} {params.epochs} epochs of {runs[name].train_pictures:,} pictures at {params.image_size} pixels"
        for name, params in trainings.items()
    ]
    return (
        f"One fold, one training each from random weights, {available_cores()} cores: {', '.join(descriptions)}; "
        f"the same {runs[THEIRS].val_pictures:,} validation pictures. Preparing the data is not in the times."
    )


if __name__ == "__main__":
    from studies import race  # by its full name: other processes cannot import functions of __main__

    run(race.main, recovery_hint="The same command goes on where this one stopped.")
