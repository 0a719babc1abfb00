"""Contact sheet of training pictures beside their new copies; lesions.params, at every start, does without it."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from matplotlib.figure import Figure

from lesions.augmentation.copies import Copy
from lesions.data.diagnoses import diagnosis
from lesions.data.pixels import read_pixels
from lesions.rendering import figures

COPIES_PER_ROW = 6  # of one original on the sheet
SIDE = 78  # pixels of a picture on the sheet


def copies_sheet(copies: Sequence[Copy], prepared: Path, augmented: Path, originals: int, suffix: str) -> Figure:
    """Per class, some originals, each with up to COPIES_PER_ROW of its copies on its right."""
    if not copies:
        return figures.contact_sheet([], "No new pictures", note="The plan asks for none.")
    rows = []
    for label, of_class in groupby(copies, key=lambda copy: copy.label):
        families = [list(family) for _, family in groupby(of_class, key=lambda copy: copy.image_id)]
        families.sort(key=len, reverse=True)
        for number, family in enumerate(families[:originals]):
            paths = [prepared / family[0].source, *(augmented / copy.target for copy in family[:COPIES_PER_ROW])]
            cells = [figures.Cell(read_pixels(path)) for path in paths]
            rows.append(figures.Row(diagnosis(label).name if not number else "", cells))
    title = f"{len(copies):,} new training pictures: originals on the left, copies on their right{suffix}"
    return figures.contact_sheet(rows, title, columns=["original", "copies"], largest=SIDE)
