"""Decision rules chosen on validation pictures: parts of models/decision.json and of a bundle. Standard library.

Plain dataclasses, so that a bundle is read without pydantic, which takes a third of the time in which it loads.
"""

from dataclasses import dataclass
from typing import Literal

ColorConstancy = Literal["none", "shades_of_gray"]  # as in lesions.data.images, on which no reader should depend


@dataclass(frozen=True)
class Threshold:
    """The threshold of an endpoint: a picture is a case where its score is at least that.

    The score is the share of the `positive` classes in the probability of the classes `among` which it is computed.
    threshold: the highest that reaches the target sensitivity on the validation pictures, with the
    sensitivity there, over n_positive cases;
    null where these hold too few cases.
    """

    description: str
    positive: tuple[str, ...]
    among: tuple[str, ...]
    target_sensitivity: float
    n_positive: int
    threshold: float | None
    sensitivity: float | None


@dataclass(frozen=True)
class ClassQuantile:
    """A class is in the conformal set of a picture where its probability is at least 1 - quantile.

    n: the validation pictures that the quantile is computed from; basis: which these are.
    """

    quantile: float
    n: int
    basis: str
