"""models/bundle/lesions.json: all that is needed to use the network, and its scores. Standard library.

lesions/export/export.py writes it, lesions/bundle/metadata.py reads it. Dataclasses, as pydantic would slow the command
line's start: its schema is made by pydantic all the same, so that nothing is defined twice.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from lesions.data.results.rules import ClassQuantile, ColorConstancy, Threshold

FORMAT: Literal[3] = 3  # raised with every incompatible change


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
    """Melanomas of the test below the threshold (n_missed) of all (n); low and high: 95 % interval of their share."""

    n_missed: int
    n: int
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


@dataclass(frozen=True, kw_only=True)
class BundleMetadata:
    """The whole file. Thresholds, prior correction and conformal quantiles are those of models/decision.json."""

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid", "strict": True}  # as Part in files.py

    format: Literal[3]
    version: str  # changes with the network and with the decisions
    lesions_version: str  # of this project, which exported it
    network: str
    classes: tuple[ClassMetadata, ...]  # in the order of the network's outputs
    image_size: int
    color_constancy: ColorConstancy
    pooled: bool  # whether there is a feature map for heat maps
    heat_maps: str  # the method, or why there are none
    temperature: float
    prior_correction: dict[str, float]
    thresholds: dict[str, Threshold]  # by endpoint
    conformal: dict[str, dict[str, ClassQuantile]]  # by coverage, then by class
    coverage: str  # the key of `conformal` whose sets are shown
    empirical_coverage: ScoreWithInterval | None  # of these sets on the test pictures
    out_of_distribution: OutOfDistributionRule
    scores: dict[str, ScoreWithInterval]  # on the test pictures
    baselines: dict[str, dict[str, ScoreWithInterval]]  # the same of the baselines: frame, collection, ...
    missed_melanomas: MissedMelanomas | None  # none where there are too few melanomas for an estimate
    data: DataSummary
    inputs: dict[str, str]  # sha256 of each file that the bundle was made from, by its path in the project
    files: dict[str, str]  # sha256 of each other file of the bundle, by its name
    purpose: str

    @property
    def labels(self) -> list[str]:
        """The slugs of the classes, in the order of the network's outputs."""
        return [item.label for item in self.classes]

    def name(self, label: str) -> str:
        """The display name of a class."""
        return next(item.name for item in self.classes if item.label == label)
