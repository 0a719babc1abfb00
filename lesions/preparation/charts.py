"""The charts of prepare: the files of each class by split, and a contact sheet of the prepared pictures."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from lesions.data.diagnoses import diagnosis
from lesions.data.manifest import SPLITS, classes_of
from lesions.data.pixels import read_pixels
from lesions.rendering import figures

COLOURS = dict(zip(SPLITS, (figures.BLUE, figures.SKY, figures.ORANGE), strict=True))
EXAMPLES = 6  # pictures per class on the sheet


def splits_chart(pictures: pd.DataFrame, title_suffix: str) -> Figure:
    """Files of each class by split, those left out last. pictures: one row per raw file."""
    used = pictures["reason"] == ""
    labels = [label for label in pictures["label"].value_counts().index if label]
    outcomes = {split: used & (pictures["split"] == split) for split in SPLITS} | {"left out": ~used}
    lane = []
    for outcome, rows in outcomes.items():
        counts = pictures.loc[rows, "label"].value_counts()
        sizes = [int(counts.get(label, 0)) for label in labels]
        lane.append(figures.Bars(outcome, sizes, COLOURS.get(outcome, figures.PALE)))
    title = f"{used.sum():,} of {len(pictures):,} files are used, in {pictures.loc[used, 'group'].nunique():,} groups"
    return figures.grouped_bars([diagnosis(label).name for label in labels], [lane], title + title_suffix, "files")


def sheet(used: pd.DataFrame, folder: Path, title_suffix: str) -> Figure:
    """The first pictures of each class, by the hash of their pixels: a choice that is neither sorted nor random."""
    rows = [figures.Row(f"{diagnosis(label).name} ({n:,})", list(cells)) for label, n, cells in _examples(used, folder)]
    return figures.contact_sheet(rows, f"Prepared pictures of {len(rows)} classes{title_suffix}")


def _examples(used: pd.DataFrame, folder: Path) -> Iterator[tuple[str, int, list[figures.Cell]]]:
    for label in classes_of(used):
        of_class = used[used["label"] == label].sort_values("sha256")
        yield (
            label,
            len(of_class),
            [figures.Cell(read_pixels(folder / path)) for path in of_class["path"].head(EXAMPLES)],
        )
