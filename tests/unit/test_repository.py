"""The files around the code: version, licence and what GitHub runs say the same everywhere."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from lesions import __version__
from tests.imports import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CITATION = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
WORKFLOWS = sorted((REPOSITORY / ".github/workflows").glob("*.yml"))


def text_of(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def test_the_version_is_one() -> None:
    """Who cites, reads the changelog or looks into a bundle must find the same number."""
    newest = re.search(r"^## \[(.+)\] - (\d{4}-\d\d-\d\d|unreleased)$", text_of("CHANGELOG.md"), re.MULTILINE)
    assert newest
    assert {PROJECT["version"], CITATION["version"], newest[1]} == {__version__}


def test_the_licence_is_one() -> None:
    assert {PROJECT["license"], CITATION["license"]} == {"Apache-2.0"}
    assert PROJECT["license-files"] == ["LICENSE"]
    assert "SPDX-License-Identifier: Apache-2.0\n" in text_of("LICENSE")
    assert "Apache-2.0" in text_of("README.md")


def steps(path: Path) -> list[dict[str, Any]]:
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()
    return [step for job in jobs for step in job["steps"]]


def test_tests_run_on_every_python_that_is_promised() -> None:
    """A version in pyproject.toml that is never tried is a guess."""
    job = yaml.safe_load(text_of(".github/workflows/tests.yml"))["jobs"]["test"]
    first, end = (int(minor) for minor in re.findall(r"3\.(\d+)", PROJECT["requires-python"]))
    assert job["strategy"]["matrix"]["python"] == [f"3.{minor}" for minor in range(first, end)]


def test_screenshots_are_few_small_and_shown() -> None:
    """Git keeps every version of a picture for ever; one that no page shows is kept for nobody."""
    pages = "".join(page.read_text(encoding="utf-8") for page in (REPOSITORY / "docs").glob("*.md"))
    shots = sorted((REPOSITORY / "docs").glob("screenshot_*.png"))
    assert [path.stem.removeprefix("screenshot_") for path in shots] == ["audit", "page", "plots_diff", "report"]
    assert all(path.stat().st_size <= 300_000 and f"({path.name})" in pages for path in shots)


def make_targets(text: str) -> set[str]:
    return set(re.findall(r"\bmake ([a-z-]+)", text))


@pytest.mark.parametrize("path", [*WORKFLOWS, REPOSITORY / ".pre-commit-config.yaml"], ids=lambda path: path.name)
def test_what_is_called_from_outside_exists(path: Path) -> None:
    """GitHub and pre-commit would find out only when somebody pushes or commits."""
    if path in WORKFLOWS:
        called = "\n".join(step.get("run", "") for step in steps(path))
    else:
        hooks = yaml.safe_load(path.read_text(encoding="utf-8"))["repos"][0]["hooks"]
        assert [hook["language"] for hook in hooks] == ["system"]
        called = "\n".join(hook["entry"] for hook in hooks)
    known = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    scripts = re.findall(r"\.github/\S+\.sh", called)
    assert make_targets(called) or scripts, "nothing of this project is called"
    assert make_targets(called) <= known
    for script in scripts:
        assert (REPOSITORY / script).stat().st_mode & 0o111, f"{script} cannot be run"


def test_the_charts_of_a_pull_request_are_plots_of_the_pipeline() -> None:
    """`dvc plots diff` of a name that dvc.yaml does not have ends the comment."""
    named = re.search(r"^plots=\((.*)\)$", text_of(".github/experiment.sh"), re.MULTILINE)
    assert named
    plots = {name for plot in yaml.safe_load(text_of("dvc.yaml"))["plots"] if isinstance(plot, dict) for name in plot}
    assert set(re.findall(r'"([^"]+)"', named[1])) <= plots


def test_the_version_of_dvc_is_found_in_the_lock() -> None:
    """The workflow installs the DVC that wrote dvc.lock: by this expression of sed."""
    (step,) = [step for step in steps(REPOSITORY / ".github/workflows/experiment.yml") if step.get("id") == "locked"]
    expression = re.search(r"sed -n '(.+?)'", step["run"])
    assert expression
    command = ["sed", "-n", expression[1], "requirements.txt"]
    found = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    assert re.fullmatch(r"3\.\d+\.\d+\n", found)


@pytest.mark.parametrize(
    ("schema", "name", "wrong"),
    [
        ("vendor.github-workflows", ".github/workflows/tests.yml", ("runs-on:", "run-on:")),
        ("vendor.citation-file-format", "CITATION.cff", ("authors:", "author:")),
    ],
)
def test_lint_finds_a_misspelt_key(tmp_path: Path, schema: str, name: str, wrong: tuple[str, str]) -> None:
    """`make lint` checks these files; a check that lets everything pass is none."""
    assert schema in text_of("Makefile")
    file = tmp_path / Path(name).name
    file.write_text(text_of(name).replace(*wrong), encoding="utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, "--default-filetype", "yaml"]
    done = subprocess.run([*command, str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert wrong[0].rstrip(":") in done.stdout
