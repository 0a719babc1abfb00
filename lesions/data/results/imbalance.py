"""metrics/imbalance.json: which classes are rare, which dominate, and how many new pictures the plan gives them."""

from typing import ClassVar

from lesions.data.results.files import Part, ResultFile


class ClassBalance(Part):
    """How unequal the classes are that have a picture: the smallest and the largest ones (several where they tie).

    imbalance_ratio: the largest count over the smallest, 2 digits; equal_share: 1 over the classes, dominating: the
    shares of the dominating classes, 4 digits. Without any picture all numbers are 0.
    """

    n: int
    n_classes: int
    minority: list[str]
    minority_n: int
    majority: list[str]
    majority_n: int
    imbalance_ratio: float
    equal_share: float
    dominating: dict[str, float]


class PlanCounts(Part):
    """A row of data/augmentation_plan.csv."""

    n_raw: int
    n_usable: int
    n_train: int
    n_target: int
    n_add: int


class ImbalanceMetrics(ResultFile):
    """The whole file: findings in words, then their numbers, view by view and class by class."""

    command: ClassVar[str] = "dvc repro --force --single-item analyze_imbalance"

    findings: list[str]
    dominates_from: str
    n_add: int
    raw: ClassBalance
    usable: ClassBalance
    train: ClassBalance
    target: ClassBalance
    classes: dict[str, PlanCounts]
