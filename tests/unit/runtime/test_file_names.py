"""Any name that a file system takes survives every table, and names that are made of it are taken again."""

import csv
import os
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lesions.rendering.html import Section, Table
from lesions.rendering.markdown import write_markdown
from lesions.runtime.file_names import LONGEST, fitting_name, table_name
from lesions.runtime.outputs import whole_file, write_csv, write_json

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0/"), min_size=1, max_size=80)
BYTES = st.binary(min_size=1, max_size=300).filter(lambda name: not set(name) & set(b"\0/"))
ODD = [
    "Icon\r",
    "a\nb.jpg",
    "a\r\nb.jpg",
    'say "aah".jpg',
    "a,b;c\td.jpg",
    "شامة.jpg",
    "🩺.png",
    " a ",
    "\u2028",
    "NA",
    "'",
]


@given(st.one_of(TEXTS, st.sampled_from(ODD)), st.one_of(TEXTS, st.sampled_from(ODD)))
def test_a_table_gives_back_every_name(tmp_path_factory: pytest.TempPathFactory, one: str, other: str) -> None:
    """A carriage return that is not quoted makes two rows of one."""
    path = tmp_path_factory.getbasetemp() / "names.csv"
    write_csv(path, pd.DataFrame({"source": [one, other], "label": ["a", "b"]}))
    read = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert read.to_numpy().tolist() == [[one, "a"], [other, "b"]]
    with path.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [["source", "label"], [one, "a"], [other, "b"]]


def test_a_table_has_unix_line_ends_and_quotes_only_where_needed(tmp_path: Path) -> None:
    """Other bytes would make every stage after it run again."""
    write_csv(tmp_path / "a.csv", pd.DataFrame({"a": ["x", None, "p,q"], "b": [1, 2, 3], "c": [0.1, None, 1e-9]}))
    assert (tmp_path / "a.csv").read_bytes() == b'a,b,c\nx,1,0.1\n,2,\n"p,q",3,1e-09\n'


@given(BYTES)
def test_a_name_of_any_bytes_is_text_in_tables(name: bytes) -> None:
    text = table_name(os.fsdecode(name))
    assert text.encode()
    try:
        assert text == name.decode()
    except UnicodeDecodeError:
        assert "%" in text


def test_a_name_that_is_no_utf_8_is_percent_escaped(tmp_path: Path) -> None:
    name = os.fsdecode(b"m\xe9lanome.jpg")
    assert table_name(name) == "m%E9lanome.jpg"
    write_csv(tmp_path / "a.csv", pd.DataFrame({"source": [name]}))
    write_json(tmp_path / "a.json", {"source": name})
    write_markdown(tmp_path / "a.md", "Title", [], [Section("S", [], [Table(["source"], [[name]])])])
    for file in ("a.csv", "a.json", "a.md"):
        assert "m%E9lanome.jpg" in (tmp_path / file).read_text(encoding="utf-8")


@given(BYTES, st.sampled_from(["", ".png", ".partial"]), st.integers(40, LONGEST))
def test_a_name_that_is_made_longer_still_fits(name: bytes, suffix: str, longest: int) -> None:
    stem = os.fsdecode(name)
    fitted = fitting_name(stem, suffix, longest)
    assert len(os.fsencode(fitted)) <= longest
    assert fitted.endswith(suffix)
    assert fitted == stem + suffix or len(name) + len(suffix) > longest


def test_long_names_with_one_beginning_stay_apart() -> None:
    assert fitting_name("x" * 300 + "a", ".png") != fitting_name("x" * 300 + "b", ".png")


def test_an_output_may_have_the_longest_name(tmp_path: Path) -> None:
    """The name under which it is written first is longer."""
    with whole_file(tmp_path / ("é" * 127)) as partial:
        partial.write_text("x")
    assert [len(os.fsencode(path.name)) for path in tmp_path.iterdir()] == [254]


def test_a_row_of_markdown_is_one_line(tmp_path: Path) -> None:
    write_markdown(tmp_path / "a.md", "Title", [], [Section("S", [], [Table(["source"], [["a\r\nb|c"]])])])
    assert "| a\\r\\nb\\|c |" in (tmp_path / "a.md").read_text()
