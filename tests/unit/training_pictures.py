"""A prepared folder of tiny pictures that are easy to tell apart, for the tests of training."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from lesions.data.manifest import COLUMNS, EXCLUDED_COLUMNS, write_manifest

SIDE = 32


def toy_pixels(label: int, seed: int) -> NDArray[np.uint8]:
    """(SIDE, SIDE, 3) noise with a disc whose colour is the class."""
    pixels = np.random.default_rng(seed).integers(60, 120, (SIDE, SIDE, 3))
    rows, columns = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    pixels[rows**2 + columns**2 < (SIDE / 4) ** 2, label % 3] += 100
    return pixels.astype(np.uint8)


def write_prepared(root: Path, train: dict[str, int], val: int, added: dict[str, int]) -> None:
    """data/prepared, data/augmented and the plan under root. The files of the test split are text, not pictures."""
    rows, seed = [], 1000
    for label, (name, count) in enumerate(sorted(train.items())):
        (root / "data/augmented" / name).mkdir(parents=True)
        for split, n in (("train", count), ("val", val), ("test", 2)):
            for number in range(n):
                image_id = f"{name}_{split}_{number}"
                rows.append(
                    {"image_id": image_id, "path": f"{split}/{name}/{image_id}.png", "label": name, "split": split}
                )
                path = root / "data/prepared" / rows[-1]["path"]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("training must not open this")
                if split != "test":
                    Image.fromarray(toy_pixels(label, seed)).save(path)
                seed += 1
        for number in range(added.get(name, 0)):
            path = root / "data/augmented" / name / f"{name}_train_{number % count}__{number // count}.png"
            Image.fromarray(toy_pixels(label, seed)).save(path)
            seed += 1
    manifest = pd.DataFrame(rows).reindex(columns=list(COLUMNS), fill_value="").assign(width=SIDE, height=SIDE)
    write_manifest(root / "data/prepared", manifest, pd.DataFrame(columns=list(EXCLUDED_COLUMNS)))
    largest = max(train.values())
    plan = pd.DataFrame(
        {"label": name, "n_train": n, "n_target": largest, "n_add": added.get(name, 0)} for name, n in train.items()
    )
    plan.to_csv(root / "data/augmentation_plan.csv", index=False)
