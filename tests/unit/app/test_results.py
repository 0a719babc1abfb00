"""What `make repro` ends with: the headline, and where everything is."""

from pathlib import Path

import pytest

from app import results
from lesions.data.results.scores import EvaluateMetrics
from lesions.params.paths import EVALUATE_METRICS
from lesions.runtime.console import UserError


def test_the_headline_and_every_file_are_printed_in_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    EvaluateMetrics(n=150, smallest_class_n=5, accuracy=0.8933, ece=0.09).write(EVALUATE_METRICS)
    monkeypatch.setattr("sys.argv", ["results"])
    results.main()
    _, headline, title, *lines = capsys.readouterr().out.splitlines()
    assert (headline, title) == (
        "Scores on the test pictures: n 150, smallest_class_n 5, accuracy 0.8933, ece 0.09",
        "Results:",
    )
    assert [line.split()[0] for line in lines] == [str(file) for file in results.RESULT_FILES]
    texts = results.RESULT_FILES.values()
    assert len({line.index(text) for line, text in zip(lines, texts, strict=True)}) == 1, "ragged columns"


def test_before_the_first_run_it_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["results"])
    with pytest.raises(UserError, match=r"metrics/evaluate\.json is not there: run `dvc repro` first"):
        results.main()
