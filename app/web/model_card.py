"""The model card of the served model as HTML, and the charts beside it in the bundle."""

import re
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from markupsafe import Markup
from PIL import Image

CARD = "model_card.md"
NO_CARD = "# Model card\n\nThere is none in the folder of this model."
CHARTS = {
    "confusion.png": "Test pictures by true and predicted class",
    "roc.png": "Receiver operating characteristic of each class against the rest",
    "pr.png": "Precision and recall of each class against the rest",
    "reliability.png": "Accuracy by confidence, before and after calibration",
}


class CardChart(NamedTuple):
    """A chart of the bundle: its alternative text, and its size in pixels."""

    text: str
    width: int
    height: int


class ModelCard(NamedTuple):
    """The model card as HTML, and the charts by file name."""

    text: Markup
    charts: dict[str, CardChart]


def read_card(folder: Path) -> ModelCard:
    """The card and the charts of a bundle, as far as they are in its folder."""
    path = folder / CARD
    markdown = path.read_text(encoding="utf-8") if path.is_file() else NO_CARD
    charts = {name: _chart(folder / name, text) for name, text in CHARTS.items() if (folder / name).is_file()}
    return ModelCard(_as_html(markdown), charts)


def _chart(path: Path, text: str) -> CardChart:
    with Image.open(path) as image:
        return CardChart(text, *image.size)


def _as_html(markdown: str) -> Markup:
    """HTML of Markdown with tables; HTML inside it is escaped. Wide tables scroll by themselves.

    The alignment of columns becomes a class, because the page allows no styles but those of its own file.
    """
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    html = re.sub(r'style="text-align:(left|right|center)"', r'class="\1"', html)
    html = html.replace("<table>", '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>')
    return Markup(html.replace("</table>", "</table></div>"))  # noqa: S704 - the renderer escapes its input
