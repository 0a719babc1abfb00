"""params.yaml: what is wrong is found before anything runs, all of it at once, with its place."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from lesions.params.schema import OnlineParams, Params, load_params
from lesions.runtime.console import UserError
from tests.documented import documented
from tests.imports import REPOSITORY

GOOD = (REPOSITORY / "params.yaml").read_text(encoding="utf-8")


def mistakes_in(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "params.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as error:
        load_params(path)
    return [line.removeprefix(f"{tmp_path}/") for line in str(error.value).splitlines()]


def line_of(text: str, start: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if line.strip().startswith(start))


def test_the_file_in_the_repository_is_valid() -> None:
    load_params(REPOSITORY / "params.yaml")


def test_every_key_has_a_comment() -> None:
    """A key without its comment leaves a reader guessing what it does and which values are allowed."""
    inside_operations = False
    for line in GOOD.splitlines():
        indent = len(line) - len(line.lstrip())
        if inside_operations and indent <= 2:
            inside_operations = False
        is_group = line.rstrip().endswith(":") and indent == 0
        if line.strip() and not line.startswith("#") and not is_group and not inside_operations:
            assert "  # " in line, line
        inside_operations = inside_operations or line.strip().startswith("operations:")


def test_a_typo_names_line_column_and_the_key_that_was_meant(tmp_path: Path) -> None:
    text = GOOD.replace("test_fraction:", "test_fractoin:")
    line = line_of(text, "test_fractoin:")
    typo, missing = sorted(mistakes_in(tmp_path, text), reverse=True)
    assert typo == f"params.yaml:{line}:3: prepare.test_fractoin: unknown key, did you mean test_fraction?"
    assert "prepare.test_fraction: is missing" in missing


def test_a_key_of_an_earlier_version_is_said_to_be_removed(tmp_path: Path) -> None:
    """Without it, who upgrades would look for a typo in a key that was right."""
    text = GOOD.replace("  views:", "  members: 1\n  views:")
    (line,) = mistakes_in(tmp_path, text)
    assert line.startswith(f"params.yaml:{line_of(text, 'members:')}:3: model.members: was removed, delete the line")


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = GOOD.replace("image_size: 64", "image_size: 6").replace("method: augment", "method: augmnt")
    text = text.replace("patience: 0", "patience: -1")
    found = mistakes_in(tmp_path, text)
    assert [line.split(": ")[1] for line in found] == ["image_size", "rebalance.method", "train.patience"]
    assert "allowed: augment, sampler, weights or none" in found[1]


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        ("fold: 0 ", "fold: 5 ", "prepare.fold: there is no fold 5 of 5, allowed: 0 to 4"),
        ("val_fraction: 0.15", "val_fraction: 0.7", "prepare.val_fraction: 0.7 is wrong"),
        ("seed: 0 ", "seed: yes ", "seed: True is wrong, allowed: a whole number"),
        ("dataset: data/demo ", "dataset: 5 ", "dataset: 5 is wrong, allowed: a text"),
        ("per_class: 500 ", "per_class: many ", "rebalance.per_class: 'many' is wrong, allowed: a whole number"),
        ("seed: 0 ", "seed: 0\nseed: 1 ", "seed: stands twice"),
        ("cap: 4.0", "cap: 0.5", "rebalance.cap: 0.5 is wrong, allowed: greater than or equal to 1"),
        ("dropout: 0.2", "dropout: .nan", "model.dropout: nan is wrong"),
        ("    rotate: {", "    rotat: {", "augment.operations.rotat"),
        ("max_left_rotation: 10", "max_left_rotation: 90", "augment.operations.rotate"),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(tmp_path: Path, good: str, bad: str, message: str) -> None:
    assert good in GOOD
    assert any(message in line for line in mistakes_in(tmp_path, GOOD.replace(good, bad, 1)))


def test_test_and_validation_must_leave_pictures_for_training(tmp_path: Path) -> None:
    text = GOOD.replace("test_fraction: 0.2", "test_fraction: 0.5").replace("val_fraction: 0.15", "val_fraction: 0.5")
    assert "leave too little for training" in mistakes_in(tmp_path, text)[0]


def test_broken_yaml_is_one_line_with_its_place(tmp_path: Path) -> None:
    found = mistakes_in(tmp_path, "dataset: [\nseed: 1\n")
    assert len(found) == 1
    assert found[0].startswith("params.yaml:3:1: not valid YAML: expected")


@pytest.mark.parametrize("text", ["", "- 1\n", "just words\n"])
def test_a_file_that_is_no_mapping_is_no_traceback(tmp_path: Path, text: str) -> None:
    assert mistakes_in(tmp_path, text)


@pytest.mark.parametrize("number", ["1e-3", "1E-3", "1.0e-3", "0.001", "1e-05"])
def test_numbers_are_read_as_dvc_reads_them(tmp_path: Path, number: str) -> None:
    """PyYAML alone reads 1e-3 as text, and `dvc exp run -S train.learning_rate=1e-5` writes 1e-05."""
    path = tmp_path / "params.yaml"
    path.write_text(GOOD.replace("learning_rate: 0.002", f"learning_rate: {number}"), encoding="utf-8")
    assert load_params(path).train.learning_rate == float(number)


def test_null_means_no_cap(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(GOOD.replace("cap: 4.0", "cap: null"), encoding="utf-8")
    assert load_params(path).rebalance.cap is None


def test_the_schema_has_no_defaults() -> None:
    """A default in the schema would be a value that DVC does not see: changing it would rerun nothing."""
    groups: list[Any] = [Params, OnlineParams]
    groups += [field.annotation for field in Params.model_fields.values() if hasattr(field.annotation, "model_fields")]
    for group in groups:
        assert all(field.is_required() for field in group.model_fields.values()), group
    assert set(yaml.safe_load(GOOD)) == set(Params.model_fields)


def test_the_command_prints_what_the_page_on_it_shows(tmp_path: Path) -> None:
    """All but the numbers of lines, which a new key moves."""
    text = GOOD.replace("epochs: 30", "epochs: 0").replace("  test_fraction:", "  test_fractoin:")
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    command = [sys.executable, *documented("python -m lesions.params").split()[1:]]
    done = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(REPOSITORY)}, capture_output=True, text=True)
    assert done.returncode == 1
    page = (REPOSITORY / "docs/pipeline.md").read_text(encoding="utf-8")
    printed, shown = (re.sub(r":\d+:\d+:", ":", text).strip() for text in (done.stderr, page))
    assert printed in shown
    assert len(printed.splitlines()) == 4
