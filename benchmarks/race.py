"""Network (a) of the notebooks against lesion_net, each trained to its end: scores on validation pictures against time.

All get one fold of the same data set with the same split: (a) its recipe at 180 pixels (benchmarks/notebook_networks),
lesion_net that of params.yaml, and quick one with fewer and plain steps. All start from random weights: what earlier
trainings took would not be in the time. They are trained by the train stage's own code, one after the other. The clock
runs from where the pictures are read and the network is built to the end of each epoch, validation and checkpoints too:
not while data are prepared, and in a run that was stopped for its complete epochs alone. The same command goes on after
them.
"""

import argparse
import math
import os
import shutil
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import yaml

from benchmarks.measuring import in_fresh_process, markdown
from lesions import figures
from lesions.checkpoint import CHECKPOINTS, Checkpoint, Scores, State
from lesions.console import available_cores, run
from lesions.loading import AUGMENTED
from lesions.lock import only_run
from lesions.manifest import PREPARED, read_manifest
from lesions.params import PARAMS_FILE, Params, load_params

THEIRS = "notebook_a"
OURS: dict[str, dict[str, Any]] = {  # what each changes in params.yaml
    "lesion_net": {"model": {"weights": "none"}},
    "quick": {"model": {"weights": "none", "members": 1}, "train": {"sharpness": 0.0}, "epochs": 15},
}
FOLDER = Path("tmp/race")
ONE_FOLD = {"test": "fold", "fold": 0}  # of params.yaml's prepare; the rest of it stays
SHOWN = (1, 5, 10, 20, 30, 50)  # epochs, and the last
GOAL = 50  # times faster
SCORE, ACCURACY = "val_balanced_accuracy", "val_accuracy"
SECONDS = "seconds"  # in the history, beside the scores
TICKS = {0.1: "0.1 s", 1: "1 s", 10: "10 s", 60: "1 min", 600: "10 min", 3_600: "1 h", 36_000: "10 h"}


class Raced(NamedTuple):
    """A training: pictures of an epoch and of the validation, and the scores and SECONDS of every epoch."""

    pictures: int
    watched: int
    history: list[Scores]

    @property
    def curve(self) -> pd.DataFrame:
        """A row per epoch, the index, from 1."""
        return pd.DataFrame(self.history, index=pd.RangeIndex(1, len(self.history) + 1))[[SECONDS, ACCURACY, SCORE]]


class Verdict(NamedTuple):
    """The best of (a), in which of its epochs; the seconds of all of them; and where another was first above it."""

    best: float
    best_epoch: int
    whole: float
    passed_epoch: int  # 0: never
    passed_after: float  # seconds; infinite: never

    @property
    def times_faster(self) -> float:
        """0 where it never passed."""
        return self.whole / self.passed_after


class TimedCheckpoint(Checkpoint):
    """Keeps the seconds of training beside the scores of every epoch, so that they outlive a stopped run."""

    def __init__(self, folder: Path, parts: dict[str, str]) -> None:
        super().__init__(folder, parts)
        self.epochs = self.history
        self.before = self.epochs[-1][SECONDS] if self.epochs else 0.0
        self.start = time.monotonic()

    def save(self, state: State) -> None:
        state.history[-1][SECONDS] = self.before + time.monotonic() - self.start
        super().save(state)
        self.epochs = state.history


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.race", description=__doc__)
    parser.add_argument("--dataset", type=Path, required=True, help="folder with the raw pictures")
    parser.add_argument("--labels", type=Path, default=Path("data/labels"), help="folder with official tables")
    parser.add_argument("--epochs", type=int, metavar="N", help="of each, in place of its own")
    arguments = parser.parse_args()
    if arguments.epochs is not None and arguments.epochs < 1:
        parser.error("--epochs: at least 1")
    entrants = entrants_of(load_params(), arguments.dataset, arguments.labels, arguments.epochs)
    for name, params in entrants.items():
        in_fresh_process(partial(prepare, FOLDER / name, params))
    require_same_split(*(FOLDER / name for name in entrants))
    raced = {name: in_fresh_process(partial(train, FOLDER / name)) for name in entrants}
    curves = {name: found.curve for name, found in raced.items()}
    text = "\n\n".join([conditions(entrants, raced), table(curves), tell(curves)])
    (FOLDER / "race.md").write_text(f"{text}\n", encoding="utf-8")
    draw(curves, FOLDER / "race.png")
    print(f"\n{text}\n\n{FOLDER}/race.md, {FOLDER}/race.png")


def entrants_of(params: Params, dataset: Path, labels: Path, epochs: int | None) -> dict[str, Params]:
    """The params of all trainings, by name: data set and split are the same."""
    from benchmarks.notebook_networks import EPOCHS, notebook_params

    base = params.model_dump() | {"dataset": str(dataset.resolve()), "labels": str(labels.resolve())}
    base["prepare"] |= ONE_FOLD
    base["model"] |= {"name": "lesion_net"}
    entrants = {}
    for name, changes in OURS.items():
        groups = {key: {**base[key], **value} if isinstance(value, dict) else value for key, value in changes.items()}
        content = base | groups | ({"epochs": epochs} if epochs else {})
        entrants[name] = Params.model_validate(content)
    return entrants | {THEIRS: notebook_params(Params.model_validate(base), epochs or EPOCHS)}


def prepare(folder: Path, params: Params) -> None:
    """Run the stages before training in a project folder of its own, unless that was done with the same params."""
    from stages import analyze_imbalance, augment
    from stages import prepare as first

    content = yaml.safe_dump(params.model_dump())
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    path = Path(PARAMS_FILE)
    if AUGMENTED.is_dir() and path.read_text(encoding="utf-8") == content:
        return
    shutil.rmtree("data", ignore_errors=True)
    path.write_text(content, encoding="utf-8")
    for stage in (first, analyze_imbalance, augment):
        stage.main()


def require_same_split(*folders: Path) -> None:
    """Raises AssertionError where a picture is in one split here and in another, or none, there."""
    first, *others = (read_manifest(folder / PREPARED)[["image_id", "label", "split"]] for folder in folders)
    if not all(first.equals(other) for other in others):
        raise AssertionError(f"the splits in {' and '.join(map(str, folders))} differ")


def train(folder: Path) -> Raced:
    """Train in a prepared folder, from where an earlier run was stopped; what is complete is only read."""
    from lesions.fingerprint import fingerprint, loaded_code
    from lesions.loading import load_training_data
    from lesions.training import fit, set_seeds
    from lesions.training_log import Progress, tell_start
    from lesions.transfer import build_network

    os.chdir(folder)
    with only_run(CHECKPOINTS / "lock"):
        params, code = load_params(), loaded_code()
        set_seeds(params.seed, params.train.deterministic)
        data = load_training_data(read_manifest(), params.image_size, params.rebalance, params.train.cache)
        model = build_network(params.model, len(data.classes), params.image_size)
        checkpoint = TimedCheckpoint(CHECKPOINTS, fingerprint(params, data, code))
        tell_start(f"{folder.name} as {params.model.name}", model.count_params(), data, checkpoint)
        fit(model, data, params, [Progress(params.epochs)], checkpoint)
    return Raced(len(data.train.labels), len(data.val.labels), checkpoint.epochs)


def judge(theirs: pd.DataFrame, ours: pd.DataFrame) -> Verdict:
    """After how long the other was first above the best that (a) reached in all its epochs."""
    best, best_epoch = float(theirs[SCORE].max()), int(theirs[SCORE].argmax()) + 1
    above = np.flatnonzero(ours[SCORE] > best)
    passed = (int(above[0]) + 1, float(ours[SECONDS].iloc[above[0]])) if len(above) else (0, math.inf)
    return Verdict(best, best_epoch, float(theirs[SECONDS].iloc[-1]), *passed)


def conditions(entrants: dict[str, Params], raced: dict[str, Raced]) -> str:
    """What was trained on what, in a sentence."""
    about = [
        f"{name} {params.epochs} epochs of {raced[name].pictures:,} pictures at {params.image_size} pixels"
        for name, params in entrants.items()
    ]
    return (
        f"One fold, one training each from random weights, {available_cores()} cores: {', '.join(about)}; the same "
        f"{raced[THEIRS].watched:,} validation pictures. Preparing the data is not in the times."
    )


def table(curves: Mapping[str, pd.DataFrame]) -> str:
    """Markdown: time and scores at some epochs."""
    lengths = {len(curve) for curve in curves.values()}
    rows = []
    for epoch in sorted(lengths | {epoch for epoch in SHOWN if epoch < max(lengths)}):
        row = {"epoch": str(epoch)}
        for name, curve in curves.items():
            for seconds, accuracy, score in curve.loc[epoch:epoch].to_numpy():
                row[f"{name}: time"] = duration(seconds)
                row[f"{name}: accuracy"], row[f"{name}: balanced"] = f"{accuracy:.3f}", f"{score:.3f}"
        rows.append(row)
    return markdown(pd.DataFrame(rows).fillna("-"))


def tell(curves: Mapping[str, pd.DataFrame]) -> str:
    """The verdict on each of ours, a sentence each."""
    theirs = curves[THEIRS]
    best, best_epoch, whole, *_ = judge(theirs, theirs)
    told = [
        f"{THEIRS} reaches at best {best:.3f} balanced accuracy on validation pictures (epoch {best_epoch}) and stands "
        f"at {theirs[SCORE].iloc[-1]:.3f} in the end; its {len(theirs)} epochs take {duration(whole)}."
    ]
    for name, curve in _ours(curves).items():
        verdict = judge(theirs, curve)
        passed = f"{name} never passes that in its {len(curve)} epochs"
        if verdict.passed_epoch:
            passed = (
                f"{name} is first above that at the end of epoch {verdict.passed_epoch} of {len(curve)}, after "
                f"{duration(verdict.passed_after)}: 1/{verdict.times_faster:.1f} of the time"
            )
        goal = f"goal, 1/{GOAL} or less: {'reached' if verdict.times_faster >= GOAL else 'not reached'}"
        end = f"{curve[SCORE].iloc[-1]:.3f} after {duration(curve[SECONDS].iloc[-1])}"
        told.append(f"{passed} ({goal}); it ends at {end}.")
    return " ".join(told)


def draw(curves: Mapping[str, pd.DataFrame], path: Path) -> None:
    """Balanced accuracy against time, on a logarithmic axis. The title tells the verdict on the first to pass (a)."""
    theirs, ours = curves[THEIRS], _ours(curves)
    verdicts = {name: judge(theirs, curve) for name, curve in ours.items()}
    first, verdict = min(verdicts.items(), key=lambda item: item[1].passed_after)
    title = "None passes the best that the notebooks' network reaches"
    if verdict.passed_epoch:
        title = (
            f"{first} passes the best of the notebooks' network after {duration(verdict.passed_after)}, "
            f"1/{verdict.times_faster:.0f} of the {duration(verdict.whole)} of its {len(theirs)} epochs"
        )
    figure = figures.new_figure(360, title)
    axes = figure.add_subplot()
    for name, curve in ours.items():
        (line,) = axes.plot(curve[SECONDS], curve[SCORE], "o-", markersize=2.5, label=name)
        if passed := verdicts[name].passed_epoch:
            at = curve.loc[passed]
            axes.plot(at[SECONDS], at[SCORE], "o", color=line.get_color(), markersize=8)
    axes.plot(theirs[SECONDS], theirs[SCORE], "o--", markersize=2.5, label="notebooks' network (a)")
    axes.axhline(verdict.best, color=figures.GREY, linewidth=0.8, linestyle=":")
    axes.text(0.01, verdict.best + 0.01, f"best of (a): {verdict.best:.3f}", transform=axes.get_yaxis_transform())
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    shown = {at: text for at, text in TICKS.items() if low <= at <= high}
    axes.set_xticks(list(shown), list(shown.values()))
    axes.minorticks_off()
    axes.set(xlabel="time of training (logarithmic)", ylabel="balanced accuracy on validation pictures", ylim=(0, 1))
    axes.grid()
    axes.legend(loc="lower right")
    figures.save(figure, path)


def _ours(curves: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return {name: curve for name, curve in curves.items() if name != THEIRS}


def duration(seconds: float) -> str:
    """In the unit that people would choose."""
    if seconds < 120:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min"


if __name__ == "__main__":
    from benchmarks import race  # by its full name: other processes cannot import functions of __main__

    run(race.main, way_back="The same command goes on where this one stopped.")
