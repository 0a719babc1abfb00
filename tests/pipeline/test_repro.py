"""The pipeline through DVC itself: what reruns, what comes out, and what becomes of mistakes."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lesions.data.manifest import COLUMNS, EXCLUDED_COLUMNS, REASONS
from tests.documented import documented
from tests.pipeline.conftest import (
    STAGES,
    Project,
    copy_of_tree,
    environment,
    stages_in,
)


def test_a_second_run_does_nothing(finished: Project) -> None:
    """`make` takes the environment for made: it would install one."""
    done = finished.shell(documented("make repro", ("make", "make --assume-old=.venv/.run")))
    assert stages_in(done.stdout) == []
    assert "up to date" in done.stdout
    assert "\nResults:\n" in done.stdout


def test_a_change_reruns_what_it_touches_and_nothing_else(project: Project) -> None:
    """Real reruns of the rest: of epochs in test_experiments.py, from analyze_imbalance on in test_compare.py."""
    project.set(augment__operations__rotate__probability=1.0)
    assert project.stale() == {"check", "augment"}
    project.run("git", "restore", "params.yaml")
    project.set(evaluate__sheet_pictures=9)
    assert project.stale() == {"check", "evaluate", "report"}, "the report says what was asked for"
    assert project.repro() == ["check", "evaluate", "report"]


def test_no_reader_chart_metric_or_sentence_trains_again(project: Project) -> None:
    """Hours of training would be lost to a mended word: train depends on what a network is made of, and on no more.

    A sentence on the first weights, whose folder is an input of training, changes no stage at all.
    """
    with (project.folder / "models/pretrained/README.md").open("a") as file:
        file.write("One more sentence.\n")
    assert project.stale() == set()
    package = project.folder / "lesions"
    of_train = {"models", "runtime", "training"}
    for folder in sorted(path for path in package.iterdir() if path.is_dir() and path.name not in of_train):
        modules = sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")
        others = [path for path in modules if path.name not in ("manifest.py", "pixels.py", "plan.py")]
        for path in others if folder.name == "data" else modules[:1]:
            path.write_text(path.read_text(encoding="utf-8") + "# a remark\n", encoding="utf-8")
    (package / "rendering/templates/page.html").write_text("another page\n", encoding="utf-8")
    assert project.stale() == set(STAGES) - {"train"}


def test_one_more_picture_is_prepared_and_the_rest_follows(project: Project) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(project.folder / "data/tiny/Train/nevus/one_more.png")
    assert project.stale() == {"check", "prepare"}, "the first stages to run"
    assert project.repro("prepare") == ["check", "prepare"]
    manifest = pd.read_csv(project.folder / "data/prepared/manifest.csv")
    assert "one_more" in set(manifest["image_id"])
    assert project.stale() == set(STAGES) - {"check", "prepare"}


def test_the_contracts_of_the_files_hold(finished: Project) -> None:
    """What one stage writes, the next one and every reader of the results rely on."""
    folder = finished.folder
    manifest = pd.read_csv(folder / "data/prepared/manifest.csv", dtype=str, keep_default_na=False)
    excluded = pd.read_csv(folder / "data/prepared/excluded.csv", dtype=str, keep_default_na=False)
    assert tuple(manifest.columns) == COLUMNS
    assert tuple(excluded.columns) == EXCLUDED_COLUMNS
    assert set(excluded["reason"]) <= set(REASONS)
    assert manifest["image_id"].is_unique
    assert manifest["image_id"].is_monotonic_increasing
    raw = {p.relative_to(folder / "data/tiny").as_posix() for p in (folder / "data/tiny").rglob("*.jpg")}
    assert sorted([*manifest["source"], *excluded["source"]]) == sorted(raw), "a raw file is in neither or both tables"
    assert (manifest.groupby("group")["split"].nunique() == 1).all()
    for path in manifest["path"]:
        assert Image.open(folder / "data/prepared" / path).size == (32, 32)

    train = manifest[manifest["split"] == "train"]
    plan = pd.read_csv(folder / "data/augmentation_plan.csv").set_index("label")
    assert list(plan.columns) == ["n_raw", "n_usable", "n_train", "n_target", "n_add"]
    copies = sorted((folder / "data/augmented").glob("*/*.png"))
    originals = set(train["label"] + "/" + train["image_id"])
    assert copies
    assert {f"{p.parent.name}/{p.stem.rpartition('__')[0]}" for p in copies} <= originals, (
        "a copy of a held-out picture"
    )
    assert (
        pd.Series([p.parent.name for p in copies]).value_counts().to_dict()
        == plan["n_add"][plan["n_add"] > 0].to_dict()
    )

    predictions = pd.read_csv(folder / "reports/predictions.csv")
    held_out = manifest[manifest["split"] != "train"]
    assert sorted(predictions["image_id"]) == sorted(held_out["image_id"])
    columns = [f"p_{label}" for label in sorted(set(manifest["label"]))]
    assert list(predictions.columns) == ["image_id", "group", "split", "label", "predicted", *columns]
    assert np.allclose(predictions[columns].sum(axis=1), 1, atol=1e-5)
    assert (predictions["predicted"] == predictions[columns].idxmax(axis=1).str[2:]).all()

    headline = json.loads((folder / "metrics/evaluate.json").read_text())
    test = predictions[predictions["split"] == "test"]
    assert headline["n"] == len(test)
    accuracy = json.loads((folder / "reports/scores.json").read_text())["test"]["overall"]["accuracy"]
    assert accuracy["value"] == pytest.approx((test["label"] == test["predicted"]).mean(), abs=1e-4)
    assert accuracy["low"] <= headline["accuracy"] <= accuracy["high"]
    assert all(not isinstance(value, dict | list) for value in headline.values())


def test_no_output_names_a_time_a_host_or_a_path_of_this_machine(finished: Project) -> None:
    names = [str(finished.folder), str(Path.home()), os.uname().nodename] if hasattr(os, "uname") else []
    for pattern in (
        "metrics/*",
        "reports/*",
        "plots/**/*.*sv",
        "plots/**/*.json",
        "data/prepared/*.csv",
        "models/bundle/*.json",
        "models/bundle/*.md",
    ):
        for path in filter(Path.is_file, finished.folder.glob(pattern)):
            text = path.read_text(encoding="utf-8")
            assert not [name for name in names if len(name) > 3 and name in text], path
            assert "timestamp" not in text, path


def mistake(project: Project, *expected: str) -> str:
    """Run `dvc repro`, which must fail with these words in one message, and without a traceback of ours."""
    done = project.dvc("repro", check=False)
    assert done.returncode != 0
    text = done.stdout + done.stderr
    assert "Traceback" not in text
    for words in expected:
        assert words in text
    return text


def test_a_mistake_that_can_be_seen_beforehand_removes_no_output(project: Project) -> None:
    """DVC removes what a stage made before it runs it: hours of training would be gone for a typo."""
    earlier = project.outputs()
    project.set(evaluate__sheet_pictures=1000, evaluate__sheet_pictures_=3)
    mistake(
        project,
        "evaluate.sheet_pictures: 1000 is wrong, allowed",
        "evaluate.sheet_pictures_: unknown key",
        "nothing was removed",
    )
    project.run("git", "restore", ".")
    mistyped = project.dvc("exp", "run", "-S", "dataset=data/tinny", check=False)
    assert mistyped.returncode != 0
    assert "data/tinny" in mistyped.stderr
    project.run("git", "restore", ".")
    assert project.stale() == set(), "an output is missing"
    assert project.outputs() == earlier


def test_a_name_that_dvc_cannot_hash_is_told_with_the_command_that_mends_it(project: Project) -> None:
    """DVC alone says: 'utf-8' codec can't encode character '\\udce9' in position 34."""
    folder = project.folder / "data/tiny/Train/nevus"
    not_utf8 = folder / os.fsdecode(b"n\xe6vus.jpg")
    try:
        shutil.copy(next(folder.glob("*.jpg")), not_utf8)
    except OSError:
        pytest.skip("this file system takes no name that is not UTF-8")
    project.set(epochs=2)
    text = mistake(project, "not UTF-8", "nothing was removed")
    command = next(line for line in text.splitlines() if line.strip().startswith("mv "))
    project.run("bash", "-c", command)
    assert (folder / "nævus.jpg").is_file()
    assert not not_utf8.exists()
    assert project.repro("check") == ["check"]


def remove_classes_but_one(data: Path) -> None:
    for label in ("nevus", "vascular lesion"):
        shutil.rmtree(data / "Train" / label)


def spoil_every_picture(data: Path) -> None:
    for path in data.rglob("*.jpg"):
        path.write_text("not a picture")


def empty(data: Path) -> None:
    shutil.rmtree(data)
    data.mkdir()


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "empty": (empty, "holds no folder per class"),
    "missing": (lambda data: shutil.rmtree(data), "data/tiny"),
    "one class": (remove_classes_but_one, "1 of 1 classes usable, at least 2 needed"),
    "no picture": (spoil_every_picture, "0 of 3 classes usable"),
}


def test_a_data_set_that_cannot_be_used_is_told_in_one_message(project: Project) -> None:
    """And whatever became of it, the earlier outputs come back, where they had to go at all."""
    for name, (spoil, words) in DAMAGE.items():
        spoil(project.folder / "data" / "tiny")
        mistake(project, words)
        assert (project.folder / "data/prepared").exists() == (name in ("empty", "missing"))
        assert not (project.folder / "data/prepared.partial").exists()
        project.run("git", "restore", ".")
    project.dvc("checkout", "--force", "dvc.yaml")
    assert project.repro() == []


def test_a_class_with_one_picture_is_left_out_and_told(project: Project) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (60, 60, 3), dtype=np.uint8)
    (project.folder / "data/tiny/Train/angioma").mkdir()
    Image.fromarray(pixels).save(project.folder / "data/tiny/Train/angioma/only.png")
    done = project.dvc("repro", "prepare")
    assert "angioma is left out: none of its 1 files can be used (1 class too small)" in done.stdout


def test_control_c_in_training_leaves_nothing_half_written_and_the_next_run_works(project: Project) -> None:
    project.set(epochs=500)
    command = ["dvc", "repro"]
    process = subprocess.Popen(
        command, cwd=project.folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("epoch"):
            break
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to DVC and to the stage alike
    rest = process.communicate(timeout=60)[0]
    assert process.returncode != 0
    assert "stopped: nothing half-written" in rest
    assert "Traceback" not in rest
    time.sleep(0.5)
    assert not (project.folder / "models/model.keras").exists()
    assert not list(project.folder.rglob("*.partial"))
    project.run("git", "restore", ".")
    project.dvc("checkout", "--force", "dvc.yaml")
    assert project.repro() == []


def test_the_committed_lock_belongs_to_the_committed_code(tmp_path: Path) -> None:
    """A stale dvc.lock would make every user's first run differ from what the README shows."""
    project = copy_of_tree(tmp_path)
    done = project.dvc("repro", "--dry", "--allow-missing", check=False)
    fresh = done.returncode == 0 and not stages_in(done.stdout)
    assert fresh, "run `dvc repro` and commit dvc.lock with its results"
