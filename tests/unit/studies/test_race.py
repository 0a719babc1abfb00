"""The race against the notebooks' network: its verdict on made-up curves, its clock, and a short race to the end."""

import math
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from benchmarks import notebook_networks
from benchmarks.processes import in_fresh_process
from lesions.models.backend import keras
from lesions.params.schema import load_params
from studies import race
from studies.race import RaceRun, TimedCheckpoint
from studies.race_report import ACCURACY, SCORE, SECONDS, THEIRS, draw, duration, judge, table, verdict_text
from tests.imports import REPOSITORY
from tests.unit.small_params import SMALL, params_with
from tests.unit.trainings import trained


def curve(seconds: float, *scores: float) -> pd.DataFrame:
    """A training with these balanced accuracies, each epoch of which takes so many seconds."""
    epochs = [{SECONDS: seconds * (epoch + 1), ACCURACY: score, SCORE: score} for epoch, score in enumerate(scores)]
    return RaceRun(0, 0, epochs).curve


NOTEBOOK = curve(100, 0.2, 0.5, 0.4, 0.45)


@pytest.mark.parametrize(
    ("ours", "epoch", "after", "sentence"),
    [
        (curve(2, 0.3, 0.5, 0.6, 0.4, 0.7), 3, 6, r"epoch 3 of 5, after 6\.0 s: 1/66\.7 of the time .*: reached"),
        (curve(10, 0.51, 0.4), 1, 10, r"epoch 1 of 2, after 10 s: 1/40\.0 of the time .*: not reached"),
        (curve(2, 0.5, 0.499), 0, math.inf, r"never passes that in its 2 epochs .*: not reached"),
    ],
    ids=["later", "first epoch", "never: as good is not better"],
)
def test_the_verdict_is_the_first_epoch_above_the_best_of_the_other(
    ours: pd.DataFrame, epoch: int, after: float, sentence: str
) -> None:
    """Compared with the last epoch of (a), which is worse than its best, lesion_net would win too early."""
    verdict = judge(NOTEBOOK, ours)
    assert verdict[:3] == (0.5, 2, 400)
    assert (verdict.passed_epoch, verdict.passed_seconds) == (epoch, after)
    text = verdict_text({"lesion_net": ours, THEIRS: NOTEBOOK})
    assert re.search(sentence, text)
    assert f"{THEIRS} reaches at best 0.500" in text
    assert "its 4 epochs take 6.7 min" in text


def test_the_chart_says_what_the_verdict_says(tmp_path: Path) -> None:
    titles = []
    for ours in (curve(2, 0.3, 0.6), curve(2, 0.3)):
        path = tmp_path / "race.png"
        draw({"lesion_net": ours, "quick": curve(1, 0.3, 0.4), THEIRS: NOTEBOOK}, path)
        titles.append(path.read_bytes())
        assert Image.open(path).width <= 640
    assert titles[0] != titles[1]


def test_a_table_of_trainings_of_different_length_leaves_cells_empty() -> None:
    rows = table({THEIRS: NOTEBOOK, "lesion_net": curve(2, *np.linspace(0.1, 0.6, 6))}).splitlines()[2:]
    assert rows[0] == "| 1 | 100 s | 0.200 | 0.200 | 2.0 s | 0.100 | 0.100 |"
    assert rows[-1] == "| 6 | - | - | - | 12 s | 0.600 | 0.600 |"
    assert [row.split()[1] for row in rows] == ["1", "4", "5", "6"]


class StopAfter(keras.callbacks.Callback):  # type: ignore[misc]
    """Break off as soon as an epoch is complete."""

    def __init__(self, epoch: int) -> None:
        super().__init__()
        self.epoch = epoch

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        if epoch + 1 == self.epoch:
            raise KeyboardInterrupt


def test_the_clock_of_a_stopped_training_goes_on_where_it_stood(tmp_path: Path) -> None:
    """Starting at zero again, a training would seem the faster the more often it is stopped."""
    params = params_with(**SMALL, epochs=3)
    with pytest.raises(KeyboardInterrupt):
        trained(params, StopAfter(2), checkpoint=TimedCheckpoint(tmp_path, {}))
    taken_up = TimedCheckpoint(tmp_path, {})
    before = [epoch[SECONDS] for epoch in taken_up.history]
    trained(params, checkpoint=taken_up)
    seconds = [epoch[SECONDS] for epoch in taken_up.epochs]
    assert seconds[:2] == before
    assert 0 < seconds[0] < seconds[1] < seconds[2]
    assert [epoch[SECONDS] for epoch in TimedCheckpoint(tmp_path, {}).epochs] == seconds, "read where all is done"


def test_a_short_race_ends_with_table_chart_and_verdict(
    make_dataset: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    dataset = make_dataset({"melanoma": 15, "nevus": 20, "vascular lesion": 15})
    (tmp_path / "params.yaml").write_text((REPOSITORY / "params.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "labels").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(notebook_networks.REBALANCE, "per_class", 2)
    arguments = ["--dataset", str(dataset), "--labels", "labels", "--epochs", "2"]
    monkeypatch.setattr("sys.argv", ["race", *arguments])
    race.main()
    out = capfd.readouterr().out
    text = (race.FOLDER / "race.md").read_text(encoding="utf-8")
    assert text.strip() in out
    assert re.search(r"2 epochs of \d+ pictures at 64 pixels, notebook_a 2 epochs of \d+ pictures at 180 pixels", text)
    assert re.search(r"quick (is first above|never passes) that", text)
    assert [line.split()[1] for line in text.splitlines() if line.startswith("| ")] == ["epoch", "---", "1", "2"]
    assert re.search(r"notebook_a reaches at best 0\.\d{3} .* lesion_net (is first above|never passes) that", text)
    assert (race.FOLDER / "race.png").is_file()
    weights = {load_params(race.FOLDER / name / "params.yaml").model.initial_weights for name in (*race.OURS, THEIRS)}
    assert weights == {"none"}, "what an earlier training took would be missing from the time"
    again = in_fresh_process(partial(race.train, (tmp_path / race.FOLDER / THEIRS)))
    assert duration(again.history[-1][SECONDS]) in text, "what is complete is read, not trained again"
