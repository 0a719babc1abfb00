"""Which modules a file of this project imports, itself and through others, read from the source without running it."""

import ast
import functools
import inspect
import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent


@functools.cache
def module_file(name: str) -> Path | None:
    """The file of a module of this project, or None for a library's."""
    base = REPOSITORY.joinpath(*name.split("."))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


def names_in(tree: ast.AST) -> set[str]:
    """Every module that is imported, at the top level or in a function; of `from a import b` both a and a.b.

    What is imported for type checkers alone does not count.
    """
    names: set[str] = set()
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            waiting += ast.iter_child_nodes(node)
    return names


@functools.cache
def imported_names(path: Path) -> frozenset[str]:
    """Every module that a file names in an import."""
    return frozenset(names_in(ast.parse(path.read_text(encoding="utf-8"))))


@functools.cache
def imported_files(path: Path) -> frozenset[Path]:
    """The project's files that a file imports."""
    return frozenset(file for name in imported_names(path) if (file := module_file(name)))


@functools.cache
def modules_of_file(path: Path) -> frozenset[str]:
    """Every module, of a library or of this project, that a file imports, directly or through this project's files."""
    return _reached(imported_names(path), {path})


@functools.cache
def modules_of_function(function: Callable[..., Any]) -> frozenset[str]:
    """The same of the imports inside a function alone."""
    return _reached(names_in(ast.parse(textwrap.dedent(inspect.getsource(function)))), set())


def _reached(names: Iterable[str], seen: set[Path]) -> frozenset[str]:
    reached = set(names)
    waiting = {file for name in names if (file := module_file(name))} - seen
    while waiting:
        file = waiting.pop()
        seen.add(file)
        reached |= imported_names(file)
        waiting |= imported_files(file) - seen
    return frozenset(reached)
