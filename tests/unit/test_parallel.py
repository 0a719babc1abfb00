"""Work on all cores gives the same results in the same order, in the folder it was asked for."""

from pathlib import Path

import pytest

from lesions.parallel import TOO_FEW_FOR_PROCESSES, map_on_all_cores


def size_of(path: Path) -> int:
    return len(path.read_bytes())


def square(number: int) -> int:
    if number == 13 * TOO_FEW_FOR_PROCESSES:
        raise ValueError("thirteen")
    return number * number


def test_results_come_in_the_order_of_the_items() -> None:
    items = list(range(3 * TOO_FEW_FOR_PROCESSES))
    assert list(map_on_all_cores(square, items, "test")) == [item * item for item in items]


def test_relative_paths_are_those_of_the_caller_in_workers_that_are_used_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that stays in the folder of an earlier call would read other files, or none."""
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "a").write_text(name * (2 if name == "two" else 1))
        monkeypatch.chdir(folder)
        sizes = list(map_on_all_cores(size_of, [Path("a")] * TOO_FEW_FOR_PROCESSES, "test"))
        assert set(sizes) == {3 if name == "one" else 6}


def test_an_error_of_a_worker_reaches_the_caller() -> None:
    with pytest.raises(ValueError, match="thirteen"):
        list(map_on_all_cores(square, range(14 * TOO_FEW_FOR_PROCESSES), "test"))
