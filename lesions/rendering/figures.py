"""The house style of every chart and contact sheet: at most 640 pixels wide, and the same bytes for the same data.

Matplotlib's figures are used directly, without pyplot and its global state, and drawn by Agg, which needs no screen.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib.style
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from PIL import Image, ImageFont

from lesions.runtime.outputs import whole_file

Pixels = NDArray[np.uint8]

WIDTH = 640  # pixels; `dvc plots show` sets pictures in their full size
DPI = 100  # pixels per inch of Matplotlib, which measures figures in inches and text in points of 1/72 inch
MARGIN = 12  # pixels
INNER = WIDTH - 2 * MARGIN
LINE = 15  # pixels; height of a line of text
TITLE, TEXT, SMALL = 10.5, 8.5, 7.5  # points of titles, of other text, and of what stands at bars and below pictures
BAR, BAR_GAP, ABOVE_AND_BELOW = 14, 12, 130  # pixels; of bar charts
CELL, GAP, NAMES = 150, 6, 130  # pixels; of contact sheets: largest picture, space between pictures, column of names

# Okabe and Ito (2008), jfly.uni-koeln.de/color: told apart by colour-blind readers, and in this order also in grey
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
PALETTE = (BLUE, ORANGE, GREEN, VERMILION, SKY, PURPLE, BLACK, YELLOW)
GREY, PALE = "#5F5F5F", "#CFCFCF"  # for what stands behind the subject

FONT = "DejaVu Sans"  # comes with Matplotlib: the same letters on every machine
STYLE = {
    "font.family": FONT,
    "font.size": TEXT,
    "figure.dpi": DPI,
    "savefig.dpi": DPI,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.prop_cycle": cycler(color=PALETTE),
    "axes.edgecolor": GREY,
    "grid.color": "#E8E8E8",
    "legend.frameon": False,
    "legend.handlelength": 1.0,
    "legend.handleheight": 1.0,
}
matplotlib.style.use(["default", STYLE])  # whatever a user's matplotlibrc says


class Bars(NamedTuple):
    """A series of counts, one per category."""

    name: str
    values: Sequence[int]
    colour: str


class Cell(NamedTuple):
    """One picture of a contact sheet: (height, width, 3) RGB, lines below it, the colour of its frame if any."""

    pixels: Pixels
    caption: str = ""
    frame: str = ""


class Row(NamedTuple):
    """Pictures side by side, with a name on the left (empty: none)."""

    name: str
    cells: Sequence[Cell]


def new_figure(height: int, title: str, width: int = WIDTH) -> Figure:
    """An empty figure of `width` x `height` pixels with its finding as the title, wrapped, at the upper left."""
    figure = Figure(figsize=(width / DPI, height / DPI), layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.08))
    FigureCanvasAgg(figure)
    lines = _wrapped(title, width - 2 * MARGIN, TITLE, "bold")
    figure.suptitle("\n".join(lines), x=MARGIN / width, ha="left", fontsize=TITLE, weight="bold", linespacing=1.3)
    return figure


def save(figure: Figure, path: str | Path) -> None:
    """Write a PNG without date or version, so that the same figure gives the same bytes.

    Raises ValueError where the figure is wider than WIDTH pixels.
    """
    if round(figure.get_figwidth() * figure.dpi) > WIDTH:
        raise ValueError(f"{path}: wider than {WIDTH} pixels")
    with whole_file(path) as partial:
        figure.savefig(partial, format="png", metadata={"Software": None})


def grouped_bars(names: Sequence[str], lanes: Sequence[Sequence[Bars]], title: str, axis: str) -> Figure:
    """Horizontal bars from zero with their numbers, a group per name from the top; `axis` says what is counted.

    Each lane is one bar per name; the series of a lane continue each other, as in 76 + 228. Raises ValueError where a
    series does not have one value per name.
    """
    if any(len(series.values) != len(names) for lane in lanes for series in lane):
        raise ValueError(f"every series needs {len(names)} values, one per name")
    pitch = BAR * len(lanes) + BAR_GAP
    figure = new_figure(ABOVE_AND_BELOW + len(names) * pitch, title)
    axes = figure.add_subplot()
    longest = 1.0
    for number, lane in enumerate(lanes):
        places = np.arange(len(names)) + (number - (len(lanes) - 1) / 2) * BAR / pitch
        ends = np.zeros(len(names))
        for series in lane:
            axes.barh(places, series.values, 0.88 * BAR / pitch, ends, color=series.colour, label=series.name)
            ends = ends + np.asarray(series.values)
        longest = max(longest, *ends)
        for place, end, *values in zip(places, ends, *(series.values for series in lane), strict=True):
            text = " + ".join(f"{value:,}" for value in values if value) or "0"
            axes.annotate(text, (end, place), (3, 0), textcoords="offset points", va="center_baseline", fontsize=SMALL)
    axes.set_yticks(range(len(names)), names, fontsize=9)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0, 1.12 * longest)
    axes.set_xlabel(axis)
    axes.grid(axis="x")
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2, ncols=sum(map(len, lanes)), columnspacing=1.5
    )
    return figure


def contact_sheet(
    rows: Sequence[Row], title: str, columns: Sequence[str] = (), note: str = "", largest: int = CELL
) -> Figure:
    """Pictures in rows with their names, captions and coloured frames, under optional names of the columns.

    Pictures are fitted into squares of one size: what the widest row allows, but at most `largest` pixels. `note`
    stands below, or alone where there are no rows.
    """
    left = MARGIN + (NAMES if any(row.name for row in rows) else 0)
    widest = max((len(row.cells) for row in rows), default=1)
    side = min(largest, (WIDTH - left - MARGIN) // widest - GAP)
    title_lines, note_lines = _wrapped(title, INNER, TITLE, "bold"), _wrapped(note, INNER, TEXT)
    top = MARGIN + (LINE + 3) * len(title_lines) + (LINE + 10 if columns else 6)
    heights = [side + GAP + LINE * max(len(cell.caption.splitlines()) for cell in row.cells) for row in rows]
    below = LINE * len(note_lines) + MARGIN
    figure, axes = _canvas(top + sum(heights) + below)
    axes.text(MARGIN, MARGIN, "\n".join(title_lines), va="top", fontsize=TITLE, weight="bold", linespacing=1.3)
    for position, name in enumerate(columns):
        axes.text(left + position * (side + GAP), top - 5, name, va="bottom", color=GREY)
    for row, height in zip(rows, heights, strict=True):
        axes.text(MARGIN, top + side / 2, "\n".join(_wrapped(row.name, NAMES - 10, 9)), va="center", fontsize=9)
        for position, cell in enumerate(row.cells):
            _draw_cell(axes, cell, left + position * (side + GAP), top, side)
        top += height
    axes.text(MARGIN, top + 4, "\n".join(note_lines), va="top", color=GREY, linespacing=1.3)
    return figure


def _canvas(height: int) -> tuple[Figure, Axes]:
    """A figure whose one pair of axes counts its pixels, from the upper left."""
    figure = Figure(figsize=(WIDTH / DPI, height / DPI))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(height, 0))
    axes.axis("off")
    return figure, axes


def _draw_cell(axes: Axes, cell: Cell, left: int, top: int, side: int) -> None:
    """A picture fitted into a square, centred, with its frame around and its caption below."""
    image = Image.fromarray(cell.pixels)
    scale = side / max(image.size)
    width, height = (max(1, round(length * scale)) for length in image.size)
    x, y = left + (side - width) // 2, top + (side - height) // 2
    fitted = np.asarray(image.resize((width, height), Image.Resampling.LANCZOS))
    axes.imshow(fitted, extent=(x, x + width, y + height, y), interpolation="none", aspect="auto", zorder=1)
    axes.set(xlim=axes.get_xlim(), ylim=axes.get_ylim())
    if cell.frame:
        axes.add_patch(Rectangle((x, y), width, height, fill=False, edgecolor=cell.frame, linewidth=2.2, zorder=2))
    axes.text(left, top + side + 3, cell.caption, va="top", fontsize=SMALL, linespacing=1.25)


def _wrapped(text: str, width: int, points: float, weight: str = "normal") -> list[str]:
    """The text in lines that fit into `width` pixels; a word that is longer stands alone."""
    file = findfont(FontProperties(family=FONT, weight=weight))
    font = ImageFont.truetype(file, points * DPI / 72, layout_engine=ImageFont.Layout.BASIC)  # whole pixels, as Agg
    lines: list[str] = []
    for word in text.split():
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
