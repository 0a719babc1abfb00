"""Number and list formats of the reports: names, shares, estimates with their intervals."""

from collections.abc import Sequence
from typing import Any

from lesions.data.diagnoses import diagnosis

NOT_ESTIMABLE = "not estimable"


def join_names(names: Sequence[str]) -> str:
    """The names as in 'a, b and c'; 'none' where there are none."""
    if len(names) < 2:
        return names[0] if names else "none"
    return f"{', '.join(names[:-1])} and {names[-1]}"


def join_class_names(labels: Sequence[str]) -> str:
    """The display names of the classes as in 'melanoma, nevus and vascular lesion'."""
    return join_names([diagnosis(label).name for label in labels])


def format_percent(value: float, digits: int = 0) -> str:
    """A share in [0, 1] as '83 %'."""
    return f"{100 * value:.{digits}f} %"


def format_estimate(estimate: dict[str, Any] | None) -> str:
    """An estimate of lesions.metrics.intervals as '0.683 (0.615 to 0.749)'."""
    if not estimate:
        return NOT_ESTIMABLE
    interval = f" ({estimate['low']:.3f} to {estimate['high']:.3f})" if "low" in estimate else ""
    return f"{estimate['value']:.3f}{interval}"


def format_difference(estimate: dict[str, Any]) -> str:
    """An estimated difference as '+0.042 (-0.026 to +0.110)'."""
    interval = f" ({estimate['low']:+.3f} to {estimate['high']:+.3f})" if "low" in estimate else ""
    return f"{estimate['value']:+.3f}{interval}"


def format_proportion(estimate: dict[str, Any] | None, digits: int = 0) -> str:
    """An estimated proportion as '83 % (65 to 92 %)', with `digits` decimals."""
    if not estimate:
        return NOT_ESTIMABLE
    interval = (
        f" ({100 * estimate['low']:.{digits}f} to {format_percent(estimate['high'], digits)})"
        if "low" in estimate
        else ""
    )
    return f"{format_percent(estimate['value'], digits)}{interval}"
