"""Training: it learns, it repeats to the bit, it keeps the right epoch, and it stops where it should."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import recall_score

from lesions.backend import keras
from lesions.console import UserError
from lesions.models import LOGITS, build_model
from lesions.params import Params, TrainParams, load_params
from lesions.training import BalancedAccuracy, fit, learning_rate, make_optimizer, set_seeds, training_batches
from lesions.training_data import Pictures, TrainingData
from lesions.training_log import Curves, Progress, StopAtNaN, curves
from tests.unit.training_pictures import SIDE, toy_pixels, write_prepared

SMALL = {"model__name": "isic_cnn"}  # half the layers of lesion_net, so half the seconds to compile
REPOSITORY = Path(__file__).resolve().parents[2]


def params_with(**changes: Any) -> Params:
    """The project's params.yaml with small, fast values, and then the given ones: group__key=value."""
    content = load_params(REPOSITORY / "params.yaml").model_dump()
    fast = {"image_size": SIDE, "epochs": 3, "train__batch_size": 16, "train__warmup": 0.0, "train__patience": 0}
    for name, value in (fast | changes).items():
        group, keys = content, name.split("__")
        for key in keys[:-1]:
            group = group[key]
        group[keys[-1]] = value
    return Params.model_validate(content)


def train_params(**changes: Any) -> TrainParams:
    return params_with(**{f"train__{key}": value for key, value in changes.items()}).train


def toy_data(per_class: int = 20, shares: Any = None) -> TrainingData:
    def split(n: int, seed: int) -> Pictures:
        labels = np.repeat(np.arange(3), n)
        return Pictures(np.stack([toy_pixels(int(label), seed + k) for k, label in enumerate(labels)]), labels)

    return TrainingData(["a", "b", "c"], split(per_class, 0), split(5, 500), np.ones(3), shares)


def trained(params: Params, *callbacks: keras.callbacks.Callback) -> tuple[keras.Model, Any]:
    set_seeds(params.seed, params.train.deterministic)
    model = build_model(params.model, 3, SIDE)
    return model, fit(model, toy_data(), params, callbacks)


def test_it_learns_what_can_be_learned() -> None:
    _, kept = trained(params_with(epochs=8))
    assert kept.scores["val_balanced_accuracy"] > 0.9, "three colours, against 0.33 by chance"


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw", "rmsprop", "adagrad"])
def test_the_optimizer_is_the_named_one(name: str) -> None:
    optimizer = make_optimizer(train_params(optimizer=name, weight_decay=0.03), steps=10)
    assert type(optimizer).__name__.lower() == name
    assert getattr(optimizer, "momentum", 0.9) == (0.9 if name == "sgd" else 0.0 if name == "rmsprop" else 0.9)
    assert optimizer.weight_decay == (0.03 if name == "adamw" else None)


def test_weight_decay_spares_shifts_and_scales() -> None:
    optimizer = make_optimizer(train_params(optimizer="adamw", weight_decay=1.0), steps=10)
    model = build_model(params_with(model__name="lesion_net").model, 3, SIDE)
    decayed = {variable.name for variable in model.trainable_variables if optimizer._use_weight_decay(variable)}
    assert decayed == {"kernel"}


@pytest.mark.parametrize(
    ("schedule", "warmup", "expected"),
    [
        ("constant", 0.0, {0: 0.1, 50: 0.1, 99: 0.1}),
        ("constant", 0.09, {0: 0.01, 4: 0.05, 9: 0.1, 10: 0.1, 99: 0.1}),
        ("cosine", 0.0, {0: 0.1, 25: 0.1 * (1 + 0.5**0.5) / 2, 50: 0.05, 100: 0.0}),
        ("cosine", 0.1, {0: 0.1 / 11, 5: 0.6 / 11, 10: 0.1, 55: 0.05, 100: 0.0}),
    ],
)
def test_the_learning_rate_at_a_step(schedule: str, warmup: float, expected: dict[int, float]) -> None:
    rate = learning_rate(train_params(learning_rate=0.1, schedule=schedule, warmup=warmup), steps=100)
    values = {step: float(rate(step)) if callable(rate) else rate for step in expected}
    assert values == pytest.approx(expected, abs=1e-7)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(["constant", "cosine"]), st.floats(0, 0.5), st.integers(1, 400))
def test_no_step_is_wasted_or_above_the_peak(schedule: str, warmup: float, steps: int) -> None:
    rate = learning_rate(train_params(learning_rate=0.1, schedule=schedule, warmup=warmup), steps)
    values = np.array([float(rate(step)) if callable(rate) else rate for step in range(0, steps, max(1, steps // 20))])
    assert (values > 0).all()
    assert (values <= 0.1 + 1e-7).all()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=60), st.integers(1, 59))
def test_balanced_accuracy_is_mean_recall_over_any_batches(pairs: list[tuple[int, int]], cut: int) -> None:
    truth, found = np.array(pairs).T
    metric = BalancedAccuracy(4)
    for part in (slice(None, cut), slice(cut, None)):
        if len(truth[part]):
            metric.update_state(np.eye(4)[truth[part]], np.eye(4)[found[part]] * 7 - 3)
    recalls = recall_score(truth, found, labels=sorted(set(truth)), average="macro", zero_division=0)
    assert float(metric.result()) == pytest.approx(recalls, abs=1e-6)


@pytest.mark.parametrize("shares", [None, np.array([0.2, 0.3, 0.5])])
def test_a_run_taken_up_in_the_middle_sees_the_same_batches(shares: Any) -> None:
    data, online = toy_data(15, shares), params_with(train__online__rotation=0.1).train.online
    whole = list(training_batches(data, 16, range(3), seed=1, params=online).as_numpy_iterator())
    rest = list(training_batches(data, 16, range(2, 3), seed=1, params=online).as_numpy_iterator())
    assert [len(labels) for _, labels, _ in rest] == [15, 15, 15], "45 in batches of at most 16, none of 13"
    for before, after in zip(whole[-3:], rest, strict=True):
        assert all(np.array_equal(x, y) for x, y in zip(before, after, strict=True))


class Record(keras.callbacks.Callback):  # type: ignore[misc]
    """Keep every epoch's weights and scores; before the last epoch, spoil the weights."""

    def __init__(self, epochs: int) -> None:
        super().__init__()
        self.epochs, self.weights, self.logs = epochs, list[Any](), list[Any]()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if epoch == self.epochs - 1:
            layer = self.model.get_layer(LOGITS)
            layer.set_weights([-10 * weights for weights in layer.get_weights()])

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.weights.append(self.model.get_weights())
        self.logs.append(dict(logs))


@pytest.mark.parametrize(
    ("keep", "monitor"), [("best", "val_loss"), ("best", "val_balanced_accuracy"), ("last", "val_accuracy")]
)
def test_the_weights_and_scores_of_the_right_epoch_are_kept(keep: str, monitor: str) -> None:
    record = Record(epochs=5)
    model, kept = trained(params_with(epochs=5, **SMALL, train__keep=keep, train__monitor=monitor), record)
    values = [logs[monitor] for logs in record.logs]
    best = int(np.argmin(values) if monitor == "val_loss" else np.argmax(values))
    assert best < 4, "the last epoch was spoiled"
    expected = best if keep == "best" else 4
    assert (kept.epochs, kept.best_epoch, kept.kept_epoch) == (5, best + 1, expected + 1)
    assert kept.scores == record.logs[expected]
    for ours, theirs in zip(model.get_weights(), record.weights[expected], strict=True):
        assert np.array_equal(ours, theirs)


def test_it_stops_after_patience_epochs_without_a_better_one() -> None:
    stuck = {**SMALL, "model__batch_norm": False, "train__learning_rate": 1e-12, "epochs": 8}
    assert trained(params_with(**stuck, train__patience=2))[1].epochs == 1 + 2
    assert trained(params_with(**stuck, train__patience=0))[1].epochs == 8, "0 means never"


def test_a_loss_that_is_no_number_ends_with_what_to_change() -> None:
    class Break(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == 1:
                layer = self.model.get_layer(LOGITS)
                layer.set_weights([weights * np.nan for weights in layer.get_weights()])

    with pytest.raises(UserError, match=r"^the loss became nan in epoch 2: lower train\.learning_rate"):
        trained(params_with(**SMALL), StopAtNaN(), Break())


def test_curves_of_a_failed_run_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path("plots/train")
    with pytest.raises(UserError, match="half way"), curves(folder) as live:
        live.log_metric("train/loss", 1.0)
        assert list(folder.rglob("loss.tsv"))
        raise UserError("half way")
    assert not folder.exists()


def test_the_log_has_one_line_an_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with curves(Path("plots/train")) as live:
        trained(params_with(**SMALL, epochs=3), Curves(live), Progress())
    out, err = capfd.readouterr()
    assert [line.split("  ")[0] for line in out.splitlines()] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    assert "\r" not in out + err, "no bar where nobody watches"
    rows = Path("plots/train/plots/metrics/learning_rate.tsv").read_text().splitlines()
    assert [row.split("\t")[0] for row in rows] == ["step", "1", "2", "3"]


def test_the_same_input_gives_the_same_bytes_in_two_processes(tmp_path: Path) -> None:
    # dropout, normalisation, the sampler and every online change are on: all draw at random
    params = params_with(epochs=2, rebalance__method="sampler", model__dropout=0.3, train__online__rotation=0.1)
    runs = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        write_prepared(folder, train={"mel": 20, "nv": 30, "vasc": 25}, val=4, added={"mel": 5})
        (folder / "params.yaml").write_text(yaml.safe_dump(params.model_dump()))
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONHASHSEED": "random"}
        command = [sys.executable, "-m", "stages.train"]
        runs.append(
            subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        )
    logs = [run.communicate()[0].decode() for run in runs]
    assert [run.returncode for run in runs] == [0, 0], logs[0]
    one, two = (made_in(tmp_path / name) for name in ("one", "two"))
    assert one == two
    curve = "plots/train/plots/metrics"
    scores = [
        f"{curve}/{split}/{x}.tsv" for split in ("train", "val") for x in ("accuracy", "balanced_accuracy", "loss")
    ]
    assert set(one) == {*scores, f"{curve}/learning_rate.tsv", "plots/train/metrics.json", "models/model.keras"}
    summary = json.loads((tmp_path / "one/plots/train/metrics.json").read_text())
    rows = (tmp_path / f"one/{curve}/val/balanced_accuracy.tsv").read_text().splitlines()
    assert rows[summary["kept_epoch"]] == f"{summary['kept_epoch']}\t{summary['val_balanced_accuracy']}"
    assert "arning" not in logs[0]
    assert logs[0].splitlines()[-1].startswith("models/model.keras: lesion_net after epoch")


def made_in(folder: Path) -> dict[str, str]:
    """The files that a run wrote, and their hashes: only these, no report and no dvc.yaml."""
    given = ("data/", "params.yaml")
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in files.items()
        if not name.startswith(given)
    }
