"""The pages in docs/: checklists are complete, what they point to exists, the map names every package."""

import ast
import re
from pathlib import Path

import pytest
import yaml

from tests.imports import REPOSITORY

TRIPOD = (
    "1 2 3a 3b 3c 4 5a 5b 6a 6b 6c 7 8a 8b 8c 9a 9b 9c 10 11 12a 12b 12c 12d 12e 12f 12g 13 14 15 16 17 18a 18b 18c "
    "18d 18e 18f 19 20a 20b 20c 21 22 23a 23b 24 25 26 27a 27b 27c"
)
ITEMS = {"claim.md": [str(number) for number in range(1, 45)], "tripod.md": TRIPOD.split()}
TOP = ("app", "benchmarks", "lesions", "stages", "studies")
PATHS = re.compile(r"`((?:lesions|reports|metrics|plots|data|docs|models|app)/[\w./]+|params\.yaml|dvc\.lock)`")


def written() -> set[str]:
    """Every output of a stage, and the folders of prepared pictures, whose tables are inside."""
    stages = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text(encoding="utf-8"))["stages"].values()
    outs = [out for stage in stages for out in [*stage["outs"], *stage.get("metrics", [])]]
    inside = {"data/prepared/manifest.csv", "data/prepared/excluded.csv"}
    return {next(iter(out)) if isinstance(out, dict) else out for out in outs} | inside


@pytest.mark.parametrize("name", ITEMS)
def test_every_item_is_answered_once(name: str) -> None:
    text = (REPOSITORY / "docs" / name).read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    assert [row[0] for row in rows[1:]] == ITEMS[name]
    assert all(answer.strip() for _, _, answer in rows)


@pytest.mark.parametrize("name", ITEMS)
def test_what_the_checklists_point_to_exists(name: str) -> None:
    """An answer that points to nothing is worse than 'not available'."""
    text = (REPOSITORY / "docs" / name).read_text(encoding="utf-8")
    paths = set(
        re.findall(r"`((?:lesions|reports|metrics|plots|data|docs|models|app)/[\w./]+|params\.yaml|dvc\.lock)`", text)
    )
    assert len(paths) > 15
    missing = {path for path in paths if not Path(REPOSITORY / path).exists() and path not in written()}
    assert missing == set()


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
