"""Gathering folds: equal to scikit-learn where it can be, AUROC never pooled, and no folds that do not fit together."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from app import folds
from app.fold_predictions import FoldPredictions, group_repeats, read_fold
from lesions.data.predictions import probability_columns
from lesions.runtime.console import UserError, run

CLASSES = ["melanoma", "nevus", "vascular_lesion"]


def predictions_table(rows: pd.DataFrame, probabilities: np.ndarray, classes: list[str]) -> pd.DataFrame:
    """What evaluate writes: the rows with the most probable class, and (rows, classes) probabilities."""
    rounded = pd.DataFrame(probabilities.round(6), columns=probability_columns(classes))
    predicted = [classes[index] for index in rounded.to_numpy().argmax(axis=1)]
    return pd.concat([rows[["image_id", "group", "split", "label"]].assign(predicted=predicted), rounded], axis=1)


def held_out(fold: int, seed: int = 0, n: int = 60, classes: list[str] = CLASSES) -> pd.DataFrame:
    """A predictions table: n test pictures of this fold alone, and 20 validation pictures of the next one."""
    truth = np.random.default_rng(fold).integers(0, len(classes), n + 20)
    logits = np.random.default_rng([fold, seed]).normal(size=(n + 20, len(classes))) + np.eye(len(classes))[truth]
    ids = [f"f{fold}_{k:03}" for k in range(n)] + [f"f{(fold + 1) % 3}_{k:03}" for k in range(20)]
    rows = pd.DataFrame({"image_id": ids, "group": ids, "split": ["test"] * n + ["val"] * 20})
    rows["label"] = [classes[index] for index in truth]
    return predictions_table(rows, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), classes)


@pytest.fixture
def sources(tmp_path: Path) -> Callable[..., list[FoldPredictions]]:
    """A function that writes tables as CSV files and reads them as sources, named 0.csv, 1.csv, ..."""

    def write(*tables: pd.DataFrame) -> list[FoldPredictions]:
        paths = [tmp_path / f"{number}.csv" for number in range(len(tables))]
        for path, table in zip(paths, tables, strict=True):
            table.to_csv(path, index=False)
        return [read_fold(str(path)) for path in paths]

    return write


def balanced_accuracy(test: pd.DataFrame) -> float:
    return float(metrics.balanced_accuracy_score(test["label"], test["predicted"]))


def test_a_score_is_the_plain_mean_of_its_folds(sources: Callable[..., list[FoldPredictions]]) -> None:
    given = sources(*(held_out(fold) for fold in range(3)))
    found = folds.summarise(group_repeats(given))
    each = [balanced_accuracy(source.test) for source in given]
    assert [row["balanced_accuracy"] for row in found["folds"]] == pytest.approx(each, abs=1e-4)
    assert found["mean"]["balanced_accuracy"] == pytest.approx(np.mean(each), abs=1e-4)
    assert found["min"]["balanced_accuracy"] == pytest.approx(min(each), abs=1e-4)
    assert found["max"]["balanced_accuracy"] == pytest.approx(max(each), abs=1e-4)
    assert [row["n"] for row in found["folds"]] == [60, 60, 60]
    assert set(found["mean"]) == set(folds.FOLD_SCORES)
    assert found["warnings"] == []


def test_recall_and_confusion_are_pooled_over_all_pictures(sources: Callable[..., list[FoldPredictions]]) -> None:
    """Pictures of folds of different sizes count alike: a mean of the folds' recalls would be another number."""
    given = sources(held_out(0), held_out(1, n=90), held_out(2, n=30))
    found = folds.summarise(group_repeats(given))["pooled"]
    tests = pd.concat([source.test for source in given])
    expected = metrics.recall_score(tests["label"], tests["predicted"], labels=CLASSES, average=None)
    assert [found["per_class"][label]["recall"] for label in CLASSES] == pytest.approx(expected, abs=1e-4)
    assert [found["per_class"][label]["n"] for label in CLASSES] == [(tests["label"] == c).sum() for c in CLASSES]
    assert found["confusion"] == metrics.confusion_matrix(tests["label"], tests["predicted"], labels=CLASSES).tolist()
    assert found["balanced_accuracy"] == pytest.approx(np.mean(expected), abs=1e-4)


def test_the_interval_of_a_recall_is_wilsons(sources: Callable[..., list[FoldPredictions]]) -> None:
    """8 of 10: 0.490 to 0.943 (the Wald interval would be 0.552 to 1.048)."""
    table = held_out(0, n=20)
    table.loc[table["split"] == "test", "label"] = ["melanoma"] * 10 + ["nevus"] * 10
    table.loc[table["split"] == "test", "predicted"] = ["melanoma"] * 8 + ["nevus"] * 12
    row = folds.summarise(group_repeats(sources(table)))["pooled"]["per_class"]["melanoma"]
    assert (row["recall"], row["low"], row["high"]) == (0.8, 0.4902, 0.9433)


def test_a_group_of_several_pictures_is_counted_beside_them(
    sources: Callable[..., list[FoldPredictions]],
) -> None:
    table = held_out(0)
    table["group"] = [f"g{number // 2}" for number in range(len(table))]
    rows = folds.summarise(group_repeats(sources(table)))["pooled"]["per_class"].values()
    assert all(row["groups"] <= row["n"] for row in rows)
    assert any(row["groups"] < row["n"] for row in rows)


def test_auroc_is_averaged_and_never_pooled(sources: Callable[..., list[FoldPredictions]]) -> None:
    """Each model ranks its own test perfectly, but on another scale: pooled, the AUROC would drop below 1."""
    tables = []
    for fold, (low, high) in enumerate([(0.05, 0.2), (0.6, 0.9)]):
        rows = pd.DataFrame({"image_id": [f"{fold}_{k:02}" for k in range(20)], "split": "test"})
        rows["group"], rows["label"] = rows["image_id"], ["melanoma"] * 10 + ["nevus"] * 10
        melanoma = np.where(rows["label"] == "melanoma", high, low)
        tables.append(predictions_table(rows, np.stack([melanoma, 1 - melanoma], axis=1), ["melanoma", "nevus"]))
    pooled = pd.concat(tables)
    assert metrics.roc_auc_score(pooled["label"] == "melanoma", pooled["p_melanoma"]) < 0.9
    found = folds.summarise(group_repeats(sources(*tables)))
    assert found["mean"]["melanoma_auroc"] == found["min"]["melanoma_auroc"] == 1
    assert "auroc" not in json.dumps(found["pooled"])


def test_repeats_of_a_fold_are_averaged_before_the_folds_are(
    sources: Callable[..., list[FoldPredictions]],
) -> None:
    """Three runs of fold 0 beside one of fold 1 must not make fold 0 weigh three times as much."""
    given = sources(*(held_out(0, seed) for seed in range(3)), held_out(1))
    found = folds.summarise(group_repeats(given))
    each = [balanced_accuracy(source.test) for source in given]
    assert [row["repeats"] for row in found["folds"]] == [3, 1]
    assert found["mean"]["balanced_accuracy"] == pytest.approx((np.mean(each[:3]) + each[3]) / 2, abs=1e-4)
    assert found["pooled"]["n"] == 120
    assert np.sum(found["pooled"]["confusion"]) == pytest.approx(120, abs=1e-3)


def test_a_mean_needs_every_fold(sources: Callable[..., list[FoldPredictions]]) -> None:
    """Where one fold has too few pictures of a class, the mean over the others would be of another set of pictures."""
    few = held_out(1)
    few = few.drop(few.index[(few["label"] == "nevus") & (few["split"] == "test")][2:])
    found = folds.summarise(group_repeats(sources(held_out(0), few, held_out(2))))
    assert ["balanced_accuracy" in row for row in found["folds"]] == [True, False, True]
    assert "balanced_accuracy" not in found["mean"]
    assert found["pooled"]["balanced_accuracy"] is not None
    assert "mean" in folds.summary_text(found)


def test_a_class_that_no_test_holds_has_no_recall(sources: Callable[..., list[FoldPredictions]]) -> None:
    table = held_out(0)
    found = folds.summarise(group_repeats(sources(table[table["label"] != "nevus"])))
    assert found["pooled"]["per_class"]["nevus"]["recall"] is None
    assert found["pooled"]["balanced_accuracy"] is None
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_a_missing_fold_is_noticed_by_pictures_that_were_never_tested(
    sources: Callable[..., list[FoldPredictions]],
) -> None:
    found = folds.summarise(group_repeats(sources(held_out(0), held_out(1))))
    assert found["warnings"] == ["120 of at least 140 pictures were tested (86%)"]


def test_a_missing_fold_is_named_where_the_params_tell(sources: Callable[..., list[FoldPredictions]]) -> None:
    known = [
        source._replace(fold=fold, recipe={"prepare.folds": 4}, pictures=250)
        for source, fold in zip(sources(held_out(0), held_out(2)), "02", strict=True)
    ]
    assert folds.summarise(group_repeats(known))["warnings"] == [
        "of 4 folds, numbered from 0, these are missing: 1, 3",
        "120 of 250 pictures were tested (48%)",
    ]


def test_folds_of_different_recipes_are_refused(sources: Callable[..., list[FoldPredictions]]) -> None:
    """`dvc exp list` also names yesterday's experiments: their folds would be averaged with today's."""
    one, other = sources(held_out(0), held_out(1))
    with pytest.raises(UserError, match=r"params differ in epochs, model.dropout \(the first: 30 against 50\)"):
        group_repeats([
            one._replace(recipe={"epochs": 30, "model.dropout": 0.1, "rebalance.cap": None}),
            other._replace(recipe={"epochs": 50, "model.dropout": 0.2, "rebalance.cap": None}),
        ])  # fmt: skip


def with_shared_group(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(group=table["group"].where(table.index != 0, "f0_005"))


def with_shared_picture(table: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([held_out(0).query("split == 'test'").head(2), table])


ERRORS = {
    "no test rows": (lambda table: table[table["split"] == "val"], "no test rows"),
    "a column is missing": (lambda table: table.drop(columns="group"), "no column group"),
    "no probabilities": (lambda table: table.drop(columns=probability_columns(CLASSES)), "no column p_melanoma, p_"),
    "a class without probability": (lambda table: table.drop(columns="p_nevus"), "no column p_nevus"),
    "a word for a number": (lambda table: table.astype({"p_nevus": str}).assign(p_nevus="high"), "not a table of pred"),
    "an empty file": (lambda table: pd.DataFrame(), "not a table of predictions"),
    "a picture twice": (lambda table: pd.concat([table, table]), "an image_id stands twice"),
    "other classes": (lambda table: table.assign(p_wart=0.0), "know different classes: wart"),
    "a shared picture": (with_shared_picture, "share 2 test pictures, the first: f0_000"),
    "a shared group": (with_shared_group, "share 1 test groups, the first: f0_005"),
    "the same result twice": (lambda table: held_out(0), "hold the same predictions"),
    "other labels": (lambda table: held_out(0, seed=1).assign(label="nevus"), "under other labels or groups"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_what_does_not_fit_is_refused_in_one_line(name: str, sources: Callable[..., list[FoldPredictions]]) -> None:
    spoil, message = ERRORS[name]
    with pytest.raises(UserError, match=message) as caught:
        group_repeats(sources(held_out(0), spoil(held_out(1))))
    assert "1.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_an_error() -> None:
    with pytest.raises(UserError, match=r"nowhere\.csv: no such file"):
        read_fold("nowhere.csv")


@pytest.mark.parametrize("kind", ["table", "json", "csv"])
def test_every_format_can_be_printed_and_written(
    kind: str, sources: Callable[..., list[FoldPredictions]], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    names = [source.name for source in sources(*(held_out(fold) for fold in range(3)))]
    monkeypatch.setattr("sys.argv", ["folds", *names, "--format", kind])
    folds.main()
    printed = capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["folds", *names, "--format", kind, "--out", str(tmp_path / "new" / "out")])
    folds.main()
    assert (tmp_path / "new" / "out").read_text(encoding="utf-8") == printed
    if kind == "table":
        assert "no interval and gives no standard error" in printed
    elif kind == "json":
        assert json.loads(printed)["mean"]["macro_auroc"] > 0.5
    else:
        rows = pd.read_csv(io.StringIO(printed))
        assert rows["part"].tolist() == ["fold"] * 3 + ["mean", "min", "max"] + ["class"] * 3


def test_a_mistake_ends_the_command_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["folds", "nowhere.csv"])
    with pytest.raises(SystemExit) as ended:
        run(folds.main, recovery_hint="")
    assert ended.value.code == 1
    assert capsys.readouterr().err.strip().startswith("error: nowhere.csv: no such file")
