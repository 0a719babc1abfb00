"""Tables as people save them: what does not fit is told in one line, and every file is accounted for."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesions.data.diagnoses import class_of
from lesions.datasets import read_layout
from lesions.runtime.console import UserError
from tests.unit.twins import ONE_HOT_2019, TWINS, lay_out

CONTRADICTING = "ids whose rows contradict each other"


@pytest.mark.parametrize(
    ("cells", "problem", "noted"),
    [
        ("1,1,0,0,0,0,0,0,0", "two labels in truth.csv: MEL and NV", "rows with two labels"),
        ("0,0,0,0,0,0,0,0,0", "no label in truth.csv", "rows with no label"),
        (",,,,,,,,", "no label in truth.csv", "rows with no label"),
        ("0,0,0,0,0,0,0,0,1.0", "an unknown class in truth.csv: UNK", "rows with an unknown class"),
        ("0,0.7,0,0,0,0,0,0,0", "no 0 or 1 in truth.csv: NV is 0.7", "rows with no 0 or 1"),
        ("0,yes,0,0,0,0,0,0,0", "no 0 or 1 in truth.csv: NV is yes", "rows with no 0 or 1"),
    ],
)
def test_a_one_hot_row_without_one_label_says_so(tmp_path: Path, cells: str, problem: str, noted: str) -> None:
    table = f"{ONE_HOT_2019}\nISIC_1,{cells}\nISIC_2,,1,,,,,,,\n"
    reading = read_layout(lay_out(tmp_path, {"truth.csv": table, "ISIC_1.jpg": "", "ISIC_2.jpg": ""}), "auto")
    assert reading.table["problem"].tolist() == [problem, ""]
    assert reading.counts[noted] == 1


@pytest.mark.parametrize(
    ("rows", "label", "problem", "noted"),
    [
        (("L1,nv,30", "L1,nv,30"), "nevus", "", "rows that repeat another"),
        (("L1,nv,30", ",nv,40"), "nevus", "", "ids with several rows that agree"),
        (("L1,nv,", "L1,mel,"), "", "contradicting rows in m.csv: nevus and melanoma", CONTRADICTING),
        (("L1,nv,", "L2,nv,"), "", "contradicting rows in m.csv: L1 and L2", CONTRADICTING),
        (("L1,nv,", "L1,,"), "", "contradicting rows in m.csv: nevus and no label in m.csv", "rows with no label"),
    ],
)  # fmt: skip
def test_an_id_that_stands_twice_is_used_only_if_its_rows_agree(
    tmp_path: Path, rows: Sequence[str], label: str, problem: str, noted: str
) -> None:
    table = "image_id,lesion_id,dx,age\nISIC_2,,mel,\n" + "".join(f"ISIC_1,{row}\n" for row in rows)
    reading = read_layout(lay_out(tmp_path, {"m.csv": table, "ISIC_1.jpg": "", "ISIC_2.jpg": ""}), "auto")
    assert list(reading.table.loc[0, ["label", "problem"]]) == [label, problem]
    assert reading.counts[noted] == 1
    if label:
        assert list(reading.table.loc[0, ["lesion", "age"]]) == ["L1", "30"]


def test_ages_that_are_none_are_left_empty_and_noted(tmp_path: Path) -> None:
    table = "image_id,dx,age,sex\nISIC_1,nv,85+,m\nISIC_2,nv,old,F\nISIC_3,nv,450,?\nISIC_4,nv,NA,\n"
    reading = read_layout(lay_out(tmp_path, {"m.csv": table, **{f"ISIC_{n}.jpg": "" for n in range(1, 5)}}), "auto")
    assert reading.table["age"].tolist() == ["85", "", "", ""]
    assert reading.table["sex"].tolist() == ["male", "female", "", ""]
    assert reading.counts["ages that are no number of years"] == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "lesion_id,image_id,diagnosis\nHAM_1,ISIC_1,nv\n",
            r"HAM10000_metadata.csv: no column dx; .*lesion_id, image_id",
        ),
        ("image_id,dx\nISIC_1,nv,extra\n", r"HAM10000_metadata.csv: row 1 has 3 cells under 2 column names"),
        ('image_id,dx\nISIC_1,"nv\n', r"HAM10000_metadata.csv: line 2 is no row of a table"),
        ("image_id,dx,dx\nISIC_1,nv,nv\n", r"HAM10000_metadata.csv: column dx stands twice"),
        ("", r"no column image_id, dx; it has no columns"),
        ("image_id,dx\n", r"no file with a class"),
    ],
)
def test_a_broken_table_is_one_clear_line(tmp_path: Path, text: str, message: str) -> None:
    root = lay_out(tmp_path, {**TWINS["ham10000"], "HAM10000_metadata.csv": text})
    with pytest.raises(UserError, match=message) as error:
        read_layout(root, "ham10000")
    assert "\n" not in str(error.value)


def test_a_table_with_a_wrong_header_is_not_passed_over_for_the_folders_beside_it(tmp_path: Path) -> None:
    for text, said in (
        ("", "it has no columns"),
        ("lesion_id,image_id,diagnosis\nHAM_1,ISIC_1,nv\n", "read as ham10000, HAM10000_metadata.csv lacks .* dx"),
    ):
        root = lay_out(tmp_path, {**TWINS["ham10000"], "HAM10000_metadata.csv": text})
        with pytest.raises(UserError, match=rf"named for parts .*HAM10000_metadata.csv .*{said}"):
            read_layout(root, "auto")


def test_a_table_in_another_encoding_is_one_clear_line(tmp_path: Path) -> None:
    root = lay_out(tmp_path, TWINS["ham10000"])
    (root / "HAM10000_metadata.csv").write_bytes("image_id,dx\nISIC_0000001,nævus\n".encode("latin-1"))
    with pytest.raises(UserError, match=r"HAM10000_metadata.csv: is not UTF-8 .* save it"):
        read_layout(root, "auto")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_decimal_commas_are_numbers(tmp_path: Path, encoding: str) -> None:
    """A spreadsheet of a country with decimal commas makes every row of ones and zeros one without a label."""
    files = {
        "truth.csv": f"{ONE_HOT_2019}\nISIC_1,{'0.0,' * 8}1.0\nISIC_2,0.0,1.0,{'0.0,' * 6}0.0\n",
        "meta.csv": "image,age_approx,anatom_site_general,lesion_id,sex\nISIC_2,55.0,anterior torso,,female\n",
    }
    root = lay_out(tmp_path, {"ISIC_1.jpg": "", "ISIC_2.jpg": ""})
    for name, text in files.items():
        (root / name).write_bytes(text.replace(",", ";").replace(".", ",").encode(encoding))
    table = read_layout(root, "auto").table
    assert table["label"].tolist() == ["", "nevus"]
    assert table["age"].tolist() == ["", "55"]


@pytest.mark.parametrize(
    ("cells", "files", "pairs"),
    [
        (["a\\b\\ISIC_1.jpg", "ISIC_2"], ["x/ISIC_1.jpg", "ISIC_2.png"], {"ISIC_1": "nv", "ISIC_2": "mel"}),
        (["p1/photo.jpg", "p2/photo.jpg"], ["in/p1/photo.jpg", "in/p2/photo.jpg"], {"p1/": "nv", "p2/": "mel"}),
        (["D:\\all\\p1\\photo.jpg", "D:\\all\\p2\\photo.jpg"], ["p1/photo.jpg", "p2/photo.jpg"],
         {"p1/": "nv", "p2/": "mel"}),
        (["photo (1)", "photo (2)"], ["photo (1).jpg", "photo (2).jpg"], {"(1)": "nv", "(2)": "mel"}),
        (["photo_1", "photo_2"], ["photo_1.jpg", "photo_2 - Copy.jpg"], {"_1": "nv", "_2": "mel"}),
    ],
)  # fmt: skip
def test_a_row_is_that_of_the_file_it_names(
    tmp_path: Path, cells: list[str], files: list[str], pairs: dict[str, str]
) -> None:
    """Folders of Windows, and stems that only folder or number tell apart: a wrong match is a wrong label."""
    table = f"image_id,dx\n{cells[0]},nv\n{cells[1]},mel\n"
    rows = read_layout(lay_out(tmp_path, {"m.csv": table, **dict.fromkeys(files, "")}), "auto").table
    found = {part: rows.loc[rows["source"].str.contains(part, regex=False), "label"].tolist() for part in pairs}
    assert found == {part: [class_of(code)] for part, code in pairs.items()}


def test_a_damaged_utf16_table_is_one_clear_line(tmp_path: Path) -> None:
    root = lay_out(tmp_path, TWINS["ham10000"])
    path = root / "HAM10000_metadata.csv"
    path.write_bytes(path.read_text().encode("utf-16")[:-1])
    with pytest.raises(UserError, match=r"HAM10000_metadata.csv: is not UTF-16.* save it"):
        read_layout(root, "auto")


IDS = st.sampled_from([f"ISIC_000000{number}" for number in range(6)])
ROWS = st.lists(st.tuples(IDS, st.sampled_from(["nv", "mel", "bcc", ""]), st.sampled_from(["", "45.0"])), max_size=10)


@settings(max_examples=60, deadline=None)
@given(
    rows=ROWS,
    present=st.sets(IDS, min_size=1),
    mark=st.sampled_from(["", "\ufeff"]),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    named=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-16-le", "utf-16-be", "utf-32-le"]),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
    blank=st.booleans(),
    quote=st.booleans(),
)
def test_however_a_table_was_saved_every_file_is_accounted_for(
    rows: list[tuple[str, str, str]],
    present: set[str],
    mark: str,
    separator: str,
    named: bool,
    encoding: str,
    ending: str,
    blank: bool,
    quote: bool,
) -> None:
    written = [("image_id", "dx", "age"), *rows, ("ISIC_9", "df", "")]
    lines = [separator.join(f'"{cell}"' if quote else f" {cell} " for cell in row) for row in written]
    mark = "\ufeff" if encoding.startswith("utf-32") else mark  # without a mark it is hardly ever seen
    text = (
        mark
        + f"sep={separator}{ending}" * named
        + ((ending + separator * 2 + ending if blank else ending).join(lines))
        + ending * (1 + 2 * blank)
    )
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "table.csv").write_bytes(text.encode(encoding))
        for picture in present | {"ISIC_9"}:
            (root / f"{picture}.jpg").touch()
        reading = read_layout(root, "auto")
    table = reading.table.set_index("isic_id")
    assert sorted(table.index) == sorted(present | {"ISIC_9"})
    assert ((table["label"] == "") == (table["problem"] != "")).all()
    said = {picture: {dx for other, dx, _ in rows if other == picture} for picture in present}
    for picture, labels in said.items():
        expected = class_of(next(iter(labels))) if len(labels) == 1 and labels != {""} else ""
        assert table.loc[picture, "label"] == expected
    assert reading.counts.get("rows without a picture", 0) == len({row[0] for row in rows} - present)
    assert reading.counts.get("pictures without a row", 0) == sum(not labels for labels in said.values())
    repeated = len(rows) - len(set(rows))
    assert reading.counts.get("rows that repeat another", 0) == repeated
