"""Reports as one self-contained HTML file: the page they share, pictures inside it, tables and sets side by side.

Their sections can be written as Markdown too: lesions/rendering/markdown.py.
"""

import base64
import functools
import html
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image

from lesions.data.images import PictureError, load_picture
from lesions.runtime.outputs import whole_file

TEMPLATES = Path(__file__).parent / "templates"
THUMBNAIL_SIDE = 96  # pixels
THUMBNAIL_QUALITY = 85  # of JPEG: about 3 KB a picture
NO_PICTURE = np.full((THUMBNAIL_SIDE, THUMBNAIL_SIDE, 3), 128, dtype=np.uint8)


class Table(NamedTuple):
    """Names of columns and rows of cells, as shown; a first cell 'all' marks the row of totals."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


class EmbeddedPicture(NamedTuple):
    """One picture in a report: its source (also its text for the blind), data, and what stands below it."""

    source: str
    uri: str
    caption: str


class PictureSet(NamedTuple):
    """Pictures side by side, and why they stand together."""

    pictures: Sequence[EmbeddedPicture]
    why: str = ""


class Section(NamedTuple):
    """A heading, findings in sentences, tables, sets of pictures, and how many more sets are not shown."""

    title: str
    texts: Sequence[str]
    tables: Sequence[Table] = ()
    sets: Sequence[PictureSet] = ()
    hidden: int = 0


def write_report(path: str | Path, template: str, **content: Any) -> None:
    """Fill a template of lesions/templates and write the page whole. Whatever stands in the content is escaped."""
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
        partial.write_text(page, encoding="utf-8", newline="\n")


def inline(text: str) -> str:
    """The text as HTML: `code` and **strong** of Markdown are marked up, all else is escaped."""
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
    return re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", marked)


def png_data_uri(path: Path) -> str:
    """A PNG file as the address of a picture inside a page."""
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


def first_sets(sets: Iterable[PictureSet], most: int, n: int) -> tuple[list[PictureSet], int]:
    """The first `most` sets of n, and how many are left."""
    shown = [found for _, found in zip(range(most), sets, strict=False)]
    return shown, max(0, n - len(shown))


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
