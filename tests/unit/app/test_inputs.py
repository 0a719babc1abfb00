"""Which files the words of a command line mean: every one of them, once, or a reason."""

import io
import os
import socket
from pathlib import Path

import pytest

from app.inputs import InputFile, find_inputs
from lesions.datasets.folder import Folder
from lesions.runtime.console import UserError
from tests.unit.data.picture_writers import WHOLE

NOBODY = 65534


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("a.jpg", "b.PNG", "sub/c.jpeg", "sub/notes.txt", ".hidden/d.jpg", "sub/.e.jpg", "odd[1].jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def paths(*arguments: str, standard_input: bytes = b"") -> list[str]:
    files = find_inputs(arguments, io.BytesIO(standard_input)).files
    assert not [file for file in files if file.problem]
    return [file.path for file in files]


def test_files_come_in_the_order_given_and_folders_sorted(folder: Path) -> None:
    assert paths("odd[1].jpg", "a.jpg") == ["odd[1].jpg", "a.jpg"]
    assert paths(".") == ["a.jpg", "b.PNG", "odd[1].jpg", "sub/c.jpeg"]
    assert paths(str(folder)) == [str(folder / name) for name in ("a.jpg", "b.PNG", "odd[1].jpg", "sub/c.jpeg")]


def test_a_pattern_is_what_matches_it_and_a_file_so_named_is_itself(folder: Path) -> None:
    assert paths("**/*.jp*g") == ["a.jpg", "odd[1].jpg", "sub/c.jpeg"]
    assert paths(f"{folder}/?.*") == [str(folder / "a.jpg"), str(folder / "b.PNG")]
    assert paths("odd[1].jpg") == ["odd[1].jpg"]


def test_a_named_file_is_taken_whatever_its_name(folder: Path) -> None:
    assert paths("sub/notes.txt", ".hidden/d.jpg") == ["sub/notes.txt", ".hidden/d.jpg"]


def test_a_list_on_standard_input_holds_paths_folders_and_patterns(folder: Path) -> None:
    assert paths("-", standard_input=b"a.jpg\r\n\nsub\n?.PNG\n") == ["a.jpg", "sub/c.jpeg", "b.PNG"]
    assert paths("b.PNG", "-", standard_input=b"a.jpg") == ["b.PNG", "a.jpg"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_list_may_be_saved_by_any_program(folder: Path, encoding: str, end: str) -> None:
    """A mark of the encoding is no part of the first path; PowerShell writes UTF-16, Explorer puts quotes around."""
    (folder / "\u00e9 1.jpg").touch()
    text = end.join(["a.jpg", '"sub/c.jpeg"', "  b.PNG\t", "'\u00e9 1.jpg'", ""])
    assert paths("-", standard_input=text.encode(encoding)) == ["a.jpg", "sub/c.jpeg", "b.PNG", "\u00e9 1.jpg"]


def test_a_path_in_a_list_that_is_there_as_it_stands_is_that(folder: Path) -> None:
    for name in ("Icon\r", "'q'", " s .jpg", os.fsdecode(b"\xe9.jpg")):
        (folder / name).touch()
    listed = b"Icon\r\n'q'\n s .jpg\n\xe9.jpg\n"
    assert paths("-", standard_input=listed) == ["Icon\r", "'q'", " s .jpg", os.fsdecode(b"\xe9.jpg")]


def test_a_list_may_hold_names_with_line_ends_between_zero_bytes(folder: Path) -> None:
    """As `find -print0` writes it."""
    (folder / "a\nb.jpg").touch()
    assert paths("-", standard_input=b"a\nb.jpg\0a.jpg\0") == ["a\nb.jpg", "a.jpg"]


@pytest.mark.parametrize("name", WHOLE)
def test_a_picture_on_standard_input_is_no_list(name: str) -> None:
    with pytest.raises(UserError, match="standard input holds a picture"):
        find_inputs(["-"], io.BytesIO(WHOLE[name]))


def test_a_closed_standard_input_is_an_empty_list() -> None:
    assert find_inputs(["-"], None).files == []


def test_a_path_comes_once(folder: Path) -> None:
    assert paths("a.jpg", "?.jpg", "a.jpg") == ["a.jpg"]


def test_what_leads_nowhere_has_a_reason(folder: Path) -> None:
    files = find_inputs(["gone.jpg", "*.gif", "empty", "a.jpg", "x" * 300], None).files
    assert files == [
        InputFile("gone.jpg", "no such file or folder"),
        InputFile("*.gif", "no file matches this pattern"),
        InputFile("empty", "no picture in this folder"),
        InputFile("a.jpg"),
        InputFile("x" * 300, "no such file or folder"),
    ]


def test_other_files_in_folders_are_counted(folder: Path) -> None:
    assert find_inputs(["."], None).skipped == 2  # notes.txt and .e.jpg
    assert find_inputs([], None).files == []


def test_a_picture_without_a_name_of_one_is_found_by_its_first_bytes(folder: Path) -> None:
    """As prepare does, which takes any file of a class folder."""
    (folder / ("x" * 255)).write_bytes(WHOLE["JPEG"])
    assert "x" * 255 in paths(".")


def test_links_are_followed_but_not_round_as_in_a_data_set(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "f.avif").touch()
    (elsewhere / "back").symlink_to(folder, target_is_directory=True)
    (folder / "link").symlink_to(elsewhere, target_is_directory=True)
    (folder / "sub" / "self").symlink_to(folder / "sub", target_is_directory=True)
    found = paths(".")
    assert found == ["a.jpg", "b.PNG", "link/f.avif", "odd[1].jpg", "sub/c.jpeg"]
    assert paths("**/*.jp*g") == ["a.jpg", "odd[1].jpg", "sub/c.jpeg"]
    assert [name for name in Folder(folder).files if not name.endswith((".txt", ".e.jpg"))] == found


def test_what_cannot_be_opened_is_a_row_with_its_reason(folder: Path) -> None:
    """A pipe would be waited for without end; what a closed folder holds would be passed over in silence."""
    os.mkfifo(folder / "pipe")
    (folder / "dangling").symlink_to("gone")
    (folder / "itself.jpg").symlink_to("itself.jpg")
    (folder / "closed").mkdir(mode=0)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        euid = os.geteuid()
        folder.chmod(0o755)
        if euid == 0:
            os.seteuid(NOBODY)
        try:
            problems = {file.path: file.problem for file in find_inputs(["."], None).files if file.problem}
        finally:
            os.seteuid(euid)
    assert problems == {
        "closed": "folder cannot be opened: Permission denied",
        "dangling": "unreadable: a link to a file that is not there",
        "pipe": "unreadable: a named pipe, not a file",
        "socket": "unreadable: a socket, not a file",
    }
