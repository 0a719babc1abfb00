"""Reports as one self-contained HTML file: the shared page, embedded pictures, tables and picture sets.

The same sections as Markdown: lesions/rendering/markdown.py.
"""

import base64
import functools
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from PIL import Image

from lesions.data.images import load_picture
from lesions.data.picture_files import PictureError
from lesions.runtime.outputs import whole_file, write_text

TEMPLATES = Path(__file__).parent / "templates"
THUMBNAIL_SIDE = 96  # pixels
THUMBNAIL_QUALITY = 85  # of JPEG: about 3 KB a picture
INLINE = MarkdownIt("zero").enable(["backticks", "emphasis"])  # no links or pictures: a file's name may look like one
NO_PICTURE = np.full((THUMBNAIL_SIDE, THUMBNAIL_SIDE, 3), 128, dtype=np.uint8)


class Table(NamedTuple):
    """Names of columns and rows of cells, as formatted text; a first cell 'all' marks the row of totals."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


class EmbeddedPicture(NamedTuple):
    """One picture in a report: its source (also the alternative text), data URI and caption."""

    source: str
    uri: str
    caption: str


class PictureSet(NamedTuple):
    """Pictures side by side, and the reason for grouping them."""

    pictures: Sequence[EmbeddedPicture]
    why: str = ""


class Section(NamedTuple):
    """A heading, findings in sentences, tables, sets of pictures, and the number of sets left out."""

    title: str
    texts: Sequence[str]
    tables: Sequence[Table] = ()
    sets: Sequence[PictureSet] = ()
    hidden: int = 0


def write_report(path: str | Path, template: str, **content: Any) -> None:
    """Render a template of lesions/rendering/templates and write it atomically. All content is escaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["inline"] = inline
    page = environment.get_template(template).render(**content)
    with whole_file(path) as partial:
        write_text(partial, page)


def inline(text: str) -> str:
    """The text as HTML: `code`, *emphasis* and **strong** of Markdown become elements, all else is escaped."""
    html: str = INLINE.renderInline(text)
    return html


def png_data_uri(path: Path) -> str:
    """A PNG file as a data URI."""
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"


def table_of(frame: pd.DataFrame, index_name: str = "") -> Table:
    """A table with its index as the first column; numbers with thousands separators, missing values as a dash."""
    rows = [
        [str(index), *(_cell(value) for value in row)] for index, row in zip(frame.index, frame.to_numpy(), strict=True)
    ]
    return Table([index_name, *map(str, frame.columns)], rows)


def embed_picture(dataset: Path, source: str, caption: str) -> EmbeddedPicture:
    """A raw file of a data set as a small picture; grey where it cannot be decoded."""
    return EmbeddedPicture(source, _data_uri(dataset / source), caption)


def first_sets(sets: Iterable[PictureSet], limit: int, total: int) -> tuple[list[PictureSet], int]:
    """The first `limit` sets of `total`, and the number of the others."""
    first = [picture_set for _, picture_set in zip(range(limit), sets, strict=False)]
    return first, max(0, total - len(first))


@functools.lru_cache(maxsize=512)
def _data_uri(path: Path) -> str:
    try:
        pixels = load_picture(path, THUMBNAIL_SIDE).pixels
    except PictureError:
        pixels = NO_PICTURE
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=THUMBNAIL_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _cell(value: Any) -> str:
    if pd.isna(value):
        return "-"
    if isinstance(value, float) and not value.is_integer():
        return f"{value:.3f}"
    return f"{int(value):,}" if isinstance(value, int | float | np.number) else str(value)
