"""dvc.yaml tells DVC what each stage reads: held against what the code really imports and uses."""

import ast
from pathlib import Path

import pytest
import yaml

from lesions.params.schema import Params
from tests.conftest import REPOSITORY

PIPELINES = {"": REPOSITORY / "dvc.yaml", "data": REPOSITORY / "data" / "dvc.yaml"}
STAGES = {
    name: stage
    for path in PIPELINES.values()
    for name, stage in yaml.safe_load(path.read_text(encoding="utf-8"))["stages"].items()
}
NO_DEPENDENCY = {"lesions/params/schema.py", "lesions/__init__.py", "stages/__init__.py"}
# params.py holds no values, only the schema: a new key must not rerun every stage


def module_file(name: str) -> Path | None:
    """The file of a module of this project, or None for a library's."""
    base = REPOSITORY.joinpath(*name.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


def imported_files(path: Path) -> set[Path]:
    """The project's files that this file imports at its top level or in a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        found |= {file for name in names if (file := module_file(name))}
    return found


def templates_in(path: Path) -> set[Path]:
    """The templates that a file names, and the page that they extend."""
    folder = REPOSITORY / "lesions" / "templates"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = {str(node.value) for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    found = {page for page in folder.iterdir() if page.name in named}
    return found | ({folder / "page.html"} if found else set())


def closure(path: Path) -> set[str]:
    """Everything of this project that a file imports, directly or through others; the schema of params is a leaf."""
    seen: set[Path] = set()
    waiting = {path}
    while waiting:
        file = waiting.pop()
        seen.add(file)
        if file.name != "params.py":
            waiting |= imported_files(file) - seen
    seen |= {page for file in seen for page in templates_in(file)}
    return {file.relative_to(REPOSITORY).as_posix() for file in seen} - NO_DEPENDENCY


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_exactly_the_code_that_it_imports(name: str) -> None:
    """DVC does not follow imports: with a module missing here, a change in it would leave stale results in place."""
    declared = {dep for dep in STAGES[name]["deps"] if dep.startswith(("lesions/", "stages/"))}
    needed = closure(REPOSITORY / "stages" / f"{name}.py")
    covered = {file for file in needed for dep in declared if file == dep or file.startswith(f"{dep}/")}
    assert needed - covered == set(), "imported, but not in deps"
    used = {dep for dep in declared if any(file == dep or file.startswith(f"{dep}/") for file in needed)}
    assert declared - used == set(), "in deps, but not imported"


@pytest.mark.parametrize("name", set(STAGES) - {"demo"})
def test_a_stage_declares_exactly_the_params_that_it_uses(name: str) -> None:
    """An undeclared param can change without a rerun; a superfluous one reruns for nothing."""
    declared = {str(param).partition(".")[0] for param in STAGES[name].get("params", [])}
    used = set()
    for file in closure(REPOSITORY / "stages" / f"{name}.py"):
        tree = ast.parse((REPOSITORY / file).read_text(encoding="utf-8") if file.endswith(".py") else "")
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in Params.model_fields and is_params(node.value):
                used.add(node.attr)
    assert used == declared


def is_params(node: ast.expr) -> bool:
    """Whether an expression is the whole of the params: a name `params` or a call of load_params()."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "load_params"
    return isinstance(node, ast.Name) and node.id == "params"


def test_every_stage_runs_as_a_module_of_the_checkout() -> None:
    """`python -m` finds the code of the folder it runs in: also that of a queued experiment's own folder."""
    assert {name: stage["cmd"] for name, stage in STAGES.items()} == {n: f"python -m stages.{n}" for n in STAGES}


def test_what_holds_pixels_is_never_put_into_git() -> None:
    """Pictures, models and sheets belong into DVC's cache; an experiment on private pictures would commit them."""
    for name, stage in STAGES.items():
        for out in [*stage["outs"], *stage.get("metrics", [])]:
            path, options = next(iter(out.items())) if isinstance(out, dict) else (out, {})
            in_git = options.get("cache") is False
            holds_text = path.endswith((".json", ".csv", ".md")) or path == "plots/train"
            assert in_git == holds_text, f"{name}: {path}"


def test_only_evaluate_may_read_the_test_split() -> None:
    """Rule of the house: choices are made on validation. Any other mention of the test split is looked at here."""
    may_name_it = {
        "evaluate",
        "evaluation",
        "splits",
        "selection",
        "manifest",
        "demo",
        "contamination",
        "export",  # reads scores of the test, and proves that the exported network says what evaluate found
        "audit_findings",
        "data_card",  # counts from metrics/prepare.json
        "evidence",  # reads scores.json
        "familiarity",  # counts the test pictures that a threshold from validation rejects
        "findings",  # counts rows of predictions.csv
    }
    for path in [*(REPOSITORY / "lesions").rglob("*.py"), *(REPOSITORY / "stages").glob("*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = any(isinstance(node, ast.Constant) and node.value == "test" for node in ast.walk(tree))
        if named and path.parent.name != "datasets":
            assert path.stem in may_name_it, path
