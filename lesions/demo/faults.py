"""The faults that real collections have, planted in a synthetic one."""

import shutil
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image
from PIL.Image import Transpose

from lesions.demo.draw import rephotograph
from lesions.demo.plan import SyntheticPicture, image_id

JPEG_QUALITY = 90


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
        return self.root / "Train" / class_name / f"{image_id(next(self.numbers))}{suffix}"

    def relative_names(self, *paths: Path) -> list[str]:
        return [path.relative_to(self.root).as_posix() for path in paths]


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
