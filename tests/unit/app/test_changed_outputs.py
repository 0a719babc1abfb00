"""The end of `make repro` on another machine: said where the same inputs gave other results, and only there."""

import subprocess
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from app import changed_outputs
from lesions.runtime.outputs import write_json

Lock = dict[str, Any]
LOCK: Lock = {
    "stages": {
        "prepare": {
            "cmd": "python -m stages.prepare",
            "deps": [{"path": "data/demo", "md5": "1"}, {"path": "lesions/data", "md5": "2"}],
            "params": {"params.yaml": {"image_size": 64}},
            "outs": [{"path": "data/prepared", "md5": "3"}],
        },
        "evaluate": {
            "cmd": "python -m stages.evaluate",
            "deps": [{"path": "data/prepared/manifest.csv", "md5": "4"}],
            "outs": [{"path": "metrics/evaluate.json", "md5": "5"}],
        },
    }
}
DEMO: Lock = {"stages": {"demo": {"cmd": "draw", "deps": [], "outs": [{"path": "data/demo", "md5": "1"}]}}}


def git(*arguments: str) -> None:
    name = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    subprocess.run(["git", *name, *arguments], check=True, capture_output=True)


def write(lock: Lock, demo: Lock, accuracy: float) -> None:
    Path("dvc.lock").write_text(yaml.safe_dump(lock), encoding="utf-8")
    Path("data/dvc.lock").write_text(yaml.safe_dump(demo), encoding="utf-8")
    write_json(Path("metrics/evaluate.json"), {"accuracy": accuracy})


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository in which LOCK is committed, with an accuracy of .84."""
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()
    Path("metrics").mkdir()
    write(LOCK, DEMO, 0.84)
    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "as published")


def with_value(lock: Lock, *keys: str | int, value: object) -> Lock:
    changed = deepcopy(lock)
    place: Any = changed["stages"]
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    return changed


def test_the_same_results_are_not_mentioned() -> None:
    assert changed_outputs.sentence() is None


def test_other_results_of_the_same_inputs_are_told_in_one_sentence() -> None:
    write(with_value(LOCK, "evaluate", "outs", 0, "md5", value="6"), DEMO, 0.83)
    told = changed_outputs.sentence()
    assert told is not None
    assert "(accuracy 0.83, there 0.84)" in told
    assert "2 files differ: `git stash` sets them aside" in told
    git("stash")
    assert changed_outputs.sentence() is None
    assert "0.84" in Path("metrics/evaluate.json").read_text(encoding="utf-8")


def test_what_another_stage_makes_is_no_input() -> None:
    """Drawn pictures that differ in a bit make all that follows differ: nobody has changed anything yet."""
    lock = with_value(LOCK, "prepare", "deps", 0, "md5", value="7")
    lock = with_value(lock, "evaluate", "deps", 0, "md5", value="8")
    write(lock, with_value(DEMO, "demo", "outs", 0, "md5", value="7"), 0.84)
    assert changed_outputs.sentence() is not None


@pytest.mark.parametrize(
    "changed",
    [
        ("prepare", "deps", 1, "md5"),
        ("prepare", "cmd"),
        ("prepare", "params", "params.yaml", "image_size"),
        ("prepare", "deps", 1, "path"),
    ],
)
def test_whoever_changed_code_params_or_data_has_asked_for_other_results(changed: tuple[str | int, ...]) -> None:
    other = with_value(LOCK, "evaluate", "outs", 0, "md5", value="6")
    write(with_value(other, *changed, value="another"), DEMO, 0.83)
    assert changed_outputs.sentence() is None


def test_another_data_set_is_another_input() -> None:
    """It lies in no lock but that of prepare, and no stage makes it."""
    lock = with_value(LOCK, "prepare", "deps", 0, value={"path": "data/mine", "md5": "9"})
    write(lock, DEMO, 0.83)
    assert changed_outputs.sentence() is None


def test_without_a_repository_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / ".git").rename(tmp_path / "away")
    assert changed_outputs.sentence() is None
