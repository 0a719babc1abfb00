"""A number with its 95 % interval, as lesions/metrics/intervals.py computes it."""

from typing import Literal

from lesions.data.results.files import Part


class Estimate(Part):
    """A value, and the ends of its interval; these are null where too many resamples do not define the value."""

    value: float
    low: float | None
    high: float | None

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval lies on one side of zero."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


class CountedEstimate(Estimate):
    """An estimate from n pictures of n_groups groups (patients, lesions), always with an interval by that method."""

    low: float
    high: float
    n: int
    n_groups: int
    method: Literal["bootstrap", "wilson"]
