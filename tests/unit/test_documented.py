"""README and docs: every page and link is there, and every command is run by a test, or says that it is not."""

import ast
import re
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from lesions.params.schema import Params
from lesions.reports.findings import COMPARISON_COMMANDS
from tests.documented import PAGES, Command, commands
from tests.imports import REPOSITORY

DOCS = REPOSITORY / "docs"
MOST_WORDS = 1500
INLINE = re.compile(r"`((?:python -m|make|dvc) [^`]+)`")


def name(page: Path) -> str:
    return page.relative_to(REPOSITORY).as_posix()


def tokens(page: Path) -> list[Token]:
    """All tokens of a page, those inside of paragraphs and tables, too."""
    parsed = MarkdownIt().enable("table").parse(page.read_text(encoding="utf-8"))
    return [token for outer in parsed for token in [outer, *(outer.children or [])]]


def links(page: Path) -> list[str]:
    """Where the links and pictures of a page lead, but for other sites."""
    targets = [str(token.attrs.get("href") or token.attrs.get("src") or "") for token in tokens(page)]
    return [target for target in targets if target and "://" not in target]


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    parsed = MarkdownIt().parse(page.read_text(encoding="utf-8"))
    titles = [after.content for token, after in pairwise(parsed) if token.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_and_anchor_leads_somewhere(page: Path) -> None:
    for target in links(page):
        path, _, anchor = target.partition("#")
        other = (page.parent / path).resolve() if path else page
        assert other.exists(), f"{name(page)} links to {target}"
        if anchor:
            assert anchor in anchors(other), f"{name(page)} links to {target}"


def test_every_page_is_in_the_index() -> None:
    """A page that nothing links is one that nobody reads."""
    linked = {(DOCS / target).resolve() for target in links(DOCS / "README.md")}
    missing = {name(page) for page in PAGES if page.resolve() not in linked} - {"docs/README.md"}
    assert missing == set()


def test_every_picture_is_shown_on_a_page() -> None:
    """A picture that is on no page is out of date one day, and nobody notices."""
    shown = {(page.parent / target).resolve() for page in PAGES for target in links(page)}
    assert {name(path) for path in DOCS.rglob("*.png") if path.resolve() not in shown} == set()


def test_the_first_page_is_read_in_five_minutes() -> None:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert len(text.split()) <= MOST_WORDS, "move what not everybody needs to docs/"
    assert links(REPOSITORY / "README.md")[0] == "docs/study_leak.png", "why this exists is to be seen first"


def taken_by_tests() -> set[str]:
    """The commands that tests take by documented(): the text is found where it is called, without running anything."""
    taken = set(COMPARISON_COMMANDS)  # tests/pipeline/test_compare.py runs them
    for path in (REPOSITORY / "tests").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "documented":
                text = ast.literal_eval(call.args[0])
                assert isinstance(text, str)
                taken.add(text)
    return taken


def test_every_command_is_run_by_a_test_or_says_that_none_runs_it() -> None:
    """What nobody runs stops working one day, and a reader is the first to notice."""
    by_ci = (REPOSITORY / ".ci/run").read_text(encoding="utf-8").splitlines()
    run = taken_by_tests() | set(by_ci)
    assert [f"{name(page)}: {text}" for page, text, claimed in commands() if claimed and text not in run] == []


def settings(text: str) -> dict[str, Any]:
    """The params that a command sets by `-S key=value`; of a range, the last value."""
    pairs = [setting.partition("=") for setting in re.findall(r"-S '?([\w.]+=[^\s']+)", text)]
    return {key: yaml.safe_load(re.sub(r"^range\(.*,(\d+)\)$", r"\1", value)) for key, _, value in pairs}


SETTING = [command for command in commands() if settings(command.text)]


@pytest.mark.parametrize("command", SETTING, ids=lambda command: command.text)
def test_every_experiment_changes_something_and_is_allowed(command: Command) -> None:
    """`dvc exp run -S epochs=50` does nothing where 50 is the default; to DVC a misspelt key is a new one."""
    params = yaml.safe_load((REPOSITORY / "params.yaml").read_text(encoding="utf-8"))
    for key, value in settings(command.text).items():
        *groups, last = key.split(".")
        group = params
        for part in groups:
            group = group[part]
        assert last in group, f"params.yaml has no {key}"
        assert group[last] != value, f"{key} is {value} already"
        group[last] = value - 1 if key == "prepare.fold" else value  # the range ends before it
    Params.model_validate(params)


def test_what_the_text_names_in_passing_exists() -> None:
    """A target or module in a sentence is not run by itself, but it has to be there."""
    targets = re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for page in PAGES:
        for text in INLINE.findall(" ".join(page.read_text(encoding="utf-8").split())):
            if text.startswith("make "):
                assert text.split()[1] in targets, f"{name(page)}: `{text}`"
            elif text.startswith("python -m "):
                assert find_spec(text.split()[2]), f"{name(page)}: `{text}`"
