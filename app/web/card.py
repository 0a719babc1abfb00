"""The page on the served model: its card as HTML, and the charts that lie beside it in the bundle."""

from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from markupsafe import Markup
from PIL import Image

CARD = "model_card.md"
CHARTS = {
    "confusion.png": "Test pictures by true and predicted class",
    "roc.png": "Receiver operating characteristic of each class against the rest",
    "pr.png": "Precision and recall of each class against the rest",
    "reliability.png": "Accuracy by confidence, before and after calibration",
}


class Chart(NamedTuple):
    """A picture of the bundle: what it shows, for those who do not see it, and its size in pixels."""

    text: str
    width: int
    height: int


class Card(NamedTuple):
    """The model card as HTML, and the charts by file name."""

    html: Markup
    charts: dict[str, Chart]


def read_card(folder: Path) -> Card:
    """The card and the charts of a bundle, as many of them as there are."""
    card = folder / CARD
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    charts = {name: _chart(folder / name, title) for name, title in CHARTS.items() if (folder / name).is_file()}
    return Card(_as_html(text), charts)


def _chart(path: Path, text: str) -> Chart:
    with Image.open(path) as image:
        return Chart(text, *image.size)


def _as_html(markdown: str) -> Markup:
    """HTML of Markdown with tables; HTML inside it is shown as text. Wide tables scroll by themselves."""
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    html = html.replace("<table>", '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>')
    html = html.replace("</table>", "</table></div>").replace("<h1>", "<h2>").replace("</h1>", "</h2>")
    return Markup(html)  # noqa: S704 - made by the renderer, which escapes what it is given
