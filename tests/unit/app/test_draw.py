"""Drawing data sets of any size: python -m app.draw."""

import subprocess
import sys
from pathlib import Path

import pytest

from app import draw
from lesions.data.images import load_pixels
from lesions.datasets import SYNTHETIC_MARK
from lesions.demo.plan import plan
from lesions.demo.traits import CLASS_NAMES
from tests.imports import REPOSITORY


def run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "app.draw", str(folder), *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


def test_no_picture_is_one_of_the_demos() -> None:
    """What a network has learnt on drawn lesions would otherwise be asked again in the demo's test."""
    assert not {picture.image_id for picture in draw.plan(700)} & {picture.image_id for picture in plan()}


def test_a_larger_set_begins_with_the_smaller_one() -> None:
    assert draw.plan(5)[: 2 * len(CLASS_NAMES)] == draw.plan(2)


def test_the_set_says_that_it_is_drawn_and_is_never_mixed_with_another(tmp_path: Path) -> None:
    done = run(tmp_path / "drawn", "--per-class", "2")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{tmp_path / 'drawn'}: 18 synthetic pictures of 9 classes\n"
    files = sorted((tmp_path / "drawn").glob("Train/*/*.jpg"))
    assert len(files) == 18
    assert {file.parent.name for file in files} == set(CLASS_NAMES)
    assert load_pixels(files[0], 64).std() > 5, "a lesion on skin is not one even colour"
    assert "not photographed" in (tmp_path / "drawn" / SYNTHETIC_MARK).read_text(encoding="utf-8")
    again = run(tmp_path / "drawn")
    assert again.returncode == 1
    assert "exists already: name another folder" in again.stderr
    assert "Traceback" not in again.stderr
    assert sorted((tmp_path / "drawn").glob("Train/*/*.jpg")) == files


@pytest.mark.parametrize("wrong", ["0", "-3", "many"])
def test_a_wrong_number_is_told(tmp_path: Path, wrong: str) -> None:
    done = run(tmp_path / "drawn", f"--per-class={wrong}")
    assert done.returncode == 2
    assert "--per-class" in done.stderr
    assert not (tmp_path / "drawn").exists()
