"""The folders that params.yaml names, tried before a stage reads them."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lesions.preparation.inputs import _guess, _quoted, check_inputs, check_names
from lesions.runtime.console import UserError

NAMES = st.binary(min_size=1, max_size=60).filter(lambda name: b"/" not in name and b"\0" not in name)


def test_folders_with_names_of_every_language_pass(tmp_path: Path) -> None:
    for name in ("é", "病变", "\u202eltr", "a\rb", "'quoted'", "🔬"):
        (tmp_path / name).write_text("")
    check_names(tmp_path)


def test_names_that_are_not_utf8_are_told_with_those_of_folders_but_not_of_what_is_in_them(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path)
    try:
        Path(os.fsdecode(folder + b"/n\xe6vi/m\xe9lanome")).mkdir(parents=True)
    except OSError:
        pytest.skip("this file system takes no name that is not UTF-8")
    for number in range(4):
        Path(os.fsdecode(folder + b"/pi\xe8ce %d.jpg" % number)).write_text("")
    with pytest.raises(UserError) as error:
        check_names(tmp_path, tmp_path)
    lines = str(error.value).splitlines()
    assert "not UTF-8" in lines[0] and " 5. " in lines[0]
    assert [line.split()[0] for line in lines[1:]] == ["mv", "mv", "mv", "and"]
    assert "2 more" in lines[-1]
    assert "lanome" not in str(error.value)


@given(NAMES)
@example("\u202eltr".encode())
def test_a_name_in_a_message_is_the_name_for_bash(name: bytes) -> None:
    """A command with another name would mend nothing, or rename another file."""
    assert _quoted(name).isprintable()
    done = subprocess.run(["bash", "-c", f"printf %s {_quoted(name)}"], capture_output=True, check=True)
    assert done.stdout == name


@given(NAMES)
def test_a_proposed_name_is_one_that_dvc_can_hash(name: bytes) -> None:
    assert _guess(b"data/" + name).decode("utf-8").startswith("data/")


def test_a_folder_that_is_no_data_set_is_found_before_prepare_runs(tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    with pytest.raises(UserError, match="holds no folder per class"):
        check_inputs(tmp_path / "labels", tmp_path / "labels", "auto")
    with pytest.raises(UserError, match=r"labels: .* is not a folder"):
        check_inputs(tmp_path / "labels", tmp_path / "missing", "auto")
