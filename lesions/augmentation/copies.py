"""New training pictures from old ones with Augmentor's operations: repeatable, with exact probabilities, on all cores.

Augmentor's own sample() draws from one stream shared by its threads, names files at random, and lets an operation of
probability 0.7 fire in 75 % of pictures. So only its operations are used here, each with a seed of its own.
"""

import contextlib
import functools
import hashlib
import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import Augmentor
import numpy as np
from PIL import Image, ImageChops
from scipy.ndimage import distance_transform_edt

from lesions.runtime.console import UserError
from lesions.runtime.parallel import map_on_all_cores

if TYPE_CHECKING:  # params.yaml is checked with this module at every start: imports that it does not need come later
    import pandas as pd

Operations = Mapping[str, Mapping[str, Any]]

ATTEMPTS = 200  # draws for one copy until it differs from its original; at a probability of 0.05, 1 in 28,000 fails
EDGE_OPERATIONS = ("rotate", "rotate_without_crop", "zoom")  # leave black bars, rotate by oversight: at 1 to 3 degrees


class Step(NamedTuple):
    """One operation of Augmentor, ready to run; the exact probability that it fires; whether it may expose edges."""

    probability: float
    operation: Any
    exposes_edges: bool


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


def build(operations: Operations) -> list[Step]:
    """The operations in their order, built by Augmentor. Raises what Augmentor raises for arguments it refuses."""
    steps = []
    for name, arguments in operations.items():
        pipeline = Augmentor.Pipeline()
        keywords = {key: tuple(value) if isinstance(value, list) else value for key, value in arguments.items()}
        getattr(pipeline, name)(**{**keywords, "probability": 1})  # Augmentor refuses 0, which is fine here
        exposes_edges = name in EDGE_OPERATIONS and not keywords.get("fillcolor")
        steps.append(Step(arguments.get("probability", 1.0), pipeline.operations[0], exposes_edges))
    return steps


def choose_copies(training: "pd.DataFrame", n_add: "pd.Series", seed: int) -> list[Copy]:
    """Distribute the n_add copies of each class over its training pictures evenly, give or take one.

    training: rows of the manifest with split train, and no others (ValueError); n_add: by label. The one
    copy more goes by hash, so that another picture in the data set changes few choices. Sorted by label, id and k.
    Raises UserError where a class without training pictures is to get copies.
    """
    if set(training["split"]) - {"train"}:
        raise ValueError("only training pictures are augmented")
    copies = []
    for label, n_copies in sorted((str(label), int(n)) for label, n in n_add.items()):
        originals = training[training["label"] == label]
        if n_copies and originals.empty:
            raise UserError(f"class {label} has no training picture to copy; run `dvc repro analyze_imbalance` again")
        by_hash = sorted(zip(originals["image_id"], originals["path"], strict=True), key=lambda o: _number(seed, o[0]))
        for rank, (image_id, path) in enumerate(by_hash):
            share = n_copies // len(by_hash) + (rank < n_copies % len(by_hash))
            copies += [Copy(label, image_id, k, path) for k in range(share)]
    return sorted(copies)


def write_copies(copies: Sequence[Copy], operations: Operations, seed: int, prepared: Path, folder: Path) -> int:
    """Write every copy as PNG into `folder`; returns how many still equal their original.

    Raises UserError where copies are planned and no operation can fire.
    """
    steps = build(operations)
    if copies and not any(step.probability for step in steps):
        raise UserError(
            f"params.yaml: augment.operations: {len(copies):,} new pictures are planned, but no operation can fire: "
            "add one with a probability above 0, or set rebalance.method to none"
        )
    for label in {copy.label for copy in copies}:
        (folder / label).mkdir()
    write = functools.partial(_write_family, steps=steps, seed=seed, prepared=prepared, folder=folder)
    families = [list(family) for _, family in itertools.groupby(copies, key=lambda copy: copy.source)]
    with preserve_random_state():
        return sum(map_on_all_cores(write, families, "augment"))


def summary_text(copies: Sequence[Copy], unchanged: int) -> str:
    """How many copies of how many pictures there are, and how many of them equal their original."""
    if not copies:
        return "empty, the plan asks for no new pictures"
    originals = len({copy.image_id for copy in copies})
    classes = len({copy.label for copy in copies})
    text = f"{len(copies):,} new pictures of {originals:,} training pictures (classes: {classes})"
    return text + (f"; {unchanged:,} of them equal their original: no operation changed it" if unchanged else "")


def make_copy(original: Image.Image, steps: Sequence[Step], *name: object) -> Image.Image:
    """A changed picture in RGB and of the original's size; the same for the same picture, steps and name.

    name: the parts of its seed, here (seed, image_id, k). A draw that leaves the picture as it was (nothing fired, or
    a turn by 0 degrees) is repeated: a copy without a change would only weigh its original twice. So among the copies,
    an operation fires a little more often than its probability p: p / (1 - q), where q is the share of such draws.
    Returns the original itself where no draw changes it. Seeds the global streams: see preserve_random_state().
    """
    for attempt in range(ATTEMPTS):
        picture = original
        for position, fired in enumerate(draw(steps, *name, attempt)):
            if fired:
                picture = perform(steps[position], picture, *name, attempt, position)
        if picture is not original and ImageChops.difference(picture, original).getbbox():
            return picture
    return original


def draw(steps: Sequence[Step], *name: object) -> list[bool]:
    """Which steps fire, each with exactly its own probability, from a generator seeded with the name alone."""
    chances = np.random.default_rng(_number(*name)).random(len(steps))
    return [bool(chance < step.probability) for chance, step in zip(chances, steps, strict=True)]


def _write_family(family: Sequence[Copy], steps: Sequence[Step], seed: int, prepared: Path, folder: Path) -> int:
    """Make and write the copies of one picture; how many equal their original after all."""
    from lesions.data.pixels import read_pixels, write_png

    original, unchanged = Image.fromarray(read_pixels(prepared / family[0].source)), 0
    for copy in family:
        picture = make_copy(original, steps, seed, copy.image_id, copy.k)
        write_png(folder / copy.target, picture)
        unchanged += picture is original
    return unchanged


def perform(step: Step, picture: Image.Image, *name: object) -> Image.Image:
    """Run one operation with its own seed; the picture comes back in RGB, of the same size, and without black edges.

    Where an edge may show, a fourth channel is moved along, white wherever there is picture.
    """
    number = _number(*name)
    random.seed(number)
    np.random.seed(number % 2**32)  # noqa: NPY002 (Augmentor draws from the global streams)
    # a copy in any case: erasing paints on the very picture that it gets
    (result,) = step.operation.perform_operation([picture.convert("RGBX") if step.exposes_edges else picture.copy()])
    if step.exposes_edges and (inside := result.getchannel("X")).getextrema() != (255, 255):
        outside = np.asarray(inside) < 255
        nearest = distance_transform_edt(outside, return_distances=False, return_indices=True)
        result = Image.fromarray(np.asarray(result.convert("RGB"))[tuple(nearest)])
    changed: Image.Image = result.convert("RGB")
    return changed if changed.size == picture.size else changed.resize(picture.size, Image.Resampling.BICUBIC)


@contextlib.contextmanager
def preserve_random_state() -> Iterator[None]:
    """Let the block seed the two global streams that Augmentor draws from, and give them back as they were."""
    states = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002


def _number(*name: object) -> int:
    """64 bits of the SHA-256 of the name's parts, joined by colons."""
    return int.from_bytes(hashlib.sha256(":".join(map(str, name)).encode()).digest()[:8], "big")
