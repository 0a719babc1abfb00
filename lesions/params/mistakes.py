"""What is wrong with a params.yaml that does not fit its schema: one line a mistake, for whoever wrote the file."""

import difflib
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic_core import PydanticCustomError

from lesions.params.yaml_places import Mistake, mark_of

REMOVED = {  # keys of earlier versions, and the message on them
    "model.members": "was removed, delete the line: several networks in one gained nothing that could be measured",
}

_TYPES = {  # pydantic's types of errors, and what it wants, in words
    "model_type": "a group of keys",
    "dict_type": "a group of keys",
    "list_type": "a list",
    "string_type": "a text",
    "string_too_short": "a text that is not empty",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
}


def error_at(key: str, text: str) -> PydanticCustomError:
    """What a validator raises: `text` says what is wrong with the key, dotted, below the model that is validated."""
    return PydanticCustomError("mistake", "{text}", {"key": key, "text": text})


def describe(root: yaml.Node | None, schema: type[BaseModel], error: dict[str, Any]) -> Mistake:
    """The position of one mistake, and one line on it: the key, what is wrong, what is allowed."""
    context = error.get("ctx", {})
    keys = [str(part) for part in error["loc"] if part not in ("constrained-float", "none", "float")]
    if error["type"] == "mistake":
        keys += filter(None, context["key"].split("."))
        text = context["text"]
    elif error["type"] == "extra_forbidden":
        text = REMOVED.get(".".join(keys)) or f"unknown key{_did_you_mean(schema, keys)}"
    elif error["type"] == "missing":
        text = "is missing, add it (the file in the project's history shows it with its comment)"
    else:
        text = f"{error['input']!r} is wrong, allowed: {_allowed(error)}"
    return mark_of(root, keys), f"{'.'.join(keys) or 'the file'}: {text}"


def _allowed(error: dict[str, Any]) -> str:
    if error["type"] == "literal_error":
        return str(error["ctx"]["expected"]).replace("'", "")
    if error["type"] in _TYPES:
        return _TYPES[error["type"]]
    return str(error["msg"]).removeprefix("Input should be ").removeprefix("a valid ")


def _did_you_mean(schema: type[BaseModel], keys: list[str]) -> str:
    fields = _fields(schema, keys[:-1])
    close = difflib.get_close_matches(keys[-1], fields, n=1)
    return f", did you mean {close[0]}?" if close else f", allowed here: {', '.join(fields)}"


def _fields(schema: type[BaseModel], keys: list[str]) -> list[str]:
    model = schema
    for key in keys:
        annotation = model.model_fields[key].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return list(model.model_fields)
