"""New pictures: only of training pictures, repeatable, with exact probabilities. A failure is a leak or a lottery."""

import inspect
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import Augmentor
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lesions.augmentation import copies, operation_checks
from lesions.augmentation.copies import Copy, build, choose_copies, draw, make_copy, preserve_random_state
from lesions.augmentation.operation_checks import check_operation
from lesions.data.manifest import COLUMNS
from lesions.runtime.console import UserError

SIDE = 48  # pixels

FACTORS = {"min_factor": 0.8, "max_factor": 1.2}
GRID = {"grid_width": 3, "grid_height": 4, "magnitude": 3}
ARGUMENTS: dict[
    str, dict[str, Any]
] = {  # every operation that is offered, with arguments as in Augmentor's documentation
    "black_and_white": {"threshold": 100},
    "crop_centre": {"percentage_area": 0.7, "randomise_percentage_area": False},
    "crop_random": {"percentage_area": 0.7, "randomise_percentage_area": True},
    "flip_left_right": {},
    "flip_random": {},
    "flip_top_bottom": {},
    "gaussian_distortion": {**GRID, "corner": "bell", "method": "in"},
    "greyscale": {},
    "histogram_equalisation": {},
    "invert": {},
    "random_brightness": FACTORS,
    "random_color": FACTORS,
    "random_contrast": FACTORS,
    "random_distortion": GRID,
    "random_erasing": {"rectangle_area": 0.3},
    "rotate": {"max_left_rotation": 10, "max_right_rotation": 10},
    "rotate180": {},
    "rotate270": {},
    "rotate90": {},
    "rotate_random_90": {},
    "rotate_without_crop": {"max_left_rotation": 60, "max_right_rotation": 60, "expand": True, "fillcolor": [9, 8, 7]},
    "shear": {"max_shear_left": 10, "max_shear_right": 10},
    "skew": {"magnitude": 0.4},
    "skew_corner": {"magnitude": 0.4},
    "skew_left_right": {"magnitude": 0.4},
    "skew_tilt": {"magnitude": 0.4},
    "skew_top_bottom": {"magnitude": 0.4},
    "zoom": {"min_factor": 0.9, "max_factor": 1.3},
    "zoom_random": {"percentage_area": 0.8},
}


def picture(seed: int = 0, side: int = SIDE) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)


def rows(**pictures: list[str]) -> pd.DataFrame:
    """A manifest with one row per picture: label=[split, split, ...]."""
    table = [(f"{label}_{i}", label, split) for label, splits in pictures.items() for i, split in enumerate(splits)]
    manifest = pd.DataFrame(table, columns=["image_id", "label", "split"])
    manifest["path"] = manifest["split"] + "/" + manifest["label"] + "/" + manifest["image_id"] + ".png"
    return manifest.assign(width=SIDE, height=SIDE, source=manifest["path"]).reindex(
        columns=list(COLUMNS), fill_value=""
    )


# What params.yaml may ask for


def test_every_operation_of_augmentor_is_offered_or_refused() -> None:
    offered, refused = set(operation_checks._signatures()), set(operation_checks.REFUSED)
    assert offered == set(ARGUMENTS), "an operation is offered that no test runs"
    source = Path(inspect.getfile(Augmentor.Pipeline)).read_text(encoding="utf-8")
    adding = set(re.findall(r"^    def (\w+)\(self, ?probability", source, re.MULTILINE))
    assert adding == offered | refused, "an operation of Augmentor is missing"


@pytest.mark.parametrize("name", ARGUMENTS)
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # np.matrix in Augmentor's skew
def test_each_operation_runs_keeps_size_and_mode_and_repeats_itself(name: str) -> None:
    operations = {name: {"probability": 1, **ARGUMENTS[name]}}
    assert check_operation(name, operations[name]) is None
    original = picture()
    before, ours, numpys = original.tobytes(), random.getstate(), np.random.get_state()  # noqa: NPY002
    with preserve_random_state():
        copies = [make_copy(original, build(operations), 0, "ISIC_1", k) for k in (0, 1, 0)]

    assert all((copy.size, copy.mode) == ((SIDE, SIDE), "RGB") for copy in copies)
    assert copies[0].tobytes() == copies[2].tobytes(), "the same copy comes out differently the second time"
    assert copies[0].tobytes() != before, "the copy equals its original"
    assert original.tobytes() == before, "the operation painted on the original"
    assert random.getstate() == ours, "somebody else's random numbers changed"
    assert all(np.array_equal(a, b) for a, b in zip(np.random.get_state(), numpys, strict=True))  # noqa: NPY002


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("flip_leftright", {"probability": 0.5}, "unknown operation, did you mean flip_left_right?"),
        ("sample", {}, "unknown operation, allowed here: black_and_white, "),
        ("resize", {"probability": 1, "width": 9, "height": 9}, "is not offered: every picture is square"),
        ("rotate90", {}, "needs probability too"),
        ("zoom", {"probability": 1}, "needs max_factor and min_factor too"),
        ("rotate", {"probability": 1, "max_left": 5}, "unknown argument max_left, did you mean max_left_rotation?"),
        ("flip_random", {"probability": 1.5}, "probability: 1.5 is wrong, allowed: a number from 0 to 1"),
        ("flip_random", {"probability": -0.1}, "probability: -0.1 is wrong, allowed: a number from 0 to 1"),
        ("flip_random", {"probability": float("nan")}, "probability: nan is wrong, allowed: a number from 0 to 1"),
        ("flip_random", {"probability": "often"}, "probability: 'often' is wrong, allowed: a number from 0 to 1"),
        ("flip_random", {"probability": True}, "probability: True is wrong, allowed: a number from 0 to 1"),
        (
            "rotate",
            {"probability": 1, "max_left_rotation": 30, "max_right_rotation": 5},
            "does not work with max_left_rotation 30, max_right_rotation 5: "
            "The max_left_rotation argument must be between 0 and 25.",
        ),
        (
            "zoom",
            {"probability": 1, "min_factor": 1.5, "max_factor": 1.1},
            "min_factor: 1.5 is wrong, allowed: up to max_factor (1.1)",
        ),
        (
            "zoom",
            {"probability": 1, "min_factor": 1, "max_factor": 1e6},
            "max_factor: 1000000.0 is wrong, allowed: a n",
        ),
        ("random_erasing", {"probability": 1, "rectangle_area": 0.05}, "rectangle_area: 0.05 is wrong, allowed: a n"),
        (
            "random_distortion",
            {"probability": 1, **GRID, "magnitude": 2.5},
            "magnitude: 2.5 is wrong, allowed: a whole",
        ),
        (
            "gaussian_distortion",
            {"probability": 1, **GRID, "corner": "top", "method": "in"},
            "corner: 'top' is wrong, allowed: bell, ul, ur, dl, dr",
        ),
        (
            "rotate_without_crop",
            {"probability": 1, "max_left_rotation": 5, "max_right_rotation": 5, "fillcolor": "skin"},
            "does not work with max_left_rotation 5, max_right_rotation 5, fillcolor skin: unknown color",
        ),
    ],
)
def test_a_mistake_is_named_with_what_is_allowed(
    name: str, arguments: dict[str, Any], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = check_operation(name, arguments)
    assert found is not None
    assert found.startswith(message)
    assert "\n" not in found
    assert capsys.readouterr().out == "", "Augmentor talks over the message"


def test_the_check_loads_nothing_heavy() -> None:
    code = "import lesions.augmentation.copies, sys; print({'tensorflow', 'matplotlib', 'pandas'} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "set()", "every command that reads params.yaml would wait for these"


# Which pictures get copies


@settings(deadline=None, max_examples=60)
@given(
    originals=st.lists(st.integers(1, 30), min_size=1, max_size=5),
    wanted=st.lists(st.integers(0, 100), min_size=5, max_size=5),
    seed=st.integers(0, 9),
)
def test_each_class_gets_its_copies_evenly_spread(originals: list[int], wanted: list[int], seed: int) -> None:
    training = rows(**{f"class_{i}": ["train"] * n for i, n in enumerate(originals)})
    n_add = pd.Series(wanted[: len(originals)], index=sorted(set(training["label"])))
    copies = choose_copies(training, n_add, seed)

    assert len({copy.target for copy in copies}) == len(copies) == n_add.sum()
    assert choose_copies(training.sample(frac=1, random_state=seed), n_add, seed) == copies, "the order of rows matters"
    for label, wanted_n in n_add.items():
        of_class = [copy for copy in copies if copy.label == label]
        assert len(of_class) == wanted_n
        per_original = pd.Series([copy.image_id for copy in of_class], dtype=str).value_counts()
        per_original = per_original.reindex(training.loc[training["label"] == label, "image_id"], fill_value=0)
        assert per_original.max() - per_original.min() <= 1, "some originals are copied more often than others"


def test_only_training_rows_are_accepted() -> None:
    n_add = pd.Series({"nevus": 4})
    with pytest.raises(ValueError, match="only training pictures"):
        choose_copies(rows(nevus=["train", "val"]), n_add, seed=0)
    with pytest.raises(UserError, match="class nevus has no training picture to copy"):
        choose_copies(rows(melanoma=["train"]), n_add, seed=0)


# How a copy is made


def test_an_operation_fires_with_exactly_its_probability() -> None:
    steps = build({"rotate90": {"probability": 0.7}, "invert": {"probability": 1}, "flip_random": {"probability": 0}})
    fired = np.array([draw(steps, 0, f"ISIC_{i}", 0) for i in range(10_000)])
    often, always, never = fired.mean(axis=0)
    # standard error of a rate of 0.7 in 10,000 draws: 0.0046; Augmentor's own rounding makes 0.75 of it
    assert abs(often - 0.7) < 4 * 0.0046, "probabilities are not what params.yaml says"
    assert (always, never) == (1, 0)


def test_copies_turn_out_as_their_operations_fired() -> None:
    original = picture()
    turned = np.rot90(255 - np.asarray(original))
    steps = build({"rotate90": {"probability": 0.7}, "invert": {"probability": 1}})
    copies = [np.asarray(make_copy(original, steps, 0, "ISIC_1", k)) for k in range(1000)]
    rate = np.mean([np.array_equal(copy, turned) for copy in copies])
    assert abs(rate - 0.7) < 4 * 0.0145, "the pictures do not follow the draws"


def test_a_copy_that_would_equal_its_original_is_drawn_again() -> None:
    steps = build({"flip_left_right": {"probability": 0.1}})
    original = picture()
    assert all(make_copy(original, steps, 0, "ISIC_1", k).tobytes() != original.tobytes() for k in range(50))
    black = Image.new("RGB", (SIDE, SIDE))
    assert make_copy(black, steps, 0, "ISIC_1", 0) is black, "a picture that nothing changes must end the search"


@pytest.mark.parametrize("side", [32, 64, 128, 180])
@pytest.mark.parametrize("name", ["rotate", "rotate_without_crop", "zoom"])
def test_copies_have_no_black_edges(name: str, side: int) -> None:
    arguments = (
        {"min_factor": 0.8, "max_factor": 1}
        if name == "zoom"
        else dict.fromkeys(("max_left_rotation", "max_right_rotation"), 4)
    )
    white = Image.new("RGB", (side, side), "white")
    steps = build({name: {"probability": 1, **arguments}})
    darkest = min(np.asarray(copies.perform(steps[0], white, number)).min() for number in range(60))
    assert darkest == 255, "black bars would tell a network which pictures are copies, and so which classes are rare"


def test_a_copy_is_named_after_its_original() -> None:
    assert Copy("nevus", "ISIC_1", 3, "train/nevus/ISIC_1.png").target == "nevus/ISIC_1__3.png"
