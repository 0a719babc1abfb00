"""Reads the metadata of a bundle (lesions/data/results/bundle.py), strictly, with the standard library alone."""

import json
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from lesions.data.results.bundle import BundleMetadata
from lesions.runtime.console import UserError

COMMAND = "dvc repro export"


def read_metadata(path: Path) -> BundleMetadata:
    """The metadata of a bundle. Raises UserError where the file is missing, damaged, or of another version."""
    try:
        metadata: BundleMetadata = typed(json.loads(path.read_text(encoding="utf-8")), BundleMetadata)
    except FileNotFoundError:
        raise UserError(f"there is no model in {path.parent}: make one with `{COMMAND}`, or name its folder") from None
    except TypeError as error:
        raise UserError(
            f"{path} is of another version of this project ({error}): make it again with `{COMMAND}`"
        ) from None
    except (ValueError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{path} cannot be read ({reason}): make it again with `{COMMAND}`") from None
    return metadata


def typed(value: Any, kind: Any, key: str = "the file") -> Any:
    """A value of JSON as `kind`: a dataclass, a tuple, a dict, an optional or a plain value, or made of these.

    Raises TypeError with the key at which the value is none.
    """
    container, kinds = get_origin(kind), get_args(kind)
    if container is UnionType:  # of the metadata: T | None
        return None if value is None else typed(value, kinds[0], key)
    if isinstance(kind, type) and is_dataclass(kind) and isinstance(value, dict):
        hints = get_type_hints(kind)
        if differing := {field.name for field in fields(kind)} ^ value.keys():
            raise TypeError(f"{key}: {'unknown key' if (name := min(differing)) in value else 'no'} {name}")
        return kind(**{name: typed(item, hints[name], name) for name, item in value.items()})
    if container is tuple and isinstance(value, list):
        return tuple(typed(item, kinds[0], key) for item in value)
    if container is dict and isinstance(value, dict):
        return {name: typed(item, kinds[1], name) for name, item in value.items()}
    if type(value) is (container or kind) or (kind is float and type(value) is int):
        return value
    if container is Literal and value in kinds:
        return value
    raise TypeError(f"{key}: {value!r}")
