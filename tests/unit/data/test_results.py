"""Result files: what is read is what was written, and a file of another version ends in one line on how to renew it."""

import json
from pathlib import Path
from typing import Any

import pytest

from lesions.data import schema
from lesions.data.results.files import ResultFile
from lesions.data.results.imbalance import ImbalanceMetrics
from lesions.data.results.prepare import PrepareMetrics
from lesions.params import paths
from lesions.runtime.console import UserError
from tests.imports import REPOSITORY

FILES: dict[Path, type[ResultFile]] = {
    paths.PREPARE_METRICS: PrepareMetrics,
    paths.IMBALANCE_METRICS: ImbalanceMetrics,
}


def content(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((REPOSITORY / path).read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_file_that_is_read_and_written_stays_the_same(path: Path, tmp_path: Path) -> None:
    """Else a reader would know other values than stand in the file."""
    FILES[path].read(REPOSITORY / path).write(tmp_path / "file.json")
    assert (tmp_path / "file.json").read_bytes() == (REPOSITORY / path).read_bytes()


def lacking(file: dict[str, Any]) -> dict[str, Any]:
    return dict(list(file.items())[1:])


def with_another_key(file: dict[str, Any]) -> dict[str, Any]:
    return {**file, "from_tomorrow": 1}


def with_text_for_a_number(file: dict[str, Any]) -> dict[str, Any]:
    name, value = next((name, value) for name, value in file.items() if not isinstance(value, str))
    return {**file, name: json.dumps(value)}


@pytest.mark.parametrize("change", [lacking, with_another_key, with_text_for_a_number])
@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_file_of_another_version_is_one_line_that_says_how_to_renew_it(
    path: Path, change: Any, tmp_path: Path
) -> None:
    """Read all the same, it would end in a KeyError, or in a wrong number."""
    file = tmp_path / path.name
    file.write_text(json.dumps(change(content(path))), encoding="utf-8")
    with pytest.raises(UserError) as error:
        FILES[path].read(file)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(f"{file} is of another version of this project (")
    assert f"`dvc repro --force --single-item {FILES[path].stage}`" in str(error.value)


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\xfe"], ids=["empty", "cut off", "no text"])
def test_a_damaged_file_is_told_from_one_of_another_version(damage: bytes, tmp_path: Path) -> None:
    file = tmp_path / "prepare.json"
    file.write_bytes(damage)
    with pytest.raises(UserError, match=r"prepare\.json holds no JSON: make it again with `dvc repro .*prepare`"):
        PrepareMetrics.read(file)


def test_the_schemas_in_the_docs_are_those_of_the_code() -> None:
    """Programs of other people are written by them: `make schema` writes them."""
    folder = REPOSITORY / schema.FOLDER
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")} == {
        f"{name}.json": schema.schema_text(name) for name in schema.MODELS
    }, "run `make schema`"
