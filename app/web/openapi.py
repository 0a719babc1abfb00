"""The description of the interface for programs, OpenAPI 3.1, as `/openapi.json` answers it.

Every limit comes from the constant that is checked; tests/web/test_openapi.py holds the answers against it.
"""

from typing import Any

from app import wording
from app.web.uploads import FORM_FIELD, MAX_BYTES, MAX_PICTURES, MAX_PIXELS, MAX_SIDE, MEGABYTE

Schema = dict[str, Any]

BINARY: Schema = {"type": "string", "format": "binary"}
SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
ERROR: Schema = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string", "minLength": 1}}}


def openapi(version: str) -> Schema:
    """The whole document; version: of the model that is served."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Skin-lesion classifier",
            "version": version,
            "description": f"{wording.NOT_A_DEVICE} Pictures are held in memory until they are answered, then dropped.",
        },
        "paths": {
            "/api/predict": {"post": _predict()},
            "/healthz": {"get": _health()},
            "/openapi.json": {
                "get": {"summary": "This document", "responses": {"200": _json("It", {"type": "object"})}}
            },
        },
        "components": {"schemas": {"Picture": _picture(), "Error": ERROR}},
    }


def _predict() -> Schema:
    pictures = {"type": "array", "items": {"$ref": "#/components/schemas/Picture"}, "minItems": 1}
    refused = {"$ref": "#/components/schemas/Error"}
    either = {"anyOf": [refused, pictures]}
    fields = {
        "type": "object",
        "properties": {FORM_FIELD: {"type": "array", "items": BINARY, "minItems": 1, "maxItems": MAX_PICTURES}},
        "required": [FORM_FIELD],
    }
    return {
        "summary": "The scores of each picture",
        "description": (
            f"JPEG or PNG, by content. At most {MAX_PICTURES} pictures and {MAX_BYTES // MEGABYTE} MB in a request, "
            f"{MAX_PIXELS // 1_000_000} million pixels and {MAX_SIDE} a side in a picture. Several pictures: one file "
            f"each in the form; a picture that cannot be used is a row with `error` beside the others."
        ),
        "parameters": [
            {
                "name": "explain",
                "in": "query",
                "description": "1: with the heat map",
                "schema": {"type": "string", "enum": ["0", "1"]},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": fields},
                **{f"image/{kind}": {"schema": BINARY} for kind in ("jpeg", "png")},
                "application/octet-stream": {"schema": BINARY},
            },
        },
        "responses": {
            "200": _json("A row for each picture, in their order; at least one was scored", pictures),
            "400": _json("No picture arrived, or not as a file; or `explain` is neither 0 nor 1", refused),
            "403": _json("A model of synthetic pictures scores its own example pictures only", pictures),
            "413": _json("Too many bytes, pictures or pixels", either),
            "415": _json("Neither JPEG nor PNG", pictures),
            "422": _json("Damaged or empty", pictures),
            "503": _busy(refused),
        },
    }


def _health() -> Schema:
    served = {
        "type": "object",
        "required": ["status", "model"],
        "properties": {"status": {"const": "ok"}, "model": {"type": "string"}},
    }
    return {
        "summary": "Whether there is a model, and its version",
        "responses": {"200": _json("There is", served), "503": _json("There is none", ERROR)},
    }


def _picture() -> Schema:
    """One row: all but `path` and `error` is null beside an error."""
    probabilities = {"type": ["object", "null"], "additionalProperties": SHARE}
    heat = {"type": "array", "items": {"type": "array", "items": SHARE}}
    always: Schema = {
        "path": {"type": "string", "description": "The sender's name of the file; empty for a raw body"},
        "label": _or_null({"type": "string"}, "The most probable class"),
        "probability": _or_null(SHARE, "Of that class"),
        "probabilities": probabilities | {"description": "Of every class"},
        "melanoma_score": _or_null(SHARE, "Compared with `threshold`; null where melanoma is no class"),
        "above_threshold": _or_null({"type": "boolean"}, "Null where there is no threshold"),
        "conformal_set": _or_null({"type": "array", "items": {"type": "string"}}, "The classes that fit"),
        "not_sure": _or_null({"type": "boolean"}, "Not exactly one class fits, or unlike_training"),
        "error": _or_null({"type": "string", "minLength": 1}, "Why this picture has no scores"),
        "threshold": _or_null(SHARE, "Chosen on validation pictures"),
        "unlike_training": _or_null({"type": "boolean"}, "The scores mean nothing"),
    }
    explained: Schema = {
        "heat_of": {"type": "string", "description": "The class that the heat map is of"},
        "heat": heat | {"description": "Rows over the picture"},
        "heat_on_frame": {"type": "boolean", "description": "The score may be about how the picture was taken"},
    }
    return {
        "type": "object",
        "required": list(always),
        "properties": always | explained,
        "additionalProperties": False,
    }


def _or_null(schema: Schema, description: str) -> Schema:
    return {"anyOf": [schema, {"type": "null"}], "description": description}


def _busy(schema: Schema) -> Schema:
    wait = {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}}
    return _json("No model yet; or busy, then with Retry-After", schema) | {"headers": {"Retry-After": wait}}


def _json(description: str, schema: Schema) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}
