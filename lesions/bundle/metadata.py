"""Metadata of a bundle: all that is needed to use the network, and its scores. Standard library.

The file is models/bundle/lesions.json; lesions/export/export.py writes it, every program that runs the model reads it.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from lesions.runtime.console import UserError

FORMAT = 3  # of the file; raised with every incompatible change
COMMAND = "dvc repro export"


@dataclass(frozen=True)
class ClassMetadata:
    """One class: slug, display name, short name, malignancy, and its number of pictures in each split."""

    label: str
    name: str
    short: str
    malignancy: str
    n_train: int
    n_val: int
    n_test: int


@dataclass(frozen=True)
class ScoreWithInterval:
    """A score on the test pictures with its 95 % interval; without one where it cannot be estimated."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class MissedMelanomas:
    """Melanomas of the test below the threshold (missed) of all (of); low and high: 95 % interval of their share."""

    missed: int
    of: int
    low: float
    high: float


@dataclass(frozen=True)
class OutOfDistributionRule:
    """The distance beyond which a picture counts as out of distribution, and the errors of this rule.

    accepted: the share of pictures that the threshold is chosen to accept, from n_validation validation pictures.
    false_accepts: names of the photographs of something else that pass, of n_photographs (lesions/export/ood_check.py);
    false_rejects: how many of the n_test test pictures do not pass.
    """

    threshold: float
    accepted: float
    n_validation: int
    n_photographs: int
    false_accepts: tuple[str, ...]
    n_test: int
    false_rejects: int


@dataclass(frozen=True)
class DataSummary:
    """The data set: synthetic or not, licence, number of pictures by split and by collection."""

    synthetic: bool
    licence: str
    n_train: int
    n_val: int
    n_test: int
    origins: dict[str, int]  # pictures by collection, or "unknown"


@dataclass(frozen=True)
class BundleMetadata:
    """The metadata. Thresholds, prior correction and conformal quantiles are those of models/decision.json."""

    version: str  # changes with the network and with the decisions
    lesions_version: str  # of this project, which exported it
    network: str
    classes: tuple[ClassMetadata, ...]  # in the order of the network's outputs
    image_size: int
    color_constancy: Literal["none", "shades_of_gray"]
    pooled: bool  # whether there is a feature map for heat maps
    heat_maps: str  # the method, or why there are none
    temperature: float
    prior_correction: dict[str, float]
    thresholds: dict[str, dict[str, Any]]
    conformal: dict[str, dict[str, dict[str, Any]]]
    coverage: str  # the key of `conformal` whose sets are shown
    sets_held_the_truth: ScoreWithInterval | None  # coverage on the test pictures
    unlike_training: OutOfDistributionRule
    scores: dict[str, ScoreWithInterval]  # on the test pictures
    baselines: dict[str, dict[str, ScoreWithInterval]]  # the same of the baselines: frame, collection, ...
    missed_melanomas: MissedMelanomas | None  # none where there are too few melanomas for an estimate
    data: DataSummary
    inputs: dict[str, str]  # sha256 of each file that the bundle was made from, by its path in the project
    files: dict[str, str]  # sha256 of each other file of the bundle, by its name
    purpose: str = "Research software, not a medical device."

    @property
    def labels(self) -> list[str]:
        """The slugs of the classes, in the order of the network's outputs."""
        return [item.label for item in self.classes]

    def name(self, label: str) -> str:
        """The display name of a class."""
        return next(item.name for item in self.classes if item.label == label)


def as_json(metadata: BundleMetadata) -> dict[str, Any]:
    """The content of the file."""
    return {"format": FORMAT, **asdict(metadata)}


def read_metadata(path: Path) -> BundleMetadata:
    """The metadata of a bundle. Raises UserError where the file is missing, damaged, or of another version."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.pop("format") != FORMAT:
            raise UserError(f"{path} is of another version of this project: make it again with `{COMMAND}`")
        return _typed(content)
    except FileNotFoundError:
        raise UserError(f"there is no model in {path.parent}: make one with `{COMMAND}`, or name its folder") from None
    except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{path} cannot be read ({reason}): make it again with `{COMMAND}`") from None


def _typed(content: dict[str, Any]) -> BundleMetadata:
    typed = {
        "classes": tuple(ClassMetadata(**item) for item in content["classes"]),
        "unlike_training": _out_of_distribution_rule(content["unlike_training"]),
        "scores": {name: ScoreWithInterval(**score) for name, score in content["scores"].items()},
        "baselines": {
            name: {score: ScoreWithInterval(**value) for score, value in scores.items()}
            for name, scores in content["baselines"].items()
        },
        "sets_held_the_truth": ScoreWithInterval(**content["sets_held_the_truth"])
        if content["sets_held_the_truth"]
        else None,
        "missed_melanomas": MissedMelanomas(**content["missed_melanomas"]) if content["missed_melanomas"] else None,
        "data": DataSummary(**content["data"]),
    }
    return BundleMetadata(**(content | typed))


def _out_of_distribution_rule(content: dict[str, Any]) -> OutOfDistributionRule:
    return OutOfDistributionRule(**(content | {"false_accepts": tuple(content["false_accepts"])}))
