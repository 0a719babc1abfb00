"""dvc.yaml tells DVC what each stage reads: held against what the code really imports and uses."""

import ast
from pathlib import Path

import pytest
import yaml

from lesions.params import paths
from lesions.params.schema import Params
from tests.imports import REPOSITORY, imported_files

PIPELINES = {"": REPOSITORY / "dvc.yaml", "data": REPOSITORY / "data" / "dvc.yaml"}
STAGES = {
    name: stage
    for path in PIPELINES.values()
    for name, stage in yaml.safe_load(path.read_text(encoding="utf-8"))["stages"].items()
}
PARAMS = "lesions/params/"  # holds a schema and paths, no values: a new key must not rerun every stage


def templates_in(path: Path) -> set[Path]:
    """The templates that a file names, and the page that they extend."""
    folder = REPOSITORY / "lesions" / "rendering" / "templates"
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
        if not relative(file).startswith(PARAMS):
            waiting |= imported_files(file) - seen
    seen |= {page for file in seen for page in templates_in(file)}
    return {relative(file) for file in seen if not relative(file).startswith(PARAMS) and not is_empty(file)}


def relative(file: Path) -> str:
    return file.relative_to(REPOSITORY).as_posix()


def is_empty(file: Path) -> bool:
    """Whether a package's own file says what the package is for, and does nothing: it can be no stage's dependency."""
    return file.name == "__init__.py" and len(ast.parse(file.read_text(encoding="utf-8")).body) <= 1


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_exactly_the_code_that_it_imports(name: str) -> None:
    """DVC does not follow imports: with a module missing here, a change in it would leave stale results in place."""
    declared = {dep for dep in STAGES[name]["deps"] if dep.startswith(("lesions/", "stages/"))}
    needed = closure(REPOSITORY / "stages" / f"{name}.py")
    covered = {file for file in needed for dep in declared if file == dep or file.startswith(f"{dep}/")}
    assert needed - covered == set(), "imported, but not in deps"
    used = {dep for dep in declared if any(file == dep or file.startswith(f"{dep}/") for file in needed)}
    assert declared - used == set(), "in deps, but not imported"


@pytest.mark.parametrize("name", sorted(set(STAGES) - {"check", "demo"}))
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


def test_check_sees_every_param_before_a_stage_that_uses_it_loses_its_outputs() -> None:
    """And removes nothing itself, not even its own file."""
    assert STAGES["check"]["params"] == [{"params.yaml": None}]
    (path, options), *more = STAGES["check"]["outs"][0].items()
    assert path in STAGES["prepare"]["deps"] and not more
    assert options["persist"]


def is_params(node: ast.expr) -> bool:
    """Whether an expression is the whole of the params: a name `params` or a call of load_params()."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "load_params"
    return isinstance(node, ast.Name) and node.id == "params"


def test_the_paths_of_the_code_are_the_outs_of_the_pipeline() -> None:
    """A path that stands in two places and differs would leave an output that DVC neither keeps nor removes."""
    outs = set()
    for stage in STAGES.values():
        for out in [*stage["outs"], *stage.get("metrics", [])]:
            outs.add(next(iter(out)) if isinstance(out, dict) else out)
    declared = {path.as_posix() for path in vars(paths).values() if isinstance(path, Path)}
    assert {path for path in declared if not covered_by(path, outs)} == set(), "written, but no out"
    assert {out for out in outs if not any(out == path or out.startswith(f"{path}/") for path in declared)} == set()


def covered_by(path: str, outs: set[str]) -> bool:
    """Whether a path is an out or the folder of some."""
    return any(out == path or out.startswith(f"{path}/") for out in outs)


@pytest.mark.parametrize("folder", ["lesions", "app", "stages", "studies", "benchmarks"])
def test_no_path_of_a_stage_is_written_a_second_time(folder: str) -> None:
    """Where it was, a change of paths.py would leave one reader behind."""
    known = {path.as_posix() for path in vars(paths).values() if isinstance(path, Path)}
    for file in (REPOSITORY / folder).rglob("*.py"):
        if file.name == "paths.py":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " not in node.value:
                assert node.value not in known, f"{relative(file)}:{node.lineno}"
                assert not any(node.value.startswith(f"{path}/") for path in known), f"{relative(file)}:{node.lineno}"


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
        "lesions/evaluation/drawing.py",
        "lesions/evaluation/evaluate.py",
        "lesions/evaluation/network.py",
        "lesions/data/manifest.py",
        "lesions/demo/dataset.py",
        "lesions/preparation/audit_findings.py",
        "lesions/preparation/audit_page.py",  # tells copies across the published Train and Test apart
        "lesions/preparation/leakage.py",
        "lesions/preparation/selection.py",
        "lesions/preparation/splits.py",
        "lesions/export/export.py",  # reads scores of the test, and proves that the bundle says what evaluate found
        "lesions/export/ood_check.py",  # counts the test pictures that a threshold from validation rejects
        "lesions/reports/data_card.py",  # counts from metrics/prepare.json
        "lesions/reports/findings.py",  # counts rows of predictions.csv
        "lesions/reports/run_results.py",  # reads scores.json
    }
    for path in [*(REPOSITORY / "lesions").rglob("*.py"), *(REPOSITORY / "stages").glob("*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = any(isinstance(node, ast.Constant) and node.value == "test" for node in ast.walk(tree))
        if named and path.parent.name != "datasets":
            assert relative(path) in may_name_it
