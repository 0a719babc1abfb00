"""Which files the words of a command line mean: every one of them, once, or a reason."""

from pathlib import Path

import pytest

from app.inputs import InputFile, find_inputs


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("a.jpg", "b.PNG", "sub/c.jpeg", "sub/notes.txt", ".hidden/d.jpg", "sub/.e.jpg", "odd[1].jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def paths(*arguments: str, standard_input: str = "") -> list[str]:
    files = find_inputs(arguments, standard_input.splitlines(keepends=True)).files
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
    assert paths("-", standard_input="a.jpg\r\n\nsub\n?.PNG\n") == ["a.jpg", "sub/c.jpeg", "b.PNG"]
    assert paths("b.PNG", "-", standard_input="a.jpg") == ["b.PNG", "a.jpg"]


def test_a_path_comes_once(folder: Path) -> None:
    assert paths("a.jpg", "?.jpg", "a.jpg") == ["a.jpg"]


def test_what_leads_nowhere_has_a_reason(folder: Path) -> None:
    files = find_inputs(["gone.jpg", "*.gif", "empty", "a.jpg"], []).files
    assert files == [
        InputFile("gone.jpg", "no such file or folder"),
        InputFile("*.gif", "no file matches this pattern"),
        InputFile("empty", "no picture in this folder"),
        InputFile("a.jpg"),
    ]


def test_other_files_in_folders_are_counted(folder: Path) -> None:
    assert find_inputs(["."], []).skipped == 2  # notes.txt and .e.jpg
    assert find_inputs([], []).files == []
