"""The style of every chart and contact sheet: at most 640 pixels wide, and the same bytes for the same data.

Matplotlib figures without pyplot and its global state, rendered by Agg, which needs no display.
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

WIDTH = 640  # pixels; `dvc plots show` embeds images at full size
DPI = 100  # pixels per inch of Matplotlib, which measures figures in inches and text in points of 1/72 inch
MARGIN = 12  # pixels
INNER_WIDTH = WIDTH - 2 * MARGIN
LINE_HEIGHT = 15  # pixels; of text
TITLE, TEXT, SMALL = 10.5, 8.5, 7.5  # points; font sizes of titles, text, bar values and captions
BAR, BAR_GAP, ABOVE_AND_BELOW = 14, 12, 130  # pixels; of bar charts
CELL, GAP, NAMES_WIDTH = 150, 6, 130  # pixels; of contact sheets: largest picture, space between, column of names

# Okabe and Ito (2008), jfly.uni-koeln.de/color: colour-blind safe, and in this order also distinct in grey
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
PALETTE = (BLUE, ORANGE, GREEN, VERMILION, SKY, PURPLE, BLACK, YELLOW)
GREY, PALE = "#5F5F5F", "#CFCFCF"  # for background elements

FONT = "DejaVu Sans"  # ships with Matplotlib: the same glyphs on every machine
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
matplotlib.style.use(["default", STYLE])  # regardless of the user's matplotlibrc


class Bars(NamedTuple):
    """A series of counts, one per category."""

    name: str
    values: Sequence[int]
    colour: str


class Cell(NamedTuple):
    """One picture of a contact sheet: (height, width, 3) RGB, its caption, the colour of its frame (empty: none)."""

    pixels: Pixels
    caption: str = ""
    frame: str = ""


class Row(NamedTuple):
    """Pictures side by side, with a name on the left (empty: none)."""

    name: str
    cells: Sequence[Cell]


def new_figure(height: int, title: str, width: int = WIDTH) -> Figure:
    """An empty figure of `width` x `height` pixels with its wrapped title at the upper left."""
    figure = Figure(figsize=(width / DPI, height / DPI), layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.08))
    FigureCanvasAgg(figure)
    lines = _wrap(title, width - 2 * MARGIN, TITLE, "bold")
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


def grouped_bars(names: Sequence[str], stacks: Sequence[Sequence[Bars]], title: str, x_label: str) -> Figure:
    """A grouped, stacked horizontal bar chart with its values, a group per name from the top.

    Each stack is one bar per name, made of its series, labelled as in 76 + 228. Raises ValueError where a series does
    not have one value per name.
    """
    if any(len(series.values) != len(names) for stack in stacks for series in stack):
        raise ValueError(f"every series needs {len(names)} values, one per name")
    pitch = BAR * len(stacks) + BAR_GAP
    figure = new_figure(ABOVE_AND_BELOW + len(names) * pitch, title)
    axes = figure.add_subplot()
    longest = 1.0
    for index, stack in enumerate(stacks):
        positions = np.arange(len(names)) + (index - (len(stacks) - 1) / 2) * BAR / pitch
        ends = np.zeros(len(names))
        for series in stack:
            axes.barh(positions, series.values, 0.88 * BAR / pitch, ends, color=series.colour, label=series.name)
            ends = ends + np.asarray(series.values)
        longest = max(longest, *ends)
        for position, end, *values in zip(positions, ends, *(series.values for series in stack), strict=True):
            text = " + ".join(f"{value:,}" for value in values if value) or "0"
            axes.annotate(
                text, (end, position), (3, 0), textcoords="offset points", va="center_baseline", fontsize=SMALL
            )
    axes.set_yticks(range(len(names)), names, fontsize=9)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0, 1.12 * longest)
    axes.set_xlabel(x_label)
    axes.grid(axis="x")
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2, ncols=sum(map(len, stacks)), columnspacing=1.5
    )
    return figure


def contact_sheet(
    rows: Sequence[Row], title: str, columns: Sequence[str] = (), note: str = "", largest: int = CELL
) -> Figure:
    """Pictures in rows with their names, captions and coloured frames, under optional column names.

    Pictures are fitted into squares of one size: as the longest row allows, at most `largest` pixels. `note` is printed
    below the rows, also where there are none.
    """
    left = MARGIN + (NAMES_WIDTH if any(row.name for row in rows) else 0)
    most_cells = max((len(row.cells) for row in rows), default=1)
    side = min(largest, (WIDTH - left - MARGIN) // most_cells - GAP)
    title_lines, note_lines = _wrap(title, INNER_WIDTH, TITLE, "bold"), _wrap(note, INNER_WIDTH, TEXT)
    top = MARGIN + (LINE_HEIGHT + 3) * len(title_lines) + (LINE_HEIGHT + 10 if columns else 6)
    heights = [side + GAP + LINE_HEIGHT * max(len(cell.caption.splitlines()) for cell in row.cells) for row in rows]
    footer = LINE_HEIGHT * len(note_lines) + MARGIN
    figure, axes = _canvas(top + sum(heights) + footer)
    axes.text(MARGIN, MARGIN, "\n".join(title_lines), va="top", fontsize=TITLE, weight="bold", linespacing=1.3)
    for position, name in enumerate(columns):
        axes.text(left + position * (side + GAP), top - 5, name, va="bottom", color=GREY)
    for row, height in zip(rows, heights, strict=True):
        axes.text(MARGIN, top + side / 2, "\n".join(_wrap(row.name, NAMES_WIDTH - 10, 9)), va="center", fontsize=9)
        for position, cell in enumerate(row.cells):
            _draw_cell(axes, cell, left + position * (side + GAP), top, side)
        top += height
    axes.text(MARGIN, top + 4, "\n".join(note_lines), va="top", color=GREY, linespacing=1.3)
    return figure


def _canvas(height: int) -> tuple[Figure, Axes]:
    """A figure with one pair of axes in pixel coordinates, from the upper left."""
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


def _wrap(text: str, width: int, points: float, weight: str = "normal") -> list[str]:
    """The text in lines that fit into `width` pixels; a longer word gets its own line."""
    file = findfont(FontProperties(family=FONT, weight=weight))
    font = ImageFont.truetype(file, points * DPI / 72, layout_engine=ImageFont.Layout.BASIC)  # whole pixels, as Agg
    lines: list[str] = []
    for word in text.split():
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
