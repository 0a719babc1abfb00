"""The audit page: one file that opens offline, shows every finding, and trusts no name that it did not make."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lesions.preparation.audit_findings import audit_prepared, sections
from lesions.preparation.audit_page import write_audit
from lesions.preparation.prepare import prepare
from lesions.preparation.summary import summarise
from lesions.rendering.html import Section, Table, table_of, write_report
from tests.documented import documented
from tests.imports import REPOSITORY
from tests.unit.preparation.test_splits import params

MakeDataset = Callable[..., Path]


@pytest.fixture
def faulty(make_dataset: MakeDataset) -> Path:
    """A data set with a conflict, a copy across Train and Test, a near-duplicate, and a file that is no picture."""
    root = make_dataset({"Train/nevus": 14, "Train/melanoma": 14, "Test/nevus": 6, "Test/melanoma": 6})
    train, test = root / "Train", root / "Test"
    shutil.copy(train / "nevus" / "Train_nevus_000.png", train / "melanoma" / "conflict.png")
    shutil.copy(train / "nevus" / "Train_nevus_001.png", test / "nevus" / "copy.png")
    structured = np.random.default_rng(5).integers(0, 256, (100, 100, 3), dtype=np.uint8)
    smooth = Image.fromarray(structured).resize((300, 300), Image.Resampling.BICUBIC)
    smooth.save(train / "nevus" / "near_a.png")
    smooth.save(train / "nevus" / "near_b.jpg", quality=70)
    (train / "nevus" / "<script>alert(1)</script>.jpg".replace("/", "_")).write_text("no picture")
    return root


def audited(root: Path, tmp_path: Path, **changes: object) -> str:
    labels, folder = tmp_path / "labels", tmp_path / "prepared"
    labels.mkdir(exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    prepared = prepare(root, labels, 32, params(**changes), folder)
    audit = audit_prepared(prepared, folder)
    page = tmp_path / "audit.html"
    write_audit(page, root, prepared, summarise(prepared, audit.counts), sections(audit, prepared, root))
    return page.read_text(encoding="utf-8")


def test_the_page_is_one_file_that_needs_nothing_from_elsewhere(faulty: Path, tmp_path: Path) -> None:
    page = audited(faulty, tmp_path)
    sources = re.findall(r'(?:src|href)="([^"]{1,40})', page)
    assert sources
    assert all(source.startswith(("data:image/jpeg;base64,", "#")) for source in sources)
    assert "url(" not in page
    assert "<script" not in page


def test_every_finding_is_on_the_page(faulty: Path, tmp_path: Path) -> None:
    page = audited(faulty, tmp_path)
    for words in (
        "melanoma and nevus",
        "1 files show a picture that is used already",
        "1 pairs look like one lesion",
        "The published Train and Test folders: at least 1 of 13",
        "Class against source",
        "not an image",
        "Research software, not a medical device",
    ):
        assert words in page, words


def test_names_from_a_data_set_are_text_and_never_markup(faulty: Path, tmp_path: Path) -> None:
    """A file name or a table cell with markup in it must not become part of the page."""
    page = audited(faulty, tmp_path)
    assert "&lt;script&gt;alert(1)" in page


def test_the_same_data_gives_the_same_page_without_a_path_of_this_machine(faulty: Path, tmp_path: Path) -> None:
    page = audited(faulty, tmp_path)
    assert page == audited(faulty, tmp_path)
    assert str(tmp_path) not in page


def test_a_data_set_without_faults_says_so(make_dataset: MakeDataset, tmp_path: Path) -> None:
    page = audited(make_dataset({"nevus": 9, "melanoma": 9}), tmp_path)
    for words in ("No picture stands under two labels", "No picture stands twice", "Too few training pictures"):
        assert words in page


def test_a_template_with_a_missing_value_is_a_defect_and_not_an_empty_place(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="undefined"):
        write_report(tmp_path / "a.html", "data_audit.html", title="x")
    assert list(tmp_path.iterdir()) == []


def test_tables_show_thousands_shares_and_what_is_missing() -> None:
    frame = pd.DataFrame({"n": [1234, 5], "share": [0.25, np.nan]}, index=["a", "b"])
    assert table_of(frame, "class") == Table(["class", "n", "share"], [["a", "1,234", "0.250"], ["b", "5", "-"]])
    assert Section("t", ["x"]).sets == ()


def test_the_command_audits_a_folder_and_leaves_the_pipeline_alone(make_dataset: MakeDataset, tmp_path: Path) -> None:
    root = make_dataset({"nevus": 9, "melanoma": 9})
    work = tmp_path / "work"
    (work / "data" / "labels").mkdir(parents=True)
    shutil.copy(REPOSITORY / "params.yaml", work)
    before = set(work.rglob("*"))
    command = [sys.executable, *documented("python -m app.audit data/mine", ("data/mine", str(root))).split()[1:]]
    done = subprocess.run(command, cwd=work, env={"PYTHONPATH": str(REPOSITORY)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert set(work.rglob("*")) - before == {work / "data_audit.html"}
    missing = subprocess.run(
        [*command[:3], "nowhere"], cwd=work, env={"PYTHONPATH": str(REPOSITORY)}, capture_output=True
    )
    assert missing.returncode == 1
    assert b"Traceback" not in missing.stderr
