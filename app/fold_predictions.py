"""The predictions of experiments, Git revisions or files, and which of them are folds of one cross-validation."""

import io
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import dvc.api
import pandas as pd
import yaml
from dvc.exceptions import DvcException, PathMissingError
from dvc.repo import Repo
from dvc.scm import RevError

from lesions.data.predictions import probability_columns
from lesions.data.results.prepare import PrepareMetrics
from lesions.params.paths import PREDICTIONS, PREPARE_METRICS
from lesions.runtime.console import UserError

COLUMNS = ("image_id", "group", "split", "label", "predicted")
MAY_DIFFER = ("seed", "prepare.fold")  # params in which the experiments of one cross-validation may differ


class FoldPredictions(NamedTuple):
    """The predictions of one experiment, revision or file; a file has no params, fold or number of pictures."""

    name: str
    classes: list[str]  # in the order of the probability columns
    test: pd.DataFrame  # predictions for test pictures, sorted by image_id
    val: pd.DataFrame  # the same for validation pictures; may be empty
    recipe: dict[str, Any] = {}  # noqa: RUF012 - never mutated; params by dotted name, without MAY_DIFFER
    fold: str = ""  # its number
    pictures: int = 0  # usable ones in the data set; 0 where that is not known


def read_fold(name: str) -> FoldPredictions:
    """Read a CSV file by its path, or an experiment by its name or any Git revision.

    Raises UserError where it does not exist, or its predictions break the contract.
    """
    if name.endswith(".csv"):
        try:
            return _parse(Path(name).read_text(encoding="utf-8"), name)
        except (FileNotFoundError, IsADirectoryError, UnicodeDecodeError):
            raise UserError(f"{name}: no such file, or no text; give the {PREDICTIONS} of a fold") from None
    params = pd.json_normalize(yaml.safe_load(_read(name, "params.yaml"))).astype(object).iloc[0].to_dict()
    fold = str(params["prepare.fold"]) if params.get("prepare.test") == "fold" else ""
    recipe = {str(key): value for key, value in params.items() if key not in MAY_DIFFER}
    pictures = _usable_pictures(name)
    return _parse(_read(name, PREDICTIONS.as_posix()), name)._replace(recipe=recipe, fold=fold, pictures=pictures)


def group_repeats(sources: list[FoldPredictions]) -> list[list[FoldPredictions]]:
    """Experiments by fold: those with the same test pictures together, folds in the order of their numbers.

    Raises UserError where they do not belong to one cross-validation: other classes, other params than MAY_DIFFER,
    a picture or group in the tests of two folds, or the same result twice.
    """
    for one, other in combinations(sources, 2):
        conflict = _conflict(one, other)
        if conflict:
            raise UserError(f"{one.name} and {other.name} {conflict}")
    folds: dict[str, list[FoldPredictions]] = {}
    for source in sources:
        folds.setdefault(source.test["image_id"][0], []).append(source)
    return sorted(folds.values(), key=lambda repeats: int(repeats[0].fold or 0))


def _read(revision: str, path: str) -> str:
    """The text of a file of an experiment or revision, tracked by Git or by DVC."""
    try:
        return str(dvc.api.read(path, rev=revision))
    except RevError as error:
        names = sorted(name for listing in Repo().experiments.ls(all_commits=True).values() for name, _ in listing)
        raise UserError(f"{error}; `dvc exp list --all-commits` knows {', '.join(names) or 'none'}") from None
    except PathMissingError:
        raise UserError(f"{revision} has no {path}: it did not run to the end, or is none of this pipeline's") from None
    except DvcException as error:
        raise UserError(f"{revision}: {error}") from None


def _usable_pictures(revision: str) -> int:
    text = _read(revision, PREPARE_METRICS.as_posix())
    try:
        return PrepareMetrics.parse(text, revision).n_usable
    except UserError:  # of an earlier version of this project, whose predictions can be read all the same
        return 0


def _parse(text: str, name: str) -> FoldPredictions:
    """The tables of a source. Raises UserError where they break the contract."""
    try:
        table = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
        classes = [column.removeprefix("p_") for column in table.columns if column.startswith("p_")]
        table = table.astype(dict.fromkeys(probability_columns(classes), float))
    except ValueError as error:
        raise UserError(f"{name}: not a table of predictions ({error})") from None
    missing = [column for column in COLUMNS if column not in table.columns]
    missing = missing or sorted(f"p_{label}" for label in {*table["label"], *table["predicted"]} - {*classes})
    if missing:
        raise UserError(f"{name}: no column {', '.join(missing)}; give the {PREDICTIONS} of a fold")
    test, val = (table[table["split"] == split].sort_values("image_id", ignore_index=True) for split in ("test", "val"))
    if test.empty:
        raise UserError(f"{name}: no test rows, so nothing to score")
    if test["image_id"].duplicated().any():
        raise UserError(f"{name}: an image_id stands twice in the test")
    return FoldPredictions(name, classes, test, val)


def _conflict(one: FoldPredictions, other: FoldPredictions) -> str:
    """Why two sources cannot belong to one cross-validation, or nothing."""
    if one.classes != other.classes:
        return f"know different classes: {', '.join(sorted({*one.classes} ^ {*other.classes})) or 'in another order'}"
    differ = sorted(key for key in {*one.recipe, *other.recipe} if one.recipe.get(key) != other.recipe.get(key))
    if one.recipe and other.recipe and differ:
        values = " against ".join(str(source.recipe.get(differ[0])) for source in (one, other))
        return f"are no folds of one cross-validation: params differ in {', '.join(differ)} (the first: {values})"
    if one.test["image_id"].equals(other.test["image_id"]):
        if not one.test[["group", "label"]].equals(other.test[["group", "label"]]):
            return "test the same pictures under other labels or groups"
        same = one.test.equals(other.test)
        return "hold the same predictions: give each once; repeats of a fold need other seeds" if same else ""
    for column, what in (("image_id", "pictures"), ("group", "groups")):
        shared = sorted({*one.test[column]} & {*other.test[column]})
        if shared:
            conflict = f"share {len(shared)} test {what}, the first: {shared[0]}; folds share none"
            return (
                f"{conflict}: take the same data and prepare.split_seed, and one experiment per prepare.fold and seed"
            )
    return ""
