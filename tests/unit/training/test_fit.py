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
from dvclive import Live

from lesions.models.backend import keras, tf
from lesions.models.networks import LOGITS
from lesions.runtime.console import UserError
from lesions.training.callbacks import LEARNING_RATE
from lesions.training.checkpoint import Checkpoint
from lesions.training.log import LiveCurves, Progress, live_curves, print_start
from lesions.training.training_set import Pictures
from tests.imports import REPOSITORY
from tests.unit.small_params import SMALL, params_with
from tests.unit.training_pictures import write_prepared
from tests.unit.trainings import toy_data, trained


def test_it_learns_what_can_be_learned() -> None:
    _, kept = trained(params_with(epochs=8))
    assert kept.scores["val_balanced_accuracy"] > 0.9, "three colours, against 0.33 by chance"


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
    assert kept.scores == {name: value for name, value in record.logs[expected].items() if name != LEARNING_RATE}
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
        trained(params_with(**SMALL), Break())


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor"),
        tf.errors.AbortedError(None, None, "Status: 1, message: could not create a primitive, in file mkl_conv_ops.cc"),
    ],
    ids=["Python", "TensorFlow", "oneDNN"],
)
def test_running_out_of_memory_ends_with_what_to_change(error: Exception) -> None:
    class Exhaust(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            raise error

    with pytest.raises(UserError, match=r"^out of memory with train\.batch_size 16 and image_size 32: lower"):
        trained(params_with(**SMALL), Exhaust())


def test_one_batch_of_one_epoch_is_a_training() -> None:
    """The shortest that params.yaml allows: no schedule, order or normalisation may need a second step."""
    params = params_with(epochs=1, train__batch_size=1024, train__warmup=0.5)
    assert trained(params)[1].epochs == 1


def test_a_class_missing_from_validation_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The score that decides on the best epoch is then a mean over fewer classes than the reader thinks."""
    val, first_two = toy_data().val, np.arange(10)
    data = toy_data()._replace(val=Pictures(val.pixels[first_two], val.labels[first_two]))
    print_start("lesion_net", 310_537, data, Checkpoint(tmp_path, {}))
    first, warning = capsys.readouterr().out.splitlines()
    assert first.startswith("training lesion_net (310,537 weights) on 60 pictures, watched on 10 validation pictures")
    assert first.endswith("0 MB in memory")
    assert warning.startswith("warning: no validation picture of c: ")
    print_start("lesion_net", 310_537, toy_data(), Checkpoint(tmp_path, {}))
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_curves_of_a_failed_run_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_thread(live: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Live, "end", no_thread)  # where memory has run out; it must not hide what went wrong
    folder = Path("plots/train")
    with pytest.raises(UserError, match="half way"), live_curves(folder) as live:
        live.log_metric("train/loss", 1.0)
        assert list(folder.rglob("loss.tsv"))
        raise UserError("half way")
    assert not folder.exists()


def test_the_log_has_one_line_an_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with live_curves(Path("plots/train")) as live:
        trained(params_with(**SMALL, epochs=3), LiveCurves(live), Progress(epochs=3))
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
    epoch, score = rows[summary["kept_epoch"]].split("\t")
    assert int(epoch) == summary["kept_epoch"]
    assert summary["val_balanced_accuracy"] == pytest.approx(float(score), abs=1e-3)
    assert "arning" not in logs[0]
    assert logs[0].splitlines()[-1].startswith("models/model.keras: lesion_net after epoch")


def made_in(folder: Path) -> dict[str, str]:
    """The files that a run wrote, and their hashes: only these, no report and no dvc.yaml."""
    given = ("data/", "params.yaml", "checkpoints/lock")
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in files.items()
        if not name.startswith(given)
    }
