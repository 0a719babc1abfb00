"""The pages in docs/: checklists and maps are complete, and what they point to exists."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.documented import PAGES
from tests.imports import REPOSITORY

TRIPOD = (
    "1 2 3a 3b 3c 4 5a 5b 6a 6b 6c 7 8a 8b 8c 9a 9b 9c 10 11 12a 12b 12c 12d 12e 12f 12g 13 14 15 16 17 18a 18b 18c "
    "18d 18e 18f 19 20a 20b 20c 21 22 23a 23b 24 25 26 27a 27b 27c"
)
ITEMS = {"claim.md": [str(number) for number in range(1, 45)], "tripod.md": TRIPOD.split()}
TOP = ("app", "benchmarks", "lesions", "stages", "studies")
PATHS = re.compile(r"`((?:lesions|reports|metrics|plots|data|docs|models|app|studies|tests|stages)/[\w./]+)`")
READERS_OWN = ("data/mine", "reports/compare/")  # what whoever reads the page puts there


def stages_of_the_pipeline() -> dict[str, Any]:
    stages: dict[str, Any] = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    return stages


def outs_of(stage: dict[str, Any]) -> list[str]:
    outs = [*stage["outs"], *stage.get("metrics", [])]
    return [next(iter(out)) if isinstance(out, dict) else out for out in outs]


def written() -> set[str]:
    """Every output of a stage."""
    return {out for stage in stages_of_the_pipeline().values() for out in outs_of(stage)}


@pytest.mark.parametrize("name", ITEMS)
def test_every_item_is_answered_once(name: str) -> None:
    text = (REPOSITORY / "docs" / name).read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    assert [row[0] for row in rows[1:]] == ITEMS[name]
    assert all(answer.strip() for _, _, answer in rows)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_every_path_on_a_page_exists_or_is_written_by_a_stage(page: Path) -> None:
    """An answer that points to nothing is worse than none."""
    outs = written()
    paths = {path.rstrip("/") for path in PATHS.findall(page.read_text(encoding="utf-8"))}
    missing = {
        path
        for path in paths
        if not any((root / path).exists() for root in (REPOSITORY, REPOSITORY / "lesions"))
        and not path.startswith(READERS_OWN)
        and not any(out == path or out.startswith(f"{path}/") or path.startswith(f"{out}/") for out in outs)
    }
    assert missing == set()


def test_the_page_on_the_pipeline_knows_every_stage_and_what_it_waits_for() -> None:
    page = (REPOSITORY / "docs/pipeline.md").read_text(encoding="utf-8")
    stages = stages_of_the_pipeline()
    assert re.findall(r"^\| `(\w+)` \| .* \| .* \|$", page.partition("## Params")[0], re.MULTILINE) == list(stages)
    names = dict(re.findall(r'(node\d+)\["(?:data/dvc\.yaml:)?(\w+)"\]', page))
    drawn = {(names[one], names[other]) for one, other in re.findall(r"(node\d+)-->(node\d+)", page)}
    outs = {name: outs_of(stage) for name, stage in stages.items()}
    waits = {
        (one, other)
        for other, stage in stages.items()
        for one, made in outs.items()
        if any(
            dep == out or dep.startswith(f"{out}/") or out.startswith(f"{dep}/")
            for dep in stage["deps"]
            for out in made
        )
    }
    assert drawn == waits | {("demo", "check"), ("demo", "prepare")}


def test_the_map_names_every_package_once() -> None:
    """A package that it leaves out is one that a newcomer does not find; one that is gone sends them astray."""
    text = (REPOSITORY / "docs/architecture.md").read_text(encoding="utf-8")
    named = re.findall(
        r"`([\w/]+)`", "".join(re.findall(r"^\| (`[^|]+) \|", text.partition("## The road")[0], re.MULTILINE))
    )
    packages = [path.parent.relative_to(REPOSITORY) for top in TOP for path in (REPOSITORY / top).rglob("__init__.py")]
    assert sorted(named) == sorted(path.as_posix() for path in packages if path.as_posix() != "lesions")


def test_the_library_is_packages_alone() -> None:
    """A module beside the packages has no subject but its own name: that is how there came to be 86 of them."""
    assert [path.name for path in (REPOSITORY / "lesions").glob("*.py")] == ["__init__.py"]
    for path in (REPOSITORY / "lesions").glob("*/__init__.py"):
        if path.parent.name != "datasets":
            assert len(ast.parse(path.read_text(encoding="utf-8")).body) == 1, f"{path}: more than a docstring"
