"""Reports as Markdown, for Git and for the bundle of a model: the same sections as in the pages, no pictures."""

from collections.abc import Sequence
from pathlib import Path

from lesions.rendering.html import Section, Table
from lesions.runtime.outputs import whole_file


def write_markdown(path: str | Path, title: str, summary: Sequence[str], sections: Sequence[Section]) -> None:
    """Write a title, paragraphs, and the sections with their tables, whole or not at all."""
    parts = [f"# {title}", *summary]
    for section in sections:
        parts += [f"## {section.title}", *_paragraphs(section.texts), *map(_table, section.tables)]
    with whole_file(path) as partial:
        partial.write_text("\n\n".join(parts) + "\n", encoding="utf-8", newline="\n")


def _paragraphs(texts: Sequence[str]) -> list[str]:
    """One sentence or more as a paragraph; several texts as a list."""
    return list(texts) if len(texts) < 2 else ["\n".join(f"- {text}" for text in texts)]


def _table(table: Table) -> str:
    """As GitHub draws it: the first column to the left, numbers to the right."""
    rules = [":--", *("--:" for _ in table.columns[1:])]
    rows = [table.columns, rules, *table.rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
