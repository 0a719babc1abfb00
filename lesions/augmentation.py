"""New training pictures from old ones with Augmentor's operations: repeatable, with exact probabilities, on all cores.

Augmentor's own sample() draws from one stream shared by its threads, names files at random, and lets an operation of
probability 0.7 fire in 75 % of pictures. So only its operations are used here, each with a seed of its own.
"""

import contextlib
import difflib
import functools
import hashlib
import inspect
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import Augmentor
import numpy as np
from PIL import Image
from scipy.ndimage import distance_transform_edt

from lesions.console import UserError

if TYPE_CHECKING:  # params.yaml is checked with this module at every start: what that does not need loads later
    import pandas as pd

Operations = Mapping[str, Mapping[str, Any]]

ATTEMPTS = 200  # draws for one copy until it differs from its original; at a probability of 0.05, 1 in 28,000 fails
TRIAL_SIDE = 32  # pixels; the smallest image_size, where operations fail first
TRIALS = 4  # runs of an operation when it is checked: some have several branches

REFUSED = {
    "crop_by_size": "it counts in pixels, whatever image_size is; use crop_centre or crop_random with percentage_area",
    "resize": "every picture is square with a side of image_size; change image_size",
    "scale": "every picture keeps the side image_size; use zoom",
}
SPILLS = ("rotate", "rotate_without_crop", "zoom")  # leave black bars, rotate by oversight: at 1 to 3 degrees
CHOICES: dict[str, tuple[Any, ...]] = {
    "corner": ("bell", "ul", "ur", "dl", "dr"),
    "method": ("in", "out"),
    "expand": (True, False),
    "randomise_percentage_area": (True, False),
}
LIMITS = {  # where Augmentor accepts more than it can do
    "probability": (0, 1),
    "grid_width": (2, 16),  # a grid of one column has no inner corner to move
    "grid_height": (2, 16),
    "max_factor": (0, 10),  # a zoom by 1000 takes gigabytes
    "rectangle_area": (0.1, 1),  # its smallest rectangle has a tenth of the side
}


class Step(NamedTuple):
    """One operation of Augmentor, ready to run; the exact probability that it fires; whether it may show an edge."""

    probability: float
    operation: Any
    spills: bool


class Copy(NamedTuple):
    """One new picture: the k-th copy of a training picture whose file is `source`, relative to the prepared folder."""

    label: str
    image_id: str
    k: int
    source: str

    @property
    def target(self) -> str:
        """Its file, relative to the folder of augmented pictures."""
        return f"{self.label}/{self.image_id}__{self.k}.png"


def check_operation(name: str, arguments: Mapping[str, Any]) -> str | None:
    """What is wrong with an operation of params.yaml, in one line; None once it was built and has run on a picture."""
    if name in REFUSED:
        return f"is not offered: {REFUSED[name]}"
    if name not in (known := _signatures()):
        return f"unknown operation{_instead(name, known)}"
    for key in arguments:
        if key not in known[name]:
            return f"unknown argument {key}{_instead(key, known[name])}"
    required = {key for key, parameter in known[name].items() if parameter.default is inspect.Parameter.empty}
    if missing := sorted(required - set(arguments)):
        return f"needs {' and '.join(missing)} too"
    return _check_values(name, arguments) or _try_out(name, arguments)


def build(operations: Operations) -> list[Step]:
    """The operations in their order, built by Augmentor. Raises what Augmentor raises for arguments it refuses."""
    steps = []
    for name, arguments in operations.items():
        pipeline = Augmentor.Pipeline()
        given = {key: tuple(value) if isinstance(value, list) else value for key, value in arguments.items()}
        getattr(pipeline, name)(**{**given, "probability": 1})  # Augmentor refuses 0, which is fine here
        spills = name in SPILLS and not given.get("fillcolor")
        steps.append(Step(arguments.get("probability", 1.0), pipeline.operations[0], spills))
    return steps


def choose_copies(training: "pd.DataFrame", plan: "pd.DataFrame", seed: int) -> list[Copy]:
    """Which training picture gets how many copies, so that each class gets n_add: all as many, give or take one.

    training: rows of the manifest with split train, and no others (ValueError); plan: columns label and n_add. The one
    copy more goes by hash, so that another picture in the data set changes few choices. Sorted by label, id and k.
    Raises UserError where a class without training pictures is to get copies.
    """
    if set(training["split"]) - {"train"}:
        raise ValueError("only training pictures are augmented")
    copies = []
    for label, n_add in sorted(zip(plan["label"], plan["n_add"].astype(int), strict=True)):
        originals = training[training["label"] == label]
        if n_add and originals.empty:
            raise UserError(f"class {label} has no training picture to copy; run `dvc repro analyze_imbalance` again")
        by_hash = sorted(zip(originals["image_id"], originals["path"], strict=True), key=lambda o: _number(seed, o[0]))
        for rank, (image_id, path) in enumerate(by_hash):
            share = n_add // len(by_hash) + (rank < n_add % len(by_hash))
            copies += [Copy(label, image_id, k, path) for k in range(share)]
    return sorted(copies)


def write_copies(copies: Sequence[Copy], operations: Operations, seed: int, prepared: Path, folder: Path) -> int:
    """Write every copy as PNG into `folder`; returns how many still equal their original.

    Raises UserError where copies are asked for and no operation can fire.
    """
    from lesions.parallel import map_on_all_cores

    steps = build(operations)
    if copies and not any(step.probability for step in steps):
        raise UserError(
            f"params.yaml: augment.operations: {len(copies):,} new pictures are planned, but no operation can fire: "
            "add one with a probability above 0, or set rebalance.method to none"
        )
    write = functools.partial(_write_copy, steps=steps, seed=seed, prepared=prepared, folder=folder)
    return sum(map_on_all_cores(write, copies, "augment"))


def make_copy(original: Image.Image, steps: Sequence[Step], *name: object) -> Image.Image:
    """A changed picture in RGB and of the original's size; the same for the same picture, steps and name.

    name: what seeds it, here (seed, image_id, k). A draw that leaves the picture as it was (nothing fired, or a turn by
    0 degrees) is repeated: a copy without a change would only weigh its original twice. So among the copies, an
    operation fires a little more often than its probability p: p / (1 - q), where q is the share of such draws.
    Returns the original itself where no draw changes it.
    """
    for attempt in range(ATTEMPTS):
        picture = original
        for position, fired in enumerate(draw(steps, *name, attempt)):
            if fired:
                picture = _perform(steps[position], picture, *name, attempt, position)
        if picture is not original and not np.array_equal(np.asarray(picture), np.asarray(original)):
            return picture
    return original


def draw(steps: Sequence[Step], *name: object) -> list[bool]:
    """Which steps fire, each with exactly its own probability, from a generator seeded with the name alone."""
    chances = np.random.default_rng(_number(*name)).random(len(steps))
    return [bool(chance < step.probability) for chance, step in zip(chances, steps, strict=True)]


def _write_copy(copy: Copy, steps: Sequence[Step], seed: int, prepared: Path, folder: Path) -> bool:
    """Make and write one copy; whether it equals its original after all."""
    from lesions.images import read_pixels, write_png

    original = Image.fromarray(read_pixels(prepared / copy.source))
    picture = make_copy(original, steps, seed, copy.image_id, copy.k)
    (folder / copy.label).mkdir(exist_ok=True)
    write_png(folder / copy.target, np.asarray(picture))
    return picture is original


def _perform(step: Step, picture: Image.Image, *name: object) -> Image.Image:
    """Run one operation with its own seed; the picture comes back in RGB, of the same size, and without black edges."""
    white = [Image.new("L", picture.size, 255)] if step.spills else []
    with _global_seed(_number(*name)):  # the copy is for erasing, which paints on the very picture that it gets
        result, *inside = step.operation.perform_operation([picture.copy(), *white])
    if inside and (outside := np.asarray(inside[0]) < 255).any():
        nearest = distance_transform_edt(outside, return_distances=False, return_indices=True)
        result = Image.fromarray(np.asarray(result)[tuple(nearest)])
    changed: Image.Image = result.convert("RGB")
    return changed if changed.size == picture.size else changed.resize(picture.size, Image.Resampling.BICUBIC)


@contextlib.contextmanager
def _global_seed(number: int) -> Iterator[None]:
    """Seed the two global streams that Augmentor draws from, and give them back as they were."""
    states = random.getstate(), np.random.get_state()  # noqa: NPY002 (Augmentor uses the global stream)
    random.seed(number)
    np.random.seed(number % 2**32)  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002


def _number(*name: object) -> int:
    """64 bits of the SHA-256 of the name's parts, joined by colons."""
    return int.from_bytes(hashlib.sha256(":".join(map(str, name)).encode()).digest()[:8], "big")


def _signatures() -> dict[str, dict[str, inspect.Parameter]]:
    """Augmentor's operations and their arguments: the methods of its pipeline that take a probability."""
    methods = inspect.getmembers(Augmentor.Pipeline(), inspect.ismethod)
    known = {name: dict(inspect.signature(method).parameters) for name, method in methods if name not in REFUSED}
    return {name: parameters for name, parameters in known.items() if "probability" in parameters}


def _check_values(name: str, arguments: Mapping[str, Any]) -> str | None:
    for key, value in arguments.items():
        if allowed := _allowed(name, key, value):
            return f"{key}: {value!r} is wrong, allowed: {allowed}"
    low, high = arguments.get("min_factor", 0), arguments.get("max_factor", 0)
    return f"min_factor: {low} is wrong, allowed: up to max_factor ({high})" if low > high else None


def _allowed(name: str, key: str, value: Any) -> str | None:
    """What this argument may be, if the value is something else."""
    if key in CHOICES:
        return None if value in CHOICES[key] else ", ".join(str(choice).lower() for choice in CHOICES[key])
    if key == "fillcolor":  # a name, a list or nothing: the trial shows whether Pillow knows it
        return None
    whole = key.startswith("grid_") or (name, key) == ("random_distortion", "magnitude")
    low, high = LIMITS.get(key, (-np.inf, np.inf))
    if isinstance(value, int if whole else int | float) and not isinstance(value, bool) and low <= value <= high:
        return None
    return ("a whole number" if whole else "a number") + (f" from {low} to {high}" if key in LIMITS else "")


def _try_out(name: str, arguments: Mapping[str, Any]) -> str | None:
    given = ", ".join(f"{key} {value}" for key, value in arguments.items() if key != "probability")
    noise = np.random.default_rng(0).integers(0, 256, (TRIAL_SIDE, TRIAL_SIDE, 3), dtype=np.uint8)
    try:
        (step,) = build({name: arguments})
        for trial in range(TRIALS):
            _perform(step, Image.fromarray(noise), trial)
    except Exception as error:  # Augmentor and Pillow raise all sorts; whatever it is, every picture would raise it
        return f"does not work with {given}: {error} (tried on a picture of {TRIAL_SIDE} x {TRIAL_SIDE} pixels)"
    return None


def _instead(name: str, known: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f", did you mean {close[0]}?" if close else f", allowed here: {', '.join(known)}"
