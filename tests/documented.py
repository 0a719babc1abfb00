"""The commands in README and docs, so that tests run what people are told to type.

A test takes a command by documented(), word for word; tests/unit/test_docs.py finds the commands that no test takes.
"""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt

from tests.imports import REPOSITORY

PAGES = (
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((REPOSITORY / "docs").rglob("*.md")),
    REPOSITORY / "data/labels/README.md",
    REPOSITORY / "models/pretrained/README.md",
)
NOT_RUN = "no test runs"  # said in the paragraph above the commands, or in the first one of the page


class Command(NamedTuple):
    """A command of a page: without prompt and comment, on one line."""

    page: Path
    text: str
    run: bool  # whether the page claims that a test runs it


@cache
def commands() -> list[Command]:
    """Every command in a block of type `console`, in the order of the pages."""
    found = []
    for page in PAGES:
        above = first = ""
        for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
            if token.type == "inline" and token.level == 1 and not token.content.startswith("!["):
                above = " ".join(token.content.split())
                first = first or (above if "." in above else "")
            if token.type == "fence" and token.info == "console":
                run = NOT_RUN not in f"{first} {above}".lower()
                found += [Command(page, text, run) for text in _prompted(token.content)]
    return found


def documented(command: str, *replaced: tuple[str, str]) -> str:
    """The command as a test runs it: with what only stands for something `replaced` (as written, as run).

    Raises AssertionError where no page has it: what people are told to type has changed, and the test has to.
    """
    assert command in {known.text for known in commands()}, f"no page has the command `{command}`"
    for written, run in replaced:
        assert written in command
        command = command.replace(written, run)
    return command


def _prompted(text: str) -> list[str]:
    lines = text.replace("\\\n", " ").splitlines()
    commands = [re.split(r"\s+# ", line.removeprefix("$ "))[0] for line in lines if line.startswith("$ ")]
    return [" ".join(command.split()) for command in commands]
