"""What the tests of all layers share: pictures made on the spot, and where real ones may lie."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from tests.pipeline.conftest import Project

REPOSITORY = Path(__file__).resolve().parent.parent
REAL_PICTURES = Path(os.environ.get("LESIONS_SHARED", REPOSITORY.parent / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real pictures and official tables beside the repository; skips the test where there is none."""
    if not (REAL_PICTURES / "data" / "isic9").is_dir():
        pytest.skip(
            f"needs real pictures in {REAL_PICTURES}/data/isic9 (set LESIONS_SHARED to the folder that holds data/)"
        )
    return REAL_PICTURES


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> "Project":
    """A checkout in which the whole pipeline has run and its results are committed. Not to be changed."""
    from tests.pipeline.conftest import copy_of_tree, with_small_data  # it imports this file

    project = with_small_data(copy_of_tree(tmp_path_factory.mktemp("finished")))
    project.repro()
    project.commit("results")
    return project


def random_pixels(seed: int, height: int = 40, width: int = 50) -> np.ndarray:
    """(height, width, 3) pixels of a smooth random picture, different for every seed."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (5, 5, 3), dtype=np.uint8))
    return np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))


@pytest.fixture
def make_dataset(tmp_path: Path) -> Callable[[dict[str, int]], Path]:
    """A function that fills a folder per class with that many different pictures and returns the data set's folder."""

    def make(pictures: dict[str, int], name: str = "raw") -> Path:
        root = tmp_path / name
        for label, count in pictures.items():
            for number in range(count):
                path = root / label / f"{label.replace('/', '_').replace(' ', '_')}_{number:03}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(random_pixels(hash_of(path.relative_to(root).as_posix()))).save(path)
        return root

    return make


def hash_of(text: str) -> int:
    """A number for a text that is the same in every process, unlike Python's hash()."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
