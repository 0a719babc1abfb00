"""The page on the served model: what it is, its scores with intervals, its charts, and its card where there is one."""

from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from markupsafe import Markup
from PIL import Image

from lesions.sidecar import About, Score

CARD = "model_card.md"
CHARTS = {
    "confusion.png": "Test pictures by true and predicted class",
    "roc.png": "Receiver operating characteristic of each class against the rest",
    "pr.png": "Precision and recall of each class against the rest",
    "reliability.png": "Accuracy by confidence, before and after calibration",
}
SCORES = {  # of About.scores: names for people
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "F1, mean over classes",
    "macro_auroc": "AUROC, mean over classes",
    "macro_average_precision": "average precision, mean over classes",
    "melanoma_auroc": "AUROC of melanoma against all others",
    "melanoma_vs_nevus_auroc": "AUROC of melanoma against nevus",
}


class Chart(NamedTuple):
    """A picture of the bundle: what it shows, for those who do not see it, and its size in pixels."""

    text: str
    width: int
    height: int


class Card(NamedTuple):
    """Facts as (name, text); scores as (name, model, its interval, frame alone); charts by file name; text as HTML."""

    facts: list[tuple[str, str]]
    scores: list[tuple[str, str, str, str]]
    charts: dict[str, Chart]
    text: Markup


def read_card(folder: Path, about: About) -> Card:
    """What the page says of a bundle, with the charts and the card as far as they lie in its folder."""
    card = folder / CARD
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    charts = {name: _chart(folder / name, title) for name, title in CHARTS.items() if (folder / name).is_file()}
    return Card(_facts(about), _scores(about), charts, _as_html(text))


def _facts(about: About) -> list[tuple[str, str]]:
    data, unlike = about.data, about.unlike_training
    held = about.sets_held_the_truth
    return [
        ("Version", about.version),
        ("Network", f"{about.network}, pictures squeezed to {about.image_size} x {about.image_size} pixels"),
        ("Pictures", f"{data.n_train} for training, {data.n_val} for validation, {data.n_test} for the test"),
        ("Collections", ", ".join(f"{name} ({n})" for name, n in data.origins.items())),
        ("Licence of the pictures", data.licence),
        ("Training pictures by class", ", ".join(f"{known.name} {known.n_train}" for known in about.classes)),
        ("Missed melanomas", _missed(about)),
        ("Sets of classes", "not estimable" if held is None else f"{_text(held)} of the test pictures are in theirs"),
        ("Unlike the training pictures", f"decided so that {unlike.accepted:.0%} of pictures of their kind pass"),
        ("Heat maps", about.heat_maps),
    ]


def _missed(about: About) -> str:
    found = about.missed_melanomas
    return "not estimable" if found is None else f"{found.missed} of {found.of} in the test"


def _scores(about: About) -> list[tuple[str, str, str, str]]:
    frame = about.baselines.get("frame", {})
    return [
        (title, f"{score.value:.3f}", _interval(score), f"{frame[name].value:.3f}" if name in frame else "-")
        for name, title in SCORES.items()
        if (score := about.scores.get(name))
    ]


def _text(score: Score) -> str:
    return f"{score.value:.3f} ({_interval(score)})"


def _interval(score: Score) -> str:
    return "-" if score.low is None or score.high is None else f"{score.low:.3f} to {score.high:.3f}"


def _chart(path: Path, text: str) -> Chart:
    with Image.open(path) as image:
        return Chart(text, *image.size)


def _as_html(markdown: str) -> Markup:
    """HTML of Markdown with tables; HTML inside it is shown as text. Wide tables scroll by themselves."""
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    html = html.replace("<table>", '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>')
    html = html.replace("</table>", "</table></div>")
    for level in (5, 4, 3, 2, 1):  # the page has its own first heading
        html = html.replace(f"<h{level}>", f"<h{level + 1}>").replace(f"</h{level}>", f"</h{level + 1}>")
    return Markup(html)  # noqa: S704 - made by the renderer, which escapes what it is given
