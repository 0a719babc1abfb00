"""The chart style. A failure means a chart that misleads, does not fit, or changes bytes when its data do not."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from lesions.rendering import figures
from lesions.rendering.figures import Bars, Cell, Row

NAMES = ["melanoma", "nevus", "dermatofibroma"]


def chart() -> Figure:
    stacks = [[Bars("raw", [900, 500, 0], figures.PALE)], [Bars("train", [400, 90, 0], figures.BLUE), added()]]
    return figures.grouped_bars(NAMES, stacks, "Melanoma has the most", "pictures")


def added() -> Bars:
    return Bars("new", [0, 310, 0], figures.ORANGE)


def picture(colour: tuple[int, int, int], width: int = 100, height: int = 100) -> figures.Pixels:
    return np.full((height, width, 3), colour, dtype=np.uint8)


def saved(figure: Figure, path: Path) -> Image.Image:
    figures.save(figure, path)
    with Image.open(path) as image:
        image.load()
        return image.convert("RGB")


def test_bars_start_at_zero_and_carry_their_numbers() -> None:
    (axes,) = chart().axes
    assert axes.get_xlim()[0] == 0, "an axis that does not start at zero exaggerates differences"
    assert axes.get_xlim()[1] > 900
    assert [text.get_text() for text in axes.texts] == ["900", "500", "0", "400", "90 + 310", "0"]
    assert [label.get_text() for label in axes.get_yticklabels()] == NAMES
    assert axes.get_ylim()[0] > axes.get_ylim()[1], "the first name belongs at the top"


def test_a_continued_bar_starts_where_the_one_before_ends() -> None:
    (axes,) = chart().axes
    nevus = [bars[1] for bars in axes.containers]
    assert [(bar.get_x(), bar.get_width()) for bar in nevus] == [(0, 500), (0, 90), (90, 310)]


def test_bars_of_nothing_are_drawn_too(tmp_path: Path) -> None:
    empty = figures.grouped_bars(["nevus"], [[Bars("raw", [0], figures.BLUE)]], "None", "pictures")
    assert saved(empty, tmp_path / "empty.png").width == figures.WIDTH


def test_a_series_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="every series needs 3 values"):
        figures.grouped_bars(NAMES, [[Bars("raw", [1, 2], figures.BLUE)]], "", "")


def test_the_same_figure_gives_the_same_bytes_without_date_or_version(tmp_path: Path) -> None:
    figures.save(chart(), tmp_path / "a.png")
    figures.save(chart(), tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes(), "DVC would see a change in nothing"
    with Image.open(tmp_path / "a.png") as image:
        assert image.width == figures.WIDTH
        assert not {"Software", "Creation Time"} & set(image.info)


def test_a_figure_that_is_too_wide_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="wider than 640 pixels"):
        figures.save(figures.new_figure(100, "wide", width=641), tmp_path / "wide.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("title", ["Pigmented benign keratosis " * 7, "Common melanoma among women " * 7])
def test_long_titles_stay_inside_the_picture(title: str, tmp_path: Path) -> None:
    for figure in (figures.new_figure(200, title), figures.contact_sheet([Row("", [Cell(picture((9, 9, 9)))])], title)):
        right = np.asarray(saved(figure, tmp_path / "title.png"))[:, -4:]
        assert (right == 255).all(), "the title runs out of the picture"


def test_a_sheet_shows_its_pictures_unchanged_and_framed(tmp_path: Path) -> None:
    rows = [
        Row(
            "nevus",
            [Cell(picture((10, 200, 30))), Cell(picture((200, 10, 30)), "truth nevus\npredicted", figures.BLACK)],
        ),
        Row("", [Cell(picture((30, 10, 200), width=100, height=50))]),
    ]
    image = saved(
        figures.contact_sheet(rows, "Two rows", columns=["original", "copy"], note="n = 3"), tmp_path / "s.png"
    )
    colours, numbers = np.unique(np.asarray(image).reshape(-1, 3), axis=0, return_counts=True)
    areas = {tuple(map(int, colour)): int(n) for colour, n in zip(colours, numbers, strict=True)}
    side = figures.CELL
    assert areas[10, 200, 30] == side * side, "a picture is cut, blurred or covered"
    assert side * side > areas[200, 10, 30] > 0.9 * side * side, "the frame is missing or covers the picture"
    assert areas[30, 10, 200] == side * side // 2, "a picture that is not square is distorted"


def test_a_full_row_fits_into_the_width(tmp_path: Path) -> None:
    row = Row("a class with a long name", [Cell(picture((0, 0, 200)))] * 12)
    pixels = np.asarray(saved(figures.contact_sheet([row], "Twelve"), tmp_path / "s.png"))
    blue = (pixels == (0, 0, 200)).all(axis=2).any(axis=0)
    assert (np.diff(blue.astype(int)) == 1).sum() == 12, "not every picture of the row is on the sheet"
    assert not blue[-4:].any()


def test_a_sheet_without_pictures_says_so() -> None:
    (axes,) = figures.contact_sheet([], "No new pictures", note="The plan asks for none.").axes
    assert "The plan asks for none." in [text.get_text() for text in axes.texts]
