"""Outputs are whole or absent, and a command ends with one clear message."""

import json
import zipfile
from pathlib import Path

import pytest

from lesions.runtime import console
from lesions.runtime.outputs import PARTIAL, whole_file, whole_folder, write_archive, write_json

FULL = Path("/dev/full")  # a device on which every write fails as on a full disk


def fail() -> None:
    raise RuntimeError("in the middle")


def test_a_file_that_fails_half_way_leaves_the_earlier_one(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.json"
    write_json(path, {"a": 1})
    with pytest.raises(RuntimeError), whole_file(path) as partial:
        partial.write_text("half")
        fail()
    assert json.loads(path.read_text()) == {"a": 1}
    assert [p.name for p in path.parent.iterdir()] == ["a.json"]


def test_a_folder_that_fails_half_way_leaves_the_earlier_one(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with whole_folder(path) as folder:
        (folder / "a").touch()
    with pytest.raises(RuntimeError), whole_folder(path) as folder:
        (folder / "b").touch()
        fail()
    assert [p.name for p in path.iterdir()] == ["a"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_an_archive_holds_nothing_that_changes_with_the_day_or_the_python(tmp_path: Path) -> None:
    # Python 3.11.7 asks for version 45 (ZIP64) to unpack a member that was written as a stream, 3.11.2 for version 20:
    # the bundle of one was a changed file to DVC with the other
    for name, order in (("a.zip", "bca"), ("b.zip", "acb")):
        write_archive(tmp_path / name, {letter: letter.encode() for letter in order})
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.namelist() == ["a", "b", "c"]
        for item in archive.infolist():
            assert (item.extract_version, item.extra, item.date_time[0]) == (20, b"", 1980)


def test_what_a_killed_run_left_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / f"out{PARTIAL}").mkdir()
    (tmp_path / f"out{PARTIAL}" / "stale").touch()
    with whole_folder(tmp_path / "out") as folder:
        assert list(folder.iterdir()) == []
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_numbers_that_json_does_not_know_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"score": float("nan")})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full to stand for a full disk")
def test_a_full_disk_is_told_in_one_message_and_leaves_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / f"a.json{PARTIAL}").symlink_to(FULL)
    with pytest.raises(SystemExit) as end:
        console.run(lambda: write_json(tmp_path / "a.json", {"a": 1}))
    assert end.value.code == 1
    told = capsys.readouterr().err
    assert "the disk is full" in told
    assert "dvc checkout" in told
    assert "Traceback" not in told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (console.UserError("a.yaml:1:1: wrong"), 1, "error: a.yaml:1:1: wrong"),
        (KeyboardInterrupt(), 130, "stopped: nothing half-written"),
        (PermissionError(13, "Permission denied", "data/x"), 1, "no permission for data/x"),
    ],
)
def test_a_command_ends_with_the_right_code_and_a_way_back(
    error: BaseException, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def main() -> None:
        raise error

    with pytest.raises(SystemExit) as end:
        console.run(main)
    assert end.value.code == code
    told = capsys.readouterr().err
    assert words in told
    assert "git restore" in told


def test_a_defect_of_ours_keeps_its_traceback() -> None:
    """Hidden behind a friendly line, a bug could not be reported."""
    with pytest.raises(RuntimeError):
        console.run(fail)
