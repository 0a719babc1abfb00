"""What the pipeline survives, in short; `python -m benchmarks.survive` tries every stage, and many moments."""

import subprocess
from pathlib import Path

import pytest

from benchmarks import interruptions, small_pipeline, storage
from benchmarks.small_pipeline import Pipeline
from tests.pipeline.conftest import STAGES, Project

SECONDS = dict.fromkeys(STAGES, 3.0)
PREPARE, AUGMENT = STAGES.index("prepare"), STAGES.index("augment")


@pytest.mark.parametrize("number", [PREPARE, AUGMENT + len(STAGES)], ids=["power cut in prepare", "DVC in augment"])
def test_the_run_after_a_kill_gives_the_same_bytes(project: Project, number: int) -> None:
    pipeline = Pipeline(project.folder)
    assert interruptions.kill_at_random(pipeline, SECONDS, pipeline.outputs(), number).problem == ""


def test_a_full_disk_is_one_line_and_loses_nothing(project: Project, tmp_path: Path) -> None:
    disk = tmp_path / "small"
    try:
        with small_pipeline.small_disk(disk, megabytes=300):
            small = small_pipeline.copy(Pipeline(project.folder), disk / "project")
            assert interruptions.fill_in(small, "analyze_imbalance", small.outputs()) == ""
    except subprocess.CalledProcessError as error:
        pytest.skip(f"needs a disk of its own, which only root may mount: {error.stderr}")


def test_outputs_come_back_from_s3(project: Project, tmp_path: Path) -> None:
    """Most teams share data and models through a bucket."""
    pipeline = Pipeline(project.folder)
    assert storage.s3_remote(pipeline, pipeline.outputs(), tmp_path) == ""
