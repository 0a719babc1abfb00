"""Result files: what is read is what was written, and a file of another version ends in one line on how to renew it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lesions.data import schema
from lesions.data.results.bundle import BundleMetadata
from lesions.data.results.comparison import Comparison
from lesions.data.results.export import ExportMetrics, OutOfDistributionErrors, Parity
from lesions.data.results.files import ResultFile
from lesions.data.results.prepare import PrepareMetrics
from lesions.data.results.scores import EvaluateMetrics
from lesions.runtime.console import UserError
from tests.imports import REPOSITORY
from tests.unit.run_results import make_run_results

RESULTS = make_run_results()
SAMPLES: dict[str, ResultFile] = {
    "scores": RESULTS.scores,
    "evaluate": EvaluateMetrics(n=9, smallest_class_n=2, accuracy=0.5, ece=0.1),
    "comparison": Comparison(
        a="plain", b="HEAD", n=9, n_groups=9, n_label_changes=1, classes=["nevus"], scores={}, notes=[]
    ),
    "prepare": RESULTS.prepare,
    "imbalance": RESULTS.imbalance,
    "decision": RESULTS.decision,
    "export": ExportMetrics(
        parity=Parity(n=9, max_abs_difference=1e-6, n_label_changes=0),
        out_of_distribution=OutOfDistributionErrors(n_photographs=20, n_false_accepts=0, n_test=5, n_false_rejects=1),
        bytes=1_000_000,
    ),
}


def test_every_model_has_a_sample() -> None:
    assert {type(sample) for sample in SAMPLES.values()} | {BundleMetadata} == set(schema.MODELS.values())


@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_written_is_what_is_read(name: str, tmp_path: Path) -> None:
    """Else a reader would know other values than the stage that wrote the file."""
    SAMPLES[name].write(tmp_path / "file.json")
    assert type(SAMPLES[name]).read(tmp_path / "file.json") == SAMPLES[name]


def lacking(file: dict[str, Any]) -> dict[str, Any]:
    return dict(list(file.items())[1:])


def with_another_key(file: dict[str, Any]) -> dict[str, Any]:
    return {**file, "from_tomorrow": 1}


def with_text_for_another_value(file: dict[str, Any]) -> dict[str, Any]:
    name, value = next((name, value) for name, value in file.items() if not isinstance(value, str))
    return {**file, name: json.dumps(value)}


@pytest.mark.parametrize("change", [lacking, with_another_key, with_text_for_another_value])
@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_of_another_version_is_one_line_that_says_how_to_renew_it(
    name: str, change: Callable[[dict[str, Any]], dict[str, Any]], tmp_path: Path
) -> None:
    """Read all the same, it would end in a KeyError, or in a wrong number."""
    file = tmp_path / f"{name}.json"
    file.write_text(json.dumps(change(SAMPLES[name].as_json())), encoding="utf-8")
    with pytest.raises(UserError) as error:
        type(SAMPLES[name]).read(file)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(f"{file} is of another version of this project (")
    assert f"make it again with `{SAMPLES[name].command}`" in str(error.value)


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
