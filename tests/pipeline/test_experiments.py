"""Experiments: in the workspace, queued, in a folder of their own; compared by metrics and plots."""

import csv
import io
import re
import shutil
from pathlib import Path

import pytest
import yaml

from tests import browser
from tests.documented import documented
from tests.pipeline.conftest import Project, stages_in


def experiments(project: Project) -> dict[str, dict[str, str]]:
    """The rows of `dvc exp show`, by the experiment's name."""
    shown = project.shell(documented("dvc exp show --only-changed"), "--csv").stdout
    return {row["Experiment"]: row for row in csv.DictReader(io.StringIO(shown)) if row["Experiment"]}


@pytest.fixture(scope="module")
def longer(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A checkout with an experiment `longer`: twice the epochs, the default network. Its workspace is not changed."""
    folder = tmp_path_factory.mktemp("longer") / "project"
    shutil.copytree(finished.folder, folder, symlinks=True)
    project = Project(folder)
    default = ["-S", "model.name=lesion_net", "-S", "train.sharpness=0.05"]
    command = documented("dvc exp run --name longer -S epochs=50", ("epochs=50", "epochs=2"))
    done = project.shell(command, *default)
    assert stages_in(done.stdout) == ["check", "train", "evaluate", "report", "export"]
    return project


def test_an_experiment_shows_up_in_tables_metrics_and_plots(longer: Project) -> None:
    assert experiments(longer)["longer"]["epochs"] == "2"
    difference = longer.shell(documented("dvc metrics diff HEAD longer"), "--md").stdout
    assert re.search(r"plots/train/metrics.json *\| epochs_run *\| 1 *\| 2 ", difference)
    assert re.search(r"metrics/evaluate.json *\| \w+", difference)
    longer.shell(documented("dvc plots diff HEAD longer --open", ("--open", "--out compared")))
    page = (longer.folder / "compared" / "index.html").read_text(encoding="utf-8")
    for name in ("Loss", "Confusion", "ROC", "longer"):
        assert name in page
    pictures = {path.name for path in (longer.folder / "compared").rglob("*.png")}
    assert any("longer" in name and "mistakes" in name for name in pictures), pictures


def test_two_experiments_are_compared_picture_by_picture(longer: Project) -> None:
    told = longer.shell(documented("python -m app.compare HEAD longer")).stdout
    assert "B: longer" in told
    assert re.search(r"accuracy +\d\.\d{3} +\d\.\d{3}", told)


def test_plots_diff_is_drawn_by_a_browser_with_both_revisions_in_every_plot(longer: Project) -> None:
    """A template that Vega-Lite refuses is still a fine HTML file to look for words in: only a browser tells."""
    page = draw(longer)
    plots = {title: svg for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL) for title in titles_in(svg)}
    wanted = {next(iter(plot.values()))["title"] for plot in interactive_plots(longer)}
    assert len(wanted) > 8
    assert wanted <= set(plots), f"not drawn: {wanted - set(plots)}"
    for title in wanted:
        assert {"HEAD", "longer"} <= words_in(plots[title]), title
    pictures = sum(1 for path in (longer.folder / "drawn").rglob("*.png"))
    assert pictures > 20
    assert f'data-loaded="{pictures}"' in page, "a picture is missing from the page"


def draw(project: Project) -> str:
    """The page of `dvc plots diff` as a headless browser has it after running its scripts, drawings as SVG."""
    if not (found := browser.installed()):
        pytest.skip("needs Chromium or Chrome on the path")
    pytest.importorskip("vl_convert", reason="needs vl-convert-python, which brings Vega")
    (project.folder / "page.html").write_text(browser.plots_template(), encoding="utf-8")
    project.dvc("plots", "diff", "HEAD", "longer", "--out", "drawn", "--html-template", "page.html")
    flags = ("--headless", *browser.flags(), "--disable-gpu", "--virtual-time-budget=30000", "--dump-dom")
    return project.run(found, *flags, (project.folder / "drawn" / "index.html").as_uri()).stdout


def interactive_plots(project: Project) -> list[dict[str, dict[str, str]]]:
    plots = yaml.safe_load((project.folder / "dvc.yaml").read_text(encoding="utf-8"))["plots"]
    return [plot for plot in plots if isinstance(plot, dict)]


def words_in(svg: str) -> set[str]:
    return set(re.findall(r"<text[^>]*>([^<]*)</text>", svg))


def titles_in(svg: str) -> set[str]:
    return {word.replace("&amp;", "&") for word in words_in(svg)}


def test_a_temporary_experiment_leaves_the_workspace_as_it_was(project: Project) -> None:
    before = project.outputs()
    done = project.dvc("exp", "run", "--temp", "--name", "aside", "-S", "rebalance.cap=1.5", "augment")
    assert stages_in(done.stdout) == ["check", "analyze_imbalance", "augment"]
    assert project.outputs() == before
    assert experiments(project)["aside"]["rebalance.cap"] == "1.5"


def test_a_data_version_goes_to_a_remote_and_comes_back(project: Project, tmp_path: Path) -> None:
    """The walk through the life of a data version in docs/own_pictures.md: add, change, diff, push, pull."""
    project.run("git", "mv", "data/tiny", "data/mine")
    project.run("git", "rm", "-r", "--cached", "--quiet", "data/mine")
    project.shell(documented("dvc add data/mine"))
    project.shell(documented("git add data/mine.dvc data/.gitignore"))
    done = project.shell(documented("dvc exp run -S dataset=data/mine"), "prepare")
    assert stages_in(done.stdout) == ["check", "prepare"]
    project.shell(documented('git add -A && git commit -m "first version of my pictures"'))
    assert project.repro("prepare") == [], "the experiment is not what the workspace holds"
    (project.folder / "data/mine/Train/nevus/SYN_extra.jpg").write_bytes(
        next((project.folder / "data/mine/Train/nevus").glob("*.jpg")).read_bytes()
    )
    project.shell(documented("dvc add data/mine"))
    assert "SYN_extra.jpg" in project.shell(documented("dvc diff")).stdout
    project.shell(documented('git add -A && git commit -m "seven melanomas more"'))
    remote = ("/path/to/a/folder", str(tmp_path / "remote"))
    project.shell(documented("dvc remote add --default store /path/to/a/folder", remote))
    project.shell(documented("dvc push"), "data/mine.dvc")
    project.run("rm", "-r", "data/mine", ".dvc/cache")
    project.shell(documented("dvc pull data/mine.dvc"))
    assert (project.folder / "data/mine/Train/nevus/SYN_extra.jpg").is_file()
