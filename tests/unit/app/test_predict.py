"""The command line `python -m app.predict`, run as people and programs run it."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from app import predict, wording
from lesions.data.pixels import write_png
from lesions.runtime.console import BROKEN_PIPE, UserError
from tests.imports import REPOSITORY
from tests.unit.bundles import Exported
from tests.unit.held_out import CLASSES

KEYS = [
    "path", "label", "probability", "probabilities", "melanoma_score", "above_threshold", "conformal_set", "not_sure",
    "error",
]  # fmt: skip
NEVER_SAID = ("benign", "low risk", "chance of cancer", "healthy", "harmless", "no melanoma")

Run = Callable[..., SimpleNamespace]


@pytest.fixture
def pictures(pooled: Exported, tmp_path: Path) -> Path:
    """A folder with three pictures, a broken one, and a text file."""
    folder = tmp_path / "pictures"
    (folder / "sub").mkdir(parents=True)
    for number, name in enumerate(("a.png", "b.png", "sub/c.png")):
        write_png(folder / name, pooled.pixels[number])
    (folder / "broken.png").write_bytes((folder / "a.png").read_bytes()[:300])
    (folder / "notes.txt").write_text("x")
    return folder


@pytest.fixture
def run(pooled: Exported, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A function that calls the command in this process: exit code, standard output and error."""

    def call(*arguments: str | Path, standard_input: bytes = b"", model: Path = pooled.folder) -> SimpleNamespace:
        monkeypatch.setattr(sys, "argv", ["app.predict", *map(str, arguments), "--model", str(model)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(standard_input)))
        with pytest.raises(SystemExit) as stopped:
            predict.main()
        return SimpleNamespace(code=stopped.value.code, **capsys.readouterr()._asdict())

    return call


def test_json_has_exactly_the_promised_keys(run: Run, pooled: Exported, pictures: Path) -> None:
    done = run(pictures, "--format", "json")
    found = json.loads(done.out)
    assert [list(one) for one in found] == [KEYS] * 4
    assert [Path(one["path"]).name for one in found] == ["a.png", "b.png", "broken.png", "c.png"]
    said = dict(zip(("a.png", "b.png", "c.png"), pooled.bundle.predict(pooled.pixels[:3]), strict=True))
    for one in found:
        if one["error"]:
            continue
        expected = said[Path(one["path"]).name]
        assert one["label"] == expected.label
        assert one["probabilities"] == expected.probabilities
        assert one["probability"] == max(one["probabilities"].values())
        assert one["melanoma_score"] == expected.melanoma_score
        assert one["above_threshold"] is expected.above_threshold
        assert one["conformal_set"] == list(expected.conformal_set)
        assert one["not_sure"] is expected.not_sure


def test_an_unreadable_picture_is_a_row_and_an_exit_code_and_the_rest_is_done(run: Run, pictures: Path) -> None:
    done = run(pictures, "gone.jpg", "--format", "json")
    assert done.code == 1
    found = {Path(one["path"]).name: one for one in json.loads(done.out)}
    assert found["broken.png"]["error"].startswith("unreadable: ")
    assert found["gone.jpg"]["error"] == "no such file or folder"
    assert {found["broken.png"][key] for key in KEYS[1:3] + KEYS[4:6]} == {None}
    assert [one["error"] for name, one in found.items() if name not in ("broken.png", "gone.jpg")] == [None] * 3
    assert "2 of 5 could not be read" in done.err
    assert "1 files in folders are not named like pictures" in done.err
    assert run(pictures / "a.png", "--format", "json").code == 0


def test_csv_says_the_same(run: Run, pictures: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run(pictures, "--format", "csv").out)))
    objects = json.loads(run(pictures, "--format", "json").out)
    expected_columns = [*KEYS[:3], *(f"p_{label}" for label in CLASSES), *KEYS[4:]]
    assert list(rows[0]) == expected_columns
    for row, one in zip(rows, objects, strict=True):
        assert (row["path"], row["label"], row["error"]) == (one["path"], one["label"] or "", one["error"] or "")
        if not one["error"]:
            assert [float(row[f"p_{label}"]) for label in CLASSES] == list(one["probabilities"].values())
            assert float(row["melanoma_score"]) == one["melanoma_score"]
            assert row["above_threshold"] == str(one["above_threshold"]).lower()
            assert row["conformal_set"].split(";") == (one["conformal_set"] or [""])
            assert row["not_sure"] == str(one["not_sure"]).lower()


def test_the_table_shows_the_threshold_the_limits_and_never_comforts(run: Run, pictures: Path) -> None:
    done = run(pictures)
    for words in (
        wording.SYNTHETIC,
        wording.ABOVE_THRESHOLD,
        wording.BELOW_THRESHOLD,
        wording.NEVER_ASSESSED,
        wording.NOT_A_DEVICE,
    ):
        assert words in done.out
    assert re.search(r"Of 12 melanomas in the test, \d+ missed: .* interval", done.out)
    assert "error: unreadable" in done.out
    assert not [words for words in NEVER_SAID if words in done.out.lower()]
    line = next(line for line in done.out.splitlines() if "a.png" in line)
    assert re.search(r"\d\.\d{3} (above|below)", line)
    assert len(re.findall(r"[A-Z] +[01]\.\d\d", line)) == 3, "the three classes"


def test_top_is_the_number_of_classes_in_the_table(run: Run, pictures: Path) -> None:
    line = next(line for line in run(pictures / "a.png", "--top", "1").out.splitlines() if "a.png" in line)
    assert len(re.findall(r"[A-Z] +[01]\.\d\d", line)) == 1
    assert run(pictures / "a.png", "--top", "99").code == 0
    for wrong in ("0", "-1", "x"):
        assert run(pictures / "a.png", f"--top={wrong}").code == 2


def test_a_model_of_real_pictures_does_not_say_that_it_is_synthetic(run: Run, flat: Exported, pictures: Path) -> None:
    assert wording.SYNTHETIC not in run(pictures / "a.png", model=flat.folder).out


def test_a_list_on_standard_input(run: Run, pictures: Path) -> None:
    done = run("-", "--format", "json", standard_input=f"{pictures}/a.png\n{pictures}/sub\n".encode())
    assert [Path(one["path"]).name for one in json.loads(done.out)] == ["a.png", "c.png"]
    with pytest.raises(UserError, match="no path on standard input"):
        run("-", standard_input=b"\n")


def test_explain_writes_a_heat_map_for_each_picture(run: Run, pictures: Path, tmp_path: Path) -> None:
    done = run(pictures, "--explain", tmp_path / "maps", "--format", "json")
    maps = sorted(path.relative_to(tmp_path / "maps").as_posix() for path in (tmp_path / "maps").rglob("*.png"))
    assert maps == ["a.png.png", "b.png.png", "sub/c.png.png"]
    assert wording.HEAT_MAP in done.err
    overlaid = np.asarray(Image.open(tmp_path / "maps/a.png.png"))
    assert overlaid.shape == np.asarray(Image.open(pictures / "a.png")).shape
    assert json.loads(done.out) == json.loads(run(pictures, "--format", "json").out)


@pytest.mark.parametrize("place", ["file", "file/maps", "x" * 256, "/proc/maps"])
def test_a_place_for_heat_maps_that_cannot_be_is_told_before_the_work(
    run: Run, pictures: Path, tmp_path: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"--explain .*: cannot be written, .*; name another place"):
        run(pictures, "--explain", tmp_path / place)
    assert not capsys.readouterr().out


def test_a_heat_map_of_a_picture_with_the_longest_name_has_a_name_that_fits(
    run: Run, pooled: Exported, tmp_path: Path
) -> None:
    for letter in "ab":
        write_png(tmp_path / f"{'x' * 250}{letter}.png", pooled.pixels[0])
    assert run(tmp_path, "--explain", tmp_path / "maps").code == 0
    assert len(list((tmp_path / "maps").iterdir())) == 2


def test_a_heat_map_that_cannot_be_written_is_one_line(run: Run, pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "maps" / "a.png.png").mkdir(parents=True)
    with pytest.raises(UserError, match=r"--explain: .*a\.png\.png cannot be written"):
        run(pictures, "--explain", tmp_path / "maps")


def test_a_network_without_heat_maps_says_so(run: Run, flat: Exported, pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--explain: heat maps of this model: none"):
        run(pictures, "--explain", tmp_path / "maps", model=flat.folder)


def test_names_that_no_terminal_shows_do_no_harm(run: Run, pooled: Exported, tmp_path: Path) -> None:
    name = tmp_path / "red\x1b[31m\nline.png"
    write_png(name, pooled.pixels[0])
    assert "\x1b" not in run(name).out
    assert json.loads(run(name, "--format", "json").out)[0]["path"] == str(name)


@pytest.mark.parametrize("output_format", ["csv", "json", "table"])
def test_any_name_is_written_in_any_encoding(pooled: Exported, tmp_path: Path, output_format: str) -> None:
    """Names with line ends, in other scripts and of no UTF-8, where the terminal only knows ASCII."""
    names = [b"Icon\r.png", "\u75e3.png".encode(), b"m\xe9lanome.png", b'"a,\nb".png']
    for name in names:
        write_png(tmp_path / os.fsdecode(name), pooled.pixels[0])
    done = subprocess.run(
        [sys.executable, "-m", "app.predict", tmp_path, "--format", output_format, "--model", pooled.folder],
        cwd=REPOSITORY, capture_output=True, check=False, env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    expected = {"Icon\r.png", "\u75e3.png", "m%E9lanome.png", '"a,\nb".png'}
    if output_format == "json":
        assert {Path(one["path"]).name for one in json.loads(done.stdout)} == expected
    elif output_format == "csv":
        rows = csv.DictReader(io.StringIO(done.stdout.decode("utf-8"), newline=""))
        assert {Path(row["path"]).name for row in rows} == expected
    else:
        assert b"\\u75e3.png" in done.stdout


def test_nothing_heavy_is_imported(pooled: Exported, pictures: Path) -> None:
    """A cold start must take a fraction of a second: TensorFlow alone takes five."""
    code = (
        "import sys; from app import predict; sys.argv = ['predict', *sys.argv[1:]]\n"
        "try: predict.main()\n"
        "finally: print([name for name in ('tensorflow', 'keras', 'pandas', 'scipy', 'sklearn', 'matplotlib', 'tqdm', "
        "'pydantic') if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, pictures / "a.png", "--model", pooled.folder],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == "[]\n", "or LiteRT announced itself"


@pytest.mark.parametrize("unbuffered", ["1", ""])
def test_it_ends_quietly_when_its_reader_does(pooled: Exported, pictures: Path, unbuffered: str) -> None:
    """Few lines are written at the very end, where Python would say that it ignores an exception, and exit with 120."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "app.predict", pictures, "--model", pooled.folder],
        cwd=REPOSITORY, stdout=writer, stderr=subprocess.PIPE, text=True, check=False,
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
    )  # fmt: skip
    os.close(writer)
    assert done.returncode == BROKEN_PIPE
    assert "BrokenPipe" not in done.stderr


def test_no_model_is_one_line_that_names_the_command(pictures: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app.predict", pictures, "--model", tmp_path / "none"],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "`dvc repro export`" in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_arguments_are_told_before_anything_runs(run: Run) -> None:
    assert run().code == 2
    assert run("a.png", "--format", "xml").code == 2
