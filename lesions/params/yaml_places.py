"""Positions in a YAML file, to report a mistake with its line and column."""

import re
from pathlib import Path
from typing import Any

import yaml

from lesions.runtime.console import UserError

Mistake = tuple[yaml.Mark, str]  # its place, and what is wrong


class _Loader(yaml.SafeLoader):
    """Reads 1e-5 as a number, as YAML 1.2 and DVC do; PyYAML alone takes it for text."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(\d+(\.\d*)?|\.\d+)[eE][-+]?\d+$"), list("-+.0123456789")
)


def read_yaml(path: Path, text: str) -> tuple[Any, yaml.Node | None]:
    """The content of a YAML text, and its tree of nodes with their places. Raises UserError where it is no YAML."""
    try:
        return yaml.load(text, Loader=_Loader), yaml.compose(text, Loader=_Loader)  # noqa: S506 (a SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise UserError(f"{place}: not valid YAML: {error.problem}") from None


def repeated_keys(node: yaml.Node | None) -> list[Mistake]:
    """Every key that stands twice in its group: YAML would silently take the last."""
    repeated: list[Mistake] = []
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                repeated.append((key.start_mark, f"{key.value}: stands twice, keep one"))
            seen.add(key.value)
            repeated += repeated_keys(value)
    return repeated


def mark_of(root: yaml.Node | None, keys: list[str]) -> yaml.Mark:
    """The place of a key (outermost group first), or of the innermost group around it that is in the file."""
    node = root
    mark = root.start_mark if root else yaml.Mark("", 0, 0, 0, None, 0)
    for name in keys:
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        pair = next(((key, value) for key, value in pairs if key.value == name), None)
        if pair is None:
            break
        mark, node = pair[0].start_mark, pair[1]
    return mark


def in_order(path: Path, mistakes: list[Mistake]) -> str:
    """The mistakes as `path:LINE:COL: what is wrong`, a line each, in the order of the file."""
    lines = sorted((mark.line + 1, mark.column + 1, text) for mark, text in mistakes)
    return "\n".join(f"{path}:{line}:{column}: {text}" for line, column, text in lines)
