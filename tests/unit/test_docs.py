"""The checklists in docs/: complete, and every file that they point to exists or is written by a stage."""

import re
from pathlib import Path

import pytest
import yaml

from tests.conftest import REPOSITORY

TRIPOD = (
    "1 2 3a 3b 3c 4 5a 5b 6a 6b 6c 7 8a 8b 8c 9a 9b 9c 10 11 12a 12b 12c 12d 12e 12f 12g 13 14 15 16 17 18a 18b 18c "
    "18d 18e 18f 19 20a 20b 20c 21 22 23a 23b 24 25 26 27a 27b 27c"
)
ITEMS = {"claim.md": [str(number) for number in range(1, 45)], "tripod.md": TRIPOD.split()}
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
