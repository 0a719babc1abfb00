"""The augmentation plan: training pictures of each class, and the number that it should weigh as.

It is written by analyze_imbalance with the columns label, n_raw, n_usable, n_train, n_target and n_add.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesions.data.manifest import classes_of
from lesions.runtime.console import UserError

COUNTS = ("n_train", "n_target", "n_add")  # the columns that later stages need, besides label

Weights = NDArray[np.float64]


def read_plan(path: Path, manifest: pd.DataFrame) -> pd.DataFrame:
    """The plan, indexed by label, one row per class of the manifest in their order, with the columns of COUNTS.

    Raises UserError where the file is missing or damaged, where it was made from another manifest, and where a class
    has no training picture.
    """
    classes = classes_of(manifest)
    try:
        plan = pd.read_csv(path, index_col="label", dtype={"label": str}, keep_default_na=False)[list(COUNTS)]
        plan = plan.reindex(classes).fillna(0).astype(int)
    except FileNotFoundError:
        raise UserError(f"{path} is not there: run `dvc repro analyze_imbalance` first") from None
    except (ValueError, KeyError) as error:
        raise UserError(f"{path}: {error}; run `dvc repro analyze_imbalance` again") from None
    train = manifest.loc[manifest["split"] == "train", "label"].value_counts().reindex(classes, fill_value=0)
    for label in classes:
        if not train[label]:
            raise UserError(f"class {label} has no training picture: take it out of the data set or add pictures to it")
        if train[label] != plan.loc[label, "n_train"]:
            raise UserError(
                f"{path} does not fit the manifest, which has {train[label]} training pictures of {label}: "
                "run `dvc repro analyze_imbalance`"
            )
    return plan


def class_weights(plan: pd.DataFrame) -> Weights:
    """(classes,) loss weight of a picture by class: n_target / n_train, scaled to a mean of 1 over the pictures."""
    ratio = plan["n_target"] / plan["n_train"]
    return np.asarray(ratio * plan["n_train"].sum() / plan["n_target"].sum(), dtype=np.float64)


def class_shares(plan: pd.DataFrame) -> Weights:
    """(classes,) share of each class in training, in proportion to n_target; the shares sum to 1.

    New pictures, draws and loss weights all bring a class to its n_target, whatever the method.
    """
    return np.asarray(plan["n_target"] / plan["n_target"].sum(), dtype=np.float64)
