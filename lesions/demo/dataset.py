"""The demo data set: synthetic pictures in the nine-class layout, with the faults that real collections have."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PIL import Image

from lesions.demo.draw import draw
from lesions.demo.faults import JPEG_QUALITY, plant_faults
from lesions.demo.plan import SEED, SyntheticPicture
from lesions.runtime.outputs import whole_folder, write_json
from lesions.runtime.parallel import map_on_all_cores

NOTICES = {
    # The readers of data sets recognise a synthetic one by the second file (lesions.datasets.SYNTHETIC_MARK).
    "README.md": """# SYNTHETIC pictures

Every picture in this folder was drawn by a program (`python -m stages.demo`): there is no patient, and no skin was ever
photographed. The pictures resemble dermoscopy just enough to run a pipeline on. They are not for any medical use:
nothing learned from them, and no score reached on them, says anything about people.

Some files are faulty on purpose, as in real collections: `demo_faults.json`, beside this folder, lists each of them.

Licence: CC0 1.0 (public domain), https://creativecommons.org/publicdomain/zero/1.0/
""",
    "SYNTHETIC.md": "Drawn by a program, not photographed: see README.md.\n",
}


def make(folder: Path, faults_file: Path, pictures: Sequence[SyntheticPicture]) -> int:
    """Draw the data set into `folder` and list its faults in `faults_file`, each whole or not at all.

    The same bytes every time, whatever was there before. Returns the number of faults.
    """
    with whole_folder(folder) as root:
        write_pictures(root, pictures)
        faults = plant_faults(root, pictures)
        for name, text in NOTICES.items():
            (root / name).write_text(text, encoding="utf-8", newline="\n")
    write_json(faults_file, faults)
    modes = faults["unusual_modes"]
    return sum(map(len, [*faults.values(), *modes.values()])) - len(modes)


def write_pictures(root: Path, pictures: Sequence[SyntheticPicture]) -> None:
    """Draw every picture into its place under `root`, on all cores, with a progress bar on stderr."""
    for folder in {picture.path.parent for picture in pictures}:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for _ in map_on_all_cores(partial(write_picture, root), pictures, "draw"):
        pass


def write_picture(root: Path, picture: SyntheticPicture) -> None:
    """Draw one picture; its seed is its own id, so that neither order nor number of workers changes a byte."""
    pixels = draw(picture.class_name, f"{SEED}:{picture.image_id}")
    Image.fromarray(pixels).save(root / picture.path, quality=JPEG_QUALITY)
