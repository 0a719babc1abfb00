"""Number and list formats of the reports: names, shares, estimates with their intervals."""

from collections.abc import Sequence

from lesions.data.diagnoses import diagnosis
from lesions.data.results.estimates import Estimate

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


def format_estimate(estimate: Estimate | None) -> str:
    """An estimate as '0.683 (0.615 to 0.749)'."""
    if not estimate:
        return NOT_ESTIMABLE
    return f"{estimate.value:.3f}{_interval(estimate, '{:.3f}')}"


def format_difference(estimate: Estimate) -> str:
    """An estimated difference as '+0.042 (-0.026 to +0.110)'."""
    return f"{estimate.value:+.3f}{_interval(estimate, '{:+.3f}')}"


def format_proportion(estimate: Estimate | None, digits: int = 0) -> str:
    """An estimated proportion as '83 % (65 to 92 %)', with `digits` decimals."""
    if not estimate:
        return NOT_ESTIMABLE
    return f"{format_percent(estimate.value, digits)}{_interval(estimate, f'{{:.{digits}f}}', 100, ' %')}"


def _interval(estimate: Estimate, number: str, factor: int = 1, unit: str = "") -> str:
    """The interval in brackets, each end by the format `number`; nothing where there is none."""
    if estimate.low is None or estimate.high is None:
        return ""
    return f" ({number.format(factor * estimate.low)} to {number.format(factor * estimate.high)}{unit})"
