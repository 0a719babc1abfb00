"""Work on all cores gives the same results in the same order, in the folder it was asked for."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from lesions.parallel import TOO_FEW_FOR_PROCESSES, map_on_all_cores, map_together


def size_of(path: Path) -> int:
    return len(path.read_bytes())


def square(number: int) -> int:
    if number == 13 * TOO_FEW_FOR_PROCESSES:
        raise ValueError("thirteen")
    return number * number


def with_its_share(numbers: Sequence[int]) -> list[tuple[int, int]]:
    return [(number, len(numbers)) for number in numbers]


def test_results_come_in_the_order_of_the_items() -> None:
    items = list(range(3 * TOO_FEW_FOR_PROCESSES))
    assert list(map_on_all_cores(square, items, "test")) == [item * item for item in items]


@pytest.mark.parametrize("n", [0, 1, 7, 8, 3 * TOO_FEW_FOR_PROCESSES + 1])
def test_what_is_done_together_comes_in_order_and_no_more_than_asked_for_at_once(n: int) -> None:
    """A picture that is lost between two workers' shares, or done twice, would shift all rows after it."""
    found = list(map_together(with_its_share, range(n), "test", 7))
    assert [item for item, _ in found] == list(range(n))
    assert [share for _, share in found] == [min(7, n - item // 7 * 7) for item in range(n)]


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
