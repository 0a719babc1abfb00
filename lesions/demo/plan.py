"""Which pictures the demo data set has: class, split and id of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SEED = 7

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
        SyntheticPicture(split, name, image_id(i)) for i, (split, name) in enumerate(places[place] for place in order)
    ]


def image_id(number: int) -> str:
    """The id of the picture with that number."""
    return f"SYN_{number:07d}"
