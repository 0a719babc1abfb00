"""What the tests of all layers share: markers by what a test imports, pictures made on the spot, real ones."""

import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from PIL import Image

from tests.imports import REPOSITORY, modules_of_file, modules_of_function

REAL_PICTURES = Path(os.environ.get("LESIONS_SHARED", REPOSITORY.parent / "shared"))

# A test has a marker if its file or one of its fixtures imports one of these modules, directly or not
MARKERS = {"tensorflow": ("tensorflow", "keras"), "dvc": ("dvc", "tests.pipeline"), "study": ("studies",)}
LEFT_OUT = pytest.StashKey[int]()
BROWSER_FIXTURES = {"browser", "context", "page"}  # of pytest-playwright


# The quick tests try a fifth of hypothesis' examples; `make test` tries all
settings.register_profile("quick", max_examples=20)


def pytest_configure(config: pytest.Config) -> None:
    """Among the quick tests alone, be quick."""
    if "not tensorflow" in config.option.markexpr:
        settings.load_profile("quick")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out files whose tests are all deselected: importing them takes as long as TensorFlow does."""
    if collection_path.suffix != ".py" or not collection_path.name.startswith("test_"):
        return None
    expression = config.option.markexpr
    if "not tensorflow" not in expression:
        return None
    excluded = {marker for marker in MARKERS if f"not {marker}" in expression}
    return True if markers_of(modules_of_file(collection_path)) & excluded else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test with what it needs, so that those which need nothing can be run alone: `make quick`."""
    for item in items:
        for marker in sorted(markers_of(modules_needed(item))):
            item.add_marker(marker)
        if BROWSER_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker("browser")


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Count the tests of studies that are left out, in the process that collects: with pytest-xdist, a worker."""
    for item in items:
        if item.get_closest_marker("study") and "not study" in item.config.option.markexpr:
            item.config.stash[LEFT_OUT] = item.config.stash.get(LEFT_OUT, 0) + 1
            if hasattr(item.config, "workeroutput"):
                item.config.workeroutput["left_out"] = item.config.stash[LEFT_OUT]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over the count of a worker of pytest-xdist: each collects all tests."""
    node.config.stash[LEFT_OUT] = getattr(node, "workeroutput", {}).get("left_out", 0)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say what was left out."""
    if left_out := config.stash.get(LEFT_OUT, 0):
        terminalreporter.write_line(f"{left_out} tests of studies were left out: make test-studies")


def markers_of(modules: Iterable[str]) -> set[str]:
    """The markers that go with these modules."""
    firsts = {".".join(parts[:n]) for module in modules for parts in [module.split(".")] for n in (1, 2)}
    return {marker for marker, needs in MARKERS.items() if firsts & set(needs)}


def modules_needed(item: pytest.Item) -> set[str]:
    """What the file of a test imports, what its fixtures import, and what the files of these do."""
    modules = set(modules_of_file(item.path))
    info: Any = getattr(item, "_fixtureinfo", None)
    for fixtures in info.name2fixturedefs.values() if info else ():
        for fixture in fixtures:
            path = Path(fixture.func.__code__.co_filename)
            if path.is_relative_to(REPOSITORY / "tests"):
                modules |= modules_of_file(path) | modules_of_function(fixture.func)
    return modules


def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Among the quick tests TensorFlow must not be loaded: where a marker is missing, they are quick no more."""
    if "not tensorflow" in item.config.option.markexpr and "tensorflow" in sys.modules:
        pytest.fail(f"{item.nodeid} or a test before it loaded TensorFlow, but has no marker for it")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real pictures and official tables beside the repository; skips the test where there is none."""
    if not (REAL_PICTURES / "data" / "isic9").is_dir():
        pytest.skip(
            f"needs real pictures in {REAL_PICTURES}/data/isic9 (set LESIONS_SHARED to the folder that holds data/)"
        )
    return REAL_PICTURES


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
