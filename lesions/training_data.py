"""What the network is trained on: the pictures in memory, what each class weighs, and the order of an epoch.

TensorFlow stays out of here: the worker processes that read pictures import this module.
"""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesions.console import UserError
from lesions.images import Pixels, read_pixels
from lesions.manifest import PREPARED, classes_of
from lesions.parallel import map_on_all_cores
from lesions.params import RebalanceParams

AUGMENTED = Path("data/augmented")
PLAN = Path("data/augmentation_plan.csv")
COUNTS = ("n_train", "n_target", "n_add")  # columns of the plan that training needs, besides label

Indices = NDArray[np.int64]
Weights = NDArray[np.float64]


class Pictures(NamedTuple):
    """Pixels (n, side, side, 3) and labels (n,), the index of each picture's class."""

    pixels: Pixels
    labels: Indices


class TrainingData(NamedTuple):
    """The training and validation pictures, and how the plan weighs the classes.

    loss_weights: (classes,), 1 on average over the training pictures. shares: (classes,) that sum to 1, what each class
    gets of an epoch's draws; None where every picture is drawn once.
    """

    classes: list[str]
    train: Pictures
    val: Pictures
    loss_weights: Weights
    shares: Weights | None


def load_training_data(manifest: pd.DataFrame, image_size: int, rebalance: RebalanceParams) -> TrainingData:
    """Read the training pictures (also the augmented ones) and the validation pictures; never a test picture.

    Raises UserError where a class has no training picture, a split is empty, a file is missing or damaged or of another
    size than image_size, or where data/augmented, the plan and the manifest contradict each other.
    """
    classes = classes_of(manifest)
    train, val = (manifest[manifest["split"] == split] for split in ("train", "val"))
    if val.empty:
        raise UserError("no validation pictures: raise prepare.val_fraction in params.yaml, then `dvc repro`")
    plan = _read_plan(train, classes)
    augmented = _list_augmented(train, plan)
    paths = [PREPARED / path for path in train["path"]] + augmented
    labels = list(train["label"]) + [path.parent.name for path in augmented]
    train_pictures = _load(paths, labels, classes, image_size, "read training")
    val_pictures = _load([PREPARED / path for path in val["path"]], list(val["label"]), classes, image_size, "read val")
    ones = np.ones(len(classes))
    loss_weights = class_weights(plan) if rebalance.method == "weights" else ones
    shares = class_shares(plan) if rebalance.method == "sampler" else None
    return TrainingData(classes, train_pictures, val_pictures, loss_weights, shares)


def class_weights(plan: pd.DataFrame) -> Weights:
    """What a picture of each class weighs in the loss: n_target / n_train, scaled to 1 on average over the pictures."""
    ratio = plan["n_target"] / plan["n_train"]
    return np.asarray(ratio * plan["n_train"].sum() / plan["n_target"].sum(), dtype=np.float64)


def class_shares(plan: pd.DataFrame) -> Weights:
    """What each class gets of the draws of an epoch: in proportion to n_target."""
    return np.asarray(plan["n_target"] / plan["n_target"].sum(), dtype=np.float64)


def epoch_order(labels: Indices, shares: Weights | None, seed: int, epoch: int) -> Indices:
    """The pictures of one epoch, as indices, in the order they are shown; as many as there are training pictures.

    It follows from (seed, epoch) alone: a run that is taken up in the middle goes on as if it had never stopped.
    Without shares each picture comes once. With shares each class gets its part of the epoch, to within one picture;
    in a class no picture comes a second time before all have come once. Which ones come is drawn anew every epoch.
    """
    rng = np.random.default_rng((seed, epoch))
    if shares is None:
        return rng.permutation(len(labels))
    ends = np.rint(np.cumsum(shares) * len(labels)).astype(int)
    draws = [
        np.resize(rng.permutation(np.flatnonzero(labels == label)), count)
        for label, count in enumerate(np.diff(ends, prepend=0))
    ]
    return rng.permutation(np.concatenate(draws))


def _read_plan(train: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """The plan, one row per class in the order of `classes`, checked against the training rows of the manifest."""
    try:
        plan = pd.read_csv(PLAN, index_col="label")[list(COUNTS)].reindex(classes)
    except FileNotFoundError:
        raise UserError(f"{PLAN} is not there: run `dvc repro analyze_imbalance` first") from None
    except (ValueError, KeyError) as error:
        raise UserError(f"{PLAN}: {error}; run `dvc repro analyze_imbalance` again") from None
    counts = train["label"].value_counts().reindex(classes, fill_value=0)
    for label in classes:
        if not counts[label]:
            raise UserError(f"class {label} has no training picture: take it out of the data set or add pictures to it")
        if counts[label] != plan.loc[label, "n_train"]:
            raise UserError(
                f"{PLAN} does not fit the manifest, which has {counts[label]} training pictures of {label}: "
                "run `dvc repro analyze_imbalance`"
            )
    return plan


def _list_augmented(train: pd.DataFrame, plan: pd.DataFrame) -> list[Path]:
    """The augmented pictures, sorted; each made from a training picture of its class, as many as planned."""
    if not AUGMENTED.is_dir():
        raise UserError(f"{AUGMENTED} is not there: run `dvc repro augment` first")
    paths = sorted(AUGMENTED.glob("*/*.png"))
    originals = set(zip(train["label"], train["image_id"], strict=True))
    for path in paths:
        if (path.parent.name, path.stem.rpartition("__")[0]) not in originals:
            raise UserError(f"{path} was not made from a training picture of its class: run `dvc repro augment`")
    found = pd.Series([path.parent.name for path in paths], dtype=str).value_counts()
    for label, planned in plan["n_add"].items():
        if found.get(label, 0) != planned:
            raise UserError(
                f"{AUGMENTED / str(label)} holds {found.get(label, 0)} pictures, {PLAN} asks for {planned}: "
                "run `dvc repro augment`"
            )
    return paths


def _load(
    paths: Sequence[Path], labels: Sequence[str], classes: Sequence[str], image_size: int, title: str
) -> Pictures:
    index = {label: number for number, label in enumerate(classes)}
    pixels = np.empty((len(paths), image_size, image_size, 3), dtype=np.uint8)
    read = functools.partial(_read, image_size=image_size)
    for number, picture in enumerate(map_on_all_cores(read, paths, title)):
        pixels[number] = picture
    return Pictures(pixels, np.array([index[label] for label in labels], dtype=np.int64))


def _read(path: Path, image_size: int) -> Pixels:
    stage = "augment" if path.is_relative_to(AUGMENTED) else "prepare"
    try:
        pixels = read_pixels(path)
    except (OSError, SyntaxError, ValueError) as error:  # what Pillow raises for missing and for damaged PNG
        raise UserError(f"{path} cannot be read ({type(error).__name__}): run `dvc repro {stage}`") from None
    if pixels.shape != (image_size, image_size, 3):
        raise UserError(
            f"{path} has {pixels.shape[1]} x {pixels.shape[0]} pixels, image_size in params.yaml is {image_size}: "
            f"run `dvc repro {stage}`"
        )
    return pixels
