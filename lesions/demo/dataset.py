"""The demo data set: synthetic pictures in the nine-class layout, with the faults that real collections have."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image
from PIL.Image import Transpose

from lesions.demo.draw import draw, rephotograph
from lesions.runtime.outputs import whole_folder, write_json
from lesions.runtime.parallel import map_on_all_cores

SEED = 7
JPEG_QUALITY = 90

# Train: the counts of the nine-class ISIC set times 0.31. Test: even but for two tiny classes, as there.
TRAIN = {
    "actinic keratosis": 35,
    "basal cell carcinoma": 117,
    "dermatofibroma": 29,
    "melanoma": 136,
    "nevus": 111,
    "pigmented benign keratosis": 143,
    "seborrheic keratosis": 24,
    "squamous cell carcinoma": 56,
    "vascular lesion": 43,
}
TEST = dict.fromkeys(TRAIN, 8) | {"seborrheic keratosis": 3, "vascular lesion": 3}

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


@dataclass(frozen=True)
class SyntheticPicture:
    """One picture to draw: its place is `<split>/<class name>/<image_id>.jpg`."""

    split: str
    class_name: str
    image_id: str

    @property
    def path(self) -> Path:
        """Where the picture lies, relative to the data set's folder."""
        return Path(self.split, self.class_name, f"{self.image_id}.jpg")


def plan(train: Mapping[str, int] = TRAIN, test: Mapping[str, int] = TEST) -> list[SyntheticPicture]:
    """The pictures to draw, by image_id; ids are random (with a fixed seed), so that they do not reveal the class."""
    counts = {("Train", name): n for name, n in train.items()} | {("Test", name): n for name, n in test.items()}
    places = [place for place, n in counts.items() for _ in range(n)]
    order = np.random.default_rng(SEED).permutation(len(places))
    return [
        SyntheticPicture(split, name, _image_id(i)) for i, (split, name) in enumerate(places[place] for place in order)
    ]


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


def plant_faults(root: Path, pictures: Sequence[SyntheticPicture]) -> dict[str, Any]:
    """Spoil a few of the pictures under `root` and add bad files; return what was done, sorted by name.

    Paths are relative to `root` with forward slashes. No picture takes part in two faults. Raises ValueError where a
    class has too few pictures.
    """
    planter = _Planter(root, pictures)
    faults = _copies(planter) | _broken(planter) | _odd_formats(planter) | _odd_names(planter)
    return {name: faults[name] for name in sorted(faults)}


class _Planter:
    """Hands out pictures that no fault has used yet, and names that no file has."""

    def __init__(self, root: Path, pictures: Sequence[SyntheticPicture]) -> None:
        self.root = root
        self.unused = list(pictures)
        self.numbers = count(len(pictures))

    def take_unused(self, class_name: str, split: str = "Train") -> Path:
        index = [(picture.split, picture.class_name) for picture in self.unused].index((split, class_name))
        return self.root / self.unused.pop(index).path

    def new_path(self, class_name: str, suffix: str = ".jpg") -> Path:
        return self.root / "Train" / class_name / f"{_image_id(next(self.numbers))}{suffix}"

    def relative_names(self, *paths: Path) -> list[str]:
        return [path.relative_to(self.root).as_posix() for path in paths]


def _image_id(number: int) -> str:
    return f"SYN_{number:07d}"


def _copies(planter: _Planter) -> dict[str, Any]:
    """One picture in two files, as it is, turned or taken again: in one class, in two classes, in Train and Test."""

    def copy(original: Path, duplicate: Path) -> list[str]:
        shutil.copyfile(original, duplicate)
        return planter.relative_names(original, duplicate)

    def change(class_name: str, suffix: str, how: Callable[[Image.Image], Image.Image]) -> list[str]:
        original, duplicate = planter.take_unused(class_name), planter.new_path(class_name, suffix)
        with Image.open(original) as picture:
            how(picture).save(duplicate)
        return planter.relative_names(original, duplicate)

    def turn(class_name: str, how: Transpose) -> list[str]:  # PNG, because another JPEG would change the pixels
        return change(class_name, ".png", partial(Image.Image.transpose, method=how))

    def move_to(class_name: str, original: Path) -> Path:
        return planter.root / "Train" / class_name / original.name

    keratoses = [planter.take_unused("actinic keratosis"), planter.take_unused("seborrheic keratosis")]
    tests = [planter.take_unused(name, "Test") for name in ("nevus", "melanoma")]
    return {
        "exact_duplicates": [
            copy(planter.take_unused(name), planter.new_path(name))
            for name in ("nevus", "melanoma", "basal cell carcinoma")
        ],
        "rotated_duplicates": [turn(name, Transpose.ROTATE_90) for name in ("nevus", "vascular lesion")],
        "mirrored_duplicates": [
            turn(name, Transpose.FLIP_LEFT_RIGHT) for name in ("melanoma", "squamous cell carcinoma")
        ],
        "near_duplicates": [change(name, ".jpg", rephotograph) for name in ("nevus", "pigmented benign keratosis")],
        "label_conflicts": [  # the two confusions of the real set, under the same name and under another
            copy(keratoses[0], move_to("nevus", keratoses[0])),
            copy(planter.take_unused("actinic keratosis"), planter.new_path("nevus")),
            copy(keratoses[1], move_to("melanoma", keratoses[1])),
            copy(planter.take_unused("seborrheic keratosis"), planter.new_path("melanoma")),
        ],
        "train_test_overlap": [
            *(copy(test, move_to(test.parent.name, test))[::-1] for test in tests),
            copy(planter.take_unused("basal cell carcinoma", "Test"), planter.new_path("basal cell carcinoma"))[::-1],
        ],
    }


def _broken(planter: _Planter) -> dict[str, Any]:
    """Files that no program can decode, and pictures too small to show anything."""
    truncated = [planter.take_unused(name) for name in ("melanoma", "pigmented benign keratosis")]
    for path in truncated:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    text, empty = planter.new_path("nevus"), planter.new_path("basal cell carcinoma")
    text.write_bytes(b"The picture you asked for is not here.\n")
    empty.write_bytes(b"")
    small = [planter.new_path("nevus"), planter.new_path("pigmented benign keratosis")]
    for path, size in zip(small, ((1, 1), (12, 9)), strict=True):
        Image.new("RGB", size, (200, 150, 130)).save(path, quality=JPEG_QUALITY)
    return {
        "unreadable": planter.relative_names(*truncated),
        "not_an_image": planter.relative_names(text, empty),
        "too_small": planter.relative_names(*small),
    }


def _odd_formats(planter: _Planter) -> dict[str, Any]:
    """Sound pictures of their class in other colour modes, and pictures stored lying on their side."""

    def convert(class_name: str, mode: str, suffix: str) -> str:
        path = planter.take_unused(class_name)
        with Image.open(path) as picture:
            deep = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)
            converted = deep if mode == "I;16" else picture.convert(mode)
        path.unlink()
        path = path.with_suffix(suffix)
        converted.save(path, quality=JPEG_QUALITY)
        return planter.relative_names(path)[0]

    def lay_on_side(class_name: str) -> str:
        path = planter.take_unused(class_name)
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = 6  # to show upright: turn by 90 degrees clockwise
        with Image.open(path) as picture:
            turned = picture.transpose(Transpose.ROTATE_90)  # counter-clockwise
        turned.save(path, quality=JPEG_QUALITY, exif=exif)
        return planter.relative_names(path)[0]

    return {
        "unusual_modes": {
            "cmyk": [convert(name, "CMYK", ".jpg") for name in ("nevus", "melanoma")],
            "grey": [convert(name, "L", ".jpg") for name in ("pigmented benign keratosis", "basal cell carcinoma")],
            "grey_16_bit": [convert("melanoma", "I;16", ".png")],
            "palette": [convert(name, "P", ".png") for name in ("pigmented benign keratosis", "vascular lesion")],
            "rgba": [convert(name, "RGBA", ".png") for name in ("nevus", "squamous cell carcinoma")],
        },
        "exif_rotated": [lay_on_side(name) for name in ("melanoma", "dermatofibroma")],
    }


def _odd_names(planter: _Planter) -> dict[str, Any]:
    """One name for two pictures, extensions in capitals, and what file managers leave behind."""

    def share_name(first_class: str, second_class: str) -> list[str]:
        first, second = planter.take_unused(first_class), planter.take_unused(second_class)
        return planter.relative_names(first, second.rename(second.with_name(first.name)))

    def capitalise(class_name: str) -> str:
        path = planter.take_unused(class_name)
        return planter.relative_names(path.rename(path.with_suffix(".JPG")))[0]

    windows, mac = planter.root / "Train/nevus/Thumbs.db", planter.root / "Train/melanoma/.DS_Store"
    windows.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1").ljust(512, b"\0"))
    mac.write_bytes(b"\0\0\0\1Bud1".ljust(512, b"\0"))
    return {
        "same_name": [share_name("nevus", "basal cell carcinoma"), share_name("dermatofibroma", "vascular lesion")],
        "extension_in_capitals": [capitalise(name) for name in ("nevus", "pigmented benign keratosis")],
        "other_files": planter.relative_names(windows, mac),
    }
