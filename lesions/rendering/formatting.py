"""How reports say things: a list of names, a share, an estimate with its interval."""

from collections.abc import Sequence
from typing import Any

from lesions.data.diagnoses import diagnosis

UNKNOWN = "not estimable"


def join(names: Sequence[str]) -> str:
    """The names as in 'a, b and c'; 'none' where there are none."""
    if len(names) < 2:
        return names[0] if names else "none"
    return f"{', '.join(names[:-1])} and {names[-1]}"


def named(labels: Sequence[str]) -> str:
    """The classes by the names that people read."""
    return join([diagnosis(label).name for label in labels])


def percent(value: float, digits: int = 0) -> str:
    """A share in [0, 1] as '83 %'."""
    return f"{100 * value:.{digits}f} %"


def number(found: dict[str, Any] | None) -> str:
    """An estimate of lesions.metrics.intervals as '0.683 (0.615 to 0.749)'."""
    if not found:
        return UNKNOWN
    ends = f" ({found['low']:.3f} to {found['high']:.3f})" if "low" in found else ""
    return f"{found['value']:.3f}{ends}"


def change(found: dict[str, Any]) -> str:
    """An estimated difference as '+0.042 (-0.026 to +0.110)'."""
    ends = f" ({found['low']:+.3f} to {found['high']:+.3f})" if "low" in found else ""
    return f"{found['value']:+.3f}{ends}"


def rate(found: dict[str, Any] | None, digits: int = 0) -> str:
    """An estimated proportion as '83 % (65 to 92 %)', with that many decimals."""
    if not found:
        return UNKNOWN
    ends = f" ({100 * found['low']:.{digits}f} to {percent(found['high'], digits)})" if "low" in found else ""
    return f"{percent(found['value'], digits)}{ends}"
