"""`python -m app` is the one thing to remember: it lists every verb, at once, and runs them."""

import re
import subprocess
import sys
import tomllib

import pytest

from app.__main__ import VERBS, main
from lesions import __version__
from tests.imports import REPOSITORY

IMPORT_DVC = {"compare", "folds"}
# loaded with Python itself
OF_THE_ENVIRONMENT = {"__main__", "_distutils_hack", "_virtualenv", "sitecustomize", "usercustomize"}
GUARD = 'if __name__ == "__main__":'


def run_app(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "app", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


def test_every_verb_stands_in_the_list_on_one_line() -> None:
    """One that is not in it is one that nobody finds."""
    modules = {path.stem for path in (REPOSITORY / "app").glob("*.py") if GUARD in path.read_text(encoding="utf-8")}
    assert modules - {"__main__"} == set(VERBS)
    listed = run_app()
    assert listed.returncode == 0
    lines = re.findall(r"^    (\w+) +(.+)$", listed.stdout, re.MULTILINE)
    assert dict(lines) == VERBS, "a line is broken, or missing"


def test_the_list_needs_no_library() -> None:
    """It must be there at once: a verb's module is imported when the verb is asked for."""
    code = "import app.__main__, sys; print(*(set(name.split('.')[0] for name in sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert set(loaded.stdout.split()) - set(sys.stdlib_module_names) <= {"app", "lesions", *OF_THE_ENVIRONMENT}


@pytest.mark.filterwarnings("ignore:.*found in sys.modules:RuntimeWarning")  # by other tests
@pytest.mark.parametrize(
    "verb", [pytest.param(verb, marks=[pytest.mark.dvc] if verb in IMPORT_DVC else []) for verb in VERBS]
)
def test_the_help_of_every_verb_has_an_example(
    verb: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["app", verb, "--help"])
    with pytest.raises(SystemExit) as end:
        main()
    text = capsys.readouterr().out
    assert end.value.code == 0
    assert text.startswith(f"usage: python -m app {verb} ")
    assert f"\n  python -m app {verb}" in text.partition("options:")[2]


def test_a_verb_gets_its_arguments_and_its_end_is_the_commands() -> None:
    done = run_app("predict", "no such file.jpg", "--model", "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no model in nowhere" in done.stderr
    unknown = run_app("preditc")
    assert unknown.returncode == 2
    assert "preditc" in unknown.stderr
    assert "predict" in unknown.stderr


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert __version__ == project["version"]
    for arguments in ([], ["results"]):
        assert run_app(*arguments, "--version").stdout == f"lesions {__version__}\n"
