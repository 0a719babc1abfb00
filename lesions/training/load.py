"""Load the training data: pictures by the manifest, the plan and data/augmented, which must agree."""

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from lesions.data.manifest import classes_of
from lesions.data.pixels import Pixels, read_pixels
from lesions.data.plan import class_shares, class_weights, read_plan
from lesions.params.paths import AUGMENTED, PLAN, PREPARED
from lesions.params.schema import RebalanceParams
from lesions.runtime.console import UserError
from lesions.runtime.parallel import map_in_threads
from lesions.training.cache import Cache, PicturesOnDisk, digest_of, fits_in_memory, hash_of_digests
from lesions.training.training_set import Indices, Pictures, TrainingData


def load_training_data(
    manifest: pd.DataFrame, image_size: int, rebalance: RebalanceParams, cache: Cache
) -> TrainingData:
    """Read the training pictures (also the augmented ones) and the validation pictures; never a test picture.

    All are read once in any case: a damaged picture is found before the training, not in the middle.
    Raises UserError where a class has no training picture, a split is empty, a file is missing or damaged or of another
    size than image_size, or where data/augmented, the plan and the manifest contradict each other.
    """
    classes = classes_of(manifest)
    train, val = (manifest[manifest["split"] == split] for split in ("train", "val"))
    if val.empty:
        raise UserError("no validation pictures: raise prepare.val_fraction in params.yaml, then `dvc repro`")
    plan = read_plan(PLAN, manifest)
    augmented = _list_augmented(train, plan)
    paths = [PREPARED / path for path in train["path"]] + augmented
    labels = list(train["label"]) + [path.parent.name for path in augmented]
    val_paths, val_labels = [PREPARED / path for path in val["path"]], list(val["label"])
    load = _load if fits_in_memory(len(paths) + len(val_paths), image_size, cache) else _check_files
    train_pictures = Pictures(load(paths, image_size, "read training"), _indices(labels, classes))
    val_pictures = Pictures(load(val_paths, image_size, "read val"), _indices(val_labels, classes))
    ones = np.ones(len(classes))
    loss_weights = class_weights(plan) if rebalance.method == "weights" else ones
    shares = class_shares(plan) if rebalance.method == "sampler" else None
    return TrainingData(classes, train_pictures, val_pictures, loss_weights, shares)


def _list_augmented(train: pd.DataFrame, plan: pd.DataFrame) -> list[Path]:
    """The augmented pictures, sorted; each made from a training picture of its class, as many as planned."""
    if not AUGMENTED.is_dir():
        raise UserError(f"{AUGMENTED} is not there: run `dvc repro augment` first")
    paths = sorted(AUGMENTED.glob("*/*.png"))
    originals = set(zip(train["label"], train["image_id"], strict=True))
    for path in paths:
        if (path.parent.name, path.stem.rpartition("__")[0]) not in originals:
            raise UserError(f"{path} was not made from a training picture of its class: run `dvc repro augment`")
    counts = pd.Series([path.parent.name for path in paths], dtype=str).value_counts()
    for label, planned in plan["n_add"].items():
        if counts.get(label, 0) != planned:
            raise UserError(
                f"{AUGMENTED / str(label)} holds {counts.get(label, 0)} pictures, {PLAN} asks for {planned}: "
                "run `dvc repro augment`"
            )
    return paths


def _indices(labels: Sequence[str], classes: Sequence[str]) -> Indices:
    return np.array([classes.index(label) for label in labels], dtype=np.int64)


def _load(paths: Sequence[Path], image_size: int, title: str) -> Pixels:
    """All pictures in one array."""
    try:
        pixels = np.empty((len(paths), image_size, image_size, 3), dtype=np.uint8)
        read = functools.partial(_read, image_size=image_size)
        for number, picture in enumerate(map_in_threads(read, paths, title)):
            pixels[number] = picture
    except MemoryError:
        raise UserError(
            f"{len(paths)} pictures of {image_size} x {image_size} pixels do not fit into memory: "
            "set train.cache: none in params.yaml"
        ) from None
    return pixels


def _check_files(paths: Sequence[Path], image_size: int, title: str) -> PicturesOnDisk:
    """The same pictures, which stay in their files; all of them can be read and are of the right size."""
    digests = list(map_in_threads(functools.partial(_digest, image_size=image_size), paths, title))
    return PicturesOnDisk(paths, image_size, functools.partial(_read, image_size=image_size), hash_of_digests(digests))


def _digest(path: Path, image_size: int) -> bytes:
    return digest_of(_read(path, image_size))


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
