"""Experiments: in the workspace, queued, in a folder of their own; compared by metrics and plots."""

import csv
import io
from pathlib import Path

from tests.pipeline.conftest import Project, stages_in


def experiments(project: Project) -> dict[str, dict[str, str]]:
    """The rows of `dvc exp show`, by the experiment's name."""
    shown = project.dvc("exp", "show", "--csv").stdout
    return {row["Experiment"]: row for row in csv.DictReader(io.StringIO(shown)) if row["Experiment"]}


def test_epochs_of_an_experiment_change_training_alone_and_plots_diff_overlays_them(project: Project) -> None:
    done = project.dvc("exp", "run", "--name", "longer", "-S", "epochs=2")
    assert stages_in(done.stdout) == ["train", "evaluate", "report", "export"]
    assert experiments(project)["longer"]["epochs"] == "2"
    difference = project.dvc("metrics", "diff", "HEAD", "longer", "--md").stdout
    assert "metrics/evaluate.json" in difference or "plots/train/metrics.json" in difference
    project.dvc("plots", "diff", "HEAD", "longer", "--out", "compared")
    page = (project.folder / "compared" / "index.html").read_text(encoding="utf-8")
    for name in ("Loss", "Confusion", "ROC", "longer"):
        assert name in page
    pictures = {path.name for path in (project.folder / "compared").rglob("*.png")}
    assert any("longer" in name and "mistakes" in name for name in pictures), pictures


def test_a_temporary_experiment_leaves_the_workspace_as_it_was(project: Project) -> None:
    before = project.outputs()
    project.dvc("exp", "run", "--temp", "--name", "aside", "-S", "model.dropout=0.5")
    assert project.outputs() == before
    assert experiments(project)["aside"]["model.dropout"] == "0.5"


def test_queued_experiments_run_the_code_that_they_were_queued_with(project: Project) -> None:
    """With an installed package in place of `python -m`, they would run whatever the workspace holds by then."""
    project.dvc("exp", "run", "--queue", "-S", "seed=range(1,3)")
    (project.folder / "stages/train.py").write_text("raise SystemExit('the code of a later day')\n", encoding="utf-8")
    project.run_queue()
    assert project.dvc("queue", "status").stdout.count("Success") == 2
    assert {row.get("seed") for row in experiments(project).values()} >= {"1", "2"}


def test_a_data_version_goes_to_a_remote_and_comes_back(project: Project, tmp_path: Path) -> None:
    """The walk through the life of a data version in the README: add, change, diff, push, pull."""
    project.run("git", "mv", "data/tiny", "data/mine")
    project.run("git", "rm", "-r", "--cached", "--quiet", "data/mine")
    project.dvc("add", "data/mine")
    project.commit("first version of the data")
    (project.folder / "data/mine/Train/nevus/SYN_extra.jpg").write_bytes(
        next((project.folder / "data/mine/Train/nevus").glob("*.jpg")).read_bytes()
    )
    project.dvc("add", "data/mine")
    assert "SYN_extra.jpg" in project.dvc("diff").stdout
    project.dvc("remote", "add", "--default", "local", str(tmp_path / "remote"))
    project.dvc("push", "data/mine.dvc")
    project.commit("second version")
    project.run("rm", "-r", "data/mine", ".dvc/cache")
    project.dvc("pull", "data/mine.dvc")
    assert (project.folder / "data/mine/Train/nevus/SYN_extra.jpg").is_file()
