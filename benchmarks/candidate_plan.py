"""The candidates for the recipe of lesion_net: what each changes, and what is trained of it where."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from lesions.params import Params

FOLDER = Path("tmp/candidates")
BASE = "recipe"
OF_PICTURES = ("image_size", "rebalance.method", "prepare.color_constancy")
PLAIN = {"model.weights": "none", "model.views": "one", "train.sharpness": 0.0}


class Candidate(NamedTuple):
    """How it differs, in words; in params, by their dotted names; in how often each fold is trained; and in a function
    of benchmarks.candidate_training that is called by name there: TensorFlow is imported in the workers alone.
    """

    about: str
    params: Mapping[str, Any] = MappingProxyType({})
    seeds: int = 1
    variant: tuple[str, ...] = ()


CANDIDATES = {
    BASE: Candidate("", seeds=3),
    "drawn": Candidate("first weights from drawn lesions", {"model.weights": "auto"}, seeds=2),
    "sampler": Candidate(
        "rare classes drawn more often, no pictures by Augmentor", {"rebalance.method": "sampler", "epochs": 88}
    ),
    "sampler_70": Candidate(
        "as `sampler`, with 70 % of the training pictures",
        {"rebalance.method": "sampler", "epochs": 88},
        variant=("share", "0.7"),
    ),
    "mixup": Candidate("MixUp", variant=("mix", "mixup")),
    "drawn_mixup": Candidate("as `drawn`, with MixUp", {"model.weights": "auto"}, seeds=2, variant=("mix", "mixup")),
    "drawn_100": Candidate("as `drawn`, in 100 epochs", {"model.weights": "auto", "epochs": 100}),
    "drawn_mixup_100": Candidate(
        "as `drawn_mixup`, in 100 epochs", {"model.weights": "auto", "epochs": 100}, variant=("mix", "mixup")
    ),
    "drawn_grey": Candidate(
        "as `drawn`, colours as under white light",
        {"model.weights": "auto", "prepare.color_constancy": "shades_of_gray"},
    ),
    "sharpness": Candidate("sharpness-aware steps of .05", {"train.sharpness": 0.05}, seeds=3),
    "drawn_sharpness": Candidate(
        "as `drawn`, with such steps", {"model.weights": "auto", "train.sharpness": 0.05}, seeds=3
    ),
    "drawn_sharpness_mixup": Candidate(
        "as `drawn_sharpness`, with MixUp", {"model.weights": "auto", "train.sharpness": 0.05}, variant=("mix", "mixup")
    ),
    "drawn_sharpness_10": Candidate("as `drawn`, with steps of .1", {"model.weights": "auto", "train.sharpness": 0.1}),
    "drawn_sharpness_two": Candidate(
        "as `drawn_sharpness`, two networks in one",
        {"model.weights": "auto", "model.members": 2, "train.sharpness": 0.05},
    ),
    "cutmix": Candidate("CutMix", variant=("mix", "cutmix")),
    "sharper": Candidate(
        "stored at 128 pixels, drawn at 64 while training", {"image_size": 128}, variant=("side", "64")
    ),
    "larger": Candidate(
        "96 pixels, a fourth stage of 192 channels", {"image_size": 96}, variant=("stages", "32 64 128 192")
    ),
    "wider": Candidate("stages of 48, 96 and 192 channels", variant=("stages", "48 96 192")),
    "highest": Candidate("the highest value of every feature beside its mean", variant=("features", "with_highest")),
}


class Task(NamedTuple):
    """One training."""

    name: str
    fold: int
    seed: int

    @property
    def result(self) -> Path:
        return FOLDER.resolve() / f"{self.name}-f{self.fold}-s{self.seed}.npz"


def params_of(task: Task, base: Params) -> Params:
    """The recipe with the candidate's params, the fold and the seed."""
    return _changed(pictures_of(task, base), {**PLAIN, **CANDIDATES[task.name].params, "seed": task.seed})


def pictures_of(task: Task, base: Params) -> Params:
    """The recipe with what decides which pictures there are: Augmentor's are the same under all seeds."""
    changes = CANDIDATES[task.name].params
    kept: dict[str, Any] = {name: changes[name] for name in OF_PICTURES if name in changes}
    return _changed(base, kept | {"prepare.test": "fold", "prepare.fold": task.fold})


def _changed(params: Params, changes: Mapping[str, Any]) -> Params:
    content = params.model_dump()
    for name, value in changes.items():
        group, keys = content, name.split(".")
        for key in keys[:-1]:
            group = group[key]
        group[keys[-1]] = value
    return Params.model_validate(content)


def folder_of(task: Task, base: Params) -> Path:
    """Where its pictures are prepared: shared by all candidates that need the same."""
    params = pictures_of(task, base)
    colours = "" if params.prepare.color_constancy == "none" else f"-{params.prepare.color_constancy}"
    return FOLDER.resolve() / f"{params.rebalance.method}-{params.image_size}{colours}-f{task.fold}"
