"""Reports as Markdown, for Git and for the model bundle: the sections of the HTML pages without pictures."""

from collections.abc import Sequence
from pathlib import Path

from lesions.rendering.html import Section, Table
from lesions.runtime.outputs import whole_file, write_text


def write_markdown(path: str | Path, title: str, summary: Sequence[str], sections: Sequence[Section]) -> None:
    """Write a title, paragraphs, and the sections with their tables, atomically."""
    parts = [f"# {title}", *summary]
    for section in sections:
        parts += [f"## {section.title}", *_paragraphs(section.texts), *map(_table, section.tables)]
    with whole_file(path) as partial:
        write_text(partial, "\n\n".join(parts) + "\n")


def _paragraphs(texts: Sequence[str]) -> list[str]:
    """One text as a paragraph, several as a list."""
    return list(texts) if len(texts) < 2 else ["\n".join(f"- {text}" for text in texts)]


def _table(table: Table) -> str:
    """A table of GitHub-flavoured Markdown: the first column aligned left, the others right."""
    delimiters = [":--", *("--:" for _ in table.columns[1:])]
    rows = [table.columns, delimiters, *table.rows]
    return "\n".join("| " + " | ".join(map(_cell, row)) + " |" for row in rows)


def _cell(text: str) -> str:
    """On one line, whatever stands in the name of a file."""
    return text.replace("|", "\\|").replace("\r", "\\r").replace("\n", "\\n")
