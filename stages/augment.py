"""Make the new training pictures of the plan, and a contact sheet of originals beside their copies."""

from lesions.augmentation.contact_sheet import copies_sheet
from lesions.augmentation.copies import choose_copies, summary_text, write_copies
from lesions.data.manifest import read_manifest, title_suffix
from lesions.data.plan import read_plan
from lesions.params.paths import AUGMENT_PLOTS, AUGMENTED, PLAN, PREPARED
from lesions.params.schema import load_params
from lesions.rendering import figures
from lesions.runtime.console import run
from lesions.runtime.outputs import whole_folder


def main() -> None:
    """Run the stage in the current folder."""
    params = load_params()
    manifest = read_manifest(PREPARED)
    training = manifest[manifest["split"] == "train"]
    copies = choose_copies(training, read_plan(PLAN, manifest)["n_add"], params.seed)
    with whole_folder(AUGMENTED) as folder:
        unchanged = write_copies(copies, params.augment.operations, params.seed, PREPARED, folder)
    with whole_folder(AUGMENT_PLOTS) as folder:
        sheet = copies_sheet(copies, PREPARED, AUGMENTED, params.augment.sheet_rows, title_suffix(manifest))
        figures.save(sheet, folder / "augmented.png")
    print(f"{AUGMENTED}: {summary_text(copies, unchanged)}")


if __name__ == "__main__":
    run(main)
