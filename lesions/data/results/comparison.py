"""The output of `python -m app.compare A B --format json`: B minus A on the same test pictures."""

from typing import ClassVar

from lesions.data.results.estimates import Estimate
from lesions.data.results.files import Part, ResultFile
from lesions.data.results.scores import ScoreName


class ScoreComparison(Part):
    """A score of a and of b, and b minus a, paired."""

    a: float
    b: float
    difference: Estimate
    excludes_zero: bool  # whether the interval of the difference does


class Comparison(ResultFile):
    """The whole of it. n_label_changes: pictures that a and b predict to be of different classes."""

    command: ClassVar[str] = "python -m app.compare A B --format json"

    a: str
    b: str
    n: int
    n_groups: int
    n_label_changes: int
    classes: list[str]
    scores: dict[ScoreName, ScoreComparison]
    notes: list[str]
