"""Validation of the Augmentor operations in params.yaml: known operations, with arguments that work."""

import difflib
import inspect
from collections.abc import Mapping
from typing import Any

import Augmentor
import numpy as np
from PIL import Image

from lesions.augmentation.copies import build, perform, preserve_random_state

TRIAL_SIDE = 32  # pixels; the smallest image_size, where operations fail first
TRIALS = 4  # runs of an operation when it is checked: some have several branches

REFUSED = {
    "crop_by_size": "it counts in pixels, whatever image_size is; use crop_centre or crop_random with percentage_area",
    "resize": "every picture is square with a side of image_size; change image_size",
    "scale": "every picture keeps the side image_size; use zoom",
}
CHOICES: dict[str, tuple[Any, ...]] = {
    "corner": ("bell", "ul", "ur", "dl", "dr"),
    "method": ("in", "out"),
    "expand": (True, False),
    "randomise_percentage_area": (True, False),
}
LIMITS = {  # where Augmentor accepts more than it can do
    "probability": (0, 1),
    "grid_width": (2, 16),  # a grid of one column has no inner corner to move
    "grid_height": (2, 16),
    "max_factor": (0, 10),  # a zoom by 1000 takes gigabytes
    "rectangle_area": (0.1, 1),  # its smallest rectangle has a tenth of the side
}


def check_operation(name: str, arguments: Mapping[str, Any]) -> str | None:
    """What is wrong with an operation of params.yaml, in one line; None once it was built and has run on a picture."""
    if name in REFUSED:
        return f"is not offered: {REFUSED[name]}"
    if name not in (signatures := _signatures()):
        return f"unknown operation{_suggestion(name, signatures)}"
    for key in arguments:
        if key not in signatures[name]:
            return f"unknown argument {key}{_suggestion(key, signatures[name])}"
    required = {key for key, parameter in signatures[name].items() if parameter.default is inspect.Parameter.empty}
    if missing := sorted(required - set(arguments)):
        return f"needs {' and '.join(missing)} too"
    return _check_values(name, arguments) or _trial_error(name, arguments)


def _signatures() -> dict[str, dict[str, inspect.Parameter]]:
    """Augmentor's operations and their arguments: the methods of its pipeline that take a probability."""
    methods = inspect.getmembers(Augmentor.Pipeline(), inspect.ismethod)
    signatures = {name: dict(inspect.signature(method).parameters) for name, method in methods if name not in REFUSED}
    return {name: parameters for name, parameters in signatures.items() if "probability" in parameters}


def _check_values(name: str, arguments: Mapping[str, Any]) -> str | None:
    for key, value in arguments.items():
        if allowed := _allowed(name, key, value):
            return f"{key}: {value!r} is wrong, allowed: {allowed}"
    low, high = arguments.get("min_factor", 0), arguments.get("max_factor", 0)
    return f"min_factor: {low} is wrong, allowed: up to max_factor ({high})" if low > high else None


def _allowed(name: str, key: str, value: Any) -> str | None:
    """What this argument may be, if the value is something else."""
    if key in CHOICES:
        return None if value in CHOICES[key] else ", ".join(str(choice).lower() for choice in CHOICES[key])
    if key == "fillcolor":  # a name, a list or nothing: the trial shows whether Pillow knows it
        return None
    whole = key.startswith("grid_") or (name, key) == ("random_distortion", "magnitude")
    low, high = LIMITS.get(key, (-np.inf, np.inf))
    if isinstance(value, int if whole else int | float) and not isinstance(value, bool) and low <= value <= high:
        return None
    return ("a whole number" if whole else "a number") + (f" from {low} to {high}" if key in LIMITS else "")


def _trial_error(name: str, arguments: Mapping[str, Any]) -> str | None:
    settings = ", ".join(f"{key} {value}" for key, value in arguments.items() if key != "probability")
    noise = np.random.default_rng(0).integers(0, 256, (TRIAL_SIDE, TRIAL_SIDE, 3), dtype=np.uint8)
    try:
        (step,) = build({name: arguments})
        with preserve_random_state():
            for trial in range(TRIALS):
                perform(step, Image.fromarray(noise), trial)
    except Exception as error:  # Augmentor and Pillow raise all sorts; whatever it is, every picture would raise it
        return f"does not work with {settings}: {error} (tried on a picture of {TRIAL_SIDE} x {TRIAL_SIDE} pixels)"
    return None


def _suggestion(name: str, names: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    return f", did you mean {close[0]}?" if close else f", allowed here: {', '.join(names)}"
