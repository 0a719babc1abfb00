"""Make the new training pictures of the plan, and a contact sheet of originals beside their copies."""

from collections.abc import Sequence
from itertools import groupby

from matplotlib.figure import Figure

from lesions.augmentation.copies import Copy, choose_copies, write_copies
from lesions.data.diagnoses import diagnosis
from lesions.data.manifest import read_manifest, title_suffix
from lesions.data.pixels import read_pixels
from lesions.data.plan import read_plan
from lesions.params.paths import AUGMENT_PLOTS, AUGMENTED, PLAN, PREPARED
from lesions.params.schema import load_params
from lesions.rendering import figures
from lesions.runtime.console import run
from lesions.runtime.outputs import whole_folder

COPIES_PER_ROW = 6  # of one original on the sheet
SIDE = 78  # pixels of a picture on the sheet


def main() -> None:
    """Run the stage in the current folder."""
    params = load_params()
    manifest = read_manifest(PREPARED)
    training = manifest[manifest["split"] == "train"]
    copies = choose_copies(training, read_plan(PLAN, manifest)["n_add"], params.seed)

    with whole_folder(AUGMENTED) as folder:
        unchanged = write_copies(copies, params.augment.operations, params.seed, PREPARED, folder)
    with whole_folder(AUGMENT_PLOTS) as folder:
        figures.save(_sheet(copies, params.augment.sheet_rows, title_suffix(manifest)), folder / "augmented.png")
    print(_summary(copies, unchanged))


def _sheet(copies: Sequence[Copy], originals: int, suffix: str) -> Figure:
    """Per class, some originals, each with up to COPIES_PER_ROW of its copies on its right."""
    if not copies:
        return figures.contact_sheet([], "No new pictures", note="The plan asks for none.")
    rows = []
    for label, of_class in groupby(copies, key=lambda copy: copy.label):
        families = [list(family) for _, family in groupby(of_class, key=lambda copy: copy.image_id)]
        families.sort(key=len, reverse=True)
        for number, family in enumerate(families[:originals]):
            paths = [PREPARED / family[0].source, *(AUGMENTED / copy.target for copy in family[:COPIES_PER_ROW])]
            cells = [figures.Cell(read_pixels(path)) for path in paths]
            rows.append(figures.Row(diagnosis(label).name if not number else "", cells))
    title = f"{len(copies):,} new training pictures: originals on the left, copies on their right{suffix}"
    return figures.contact_sheet(rows, title, columns=["original", "copies"], largest=SIDE)


def _summary(copies: Sequence[Copy], unchanged: int) -> str:
    if not copies:
        return f"{AUGMENTED}: empty, the plan asks for no new pictures"
    originals = len({copy.image_id for copy in copies})
    classes = len({copy.label for copy in copies})
    text = f"{AUGMENTED}: {len(copies):,} new pictures of {originals:,} training pictures (classes: {classes})"
    return text + (f"; {unchanged:,} of them equal their original: no operation changed it" if unchanged else "")


if __name__ == "__main__":
    run(main)
