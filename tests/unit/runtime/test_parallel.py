"""Work on all cores gives the same results in the same order, however its workers are made, and leaves none behind."""

import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from benchmarks.processes import in_fresh_process
from lesions.runtime import parallel
from lesions.runtime.console import UserError
from lesions.runtime.parallel import (
    TOO_FEW_FOR_PROCESSES,
    keep_freed_memory,
    map_in_chunks,
    map_in_threads,
    map_on_all_cores,
)

Run = Callable[[Callable[[], Any]], Any]

MANY = 3 * TOO_FEW_FOR_PROCESSES + 1
WAITING = f"""
import time
from lesions.runtime.parallel import map_on_all_cores
for _ in map_on_all_cores(time.sleep, [0.0] * 32 + [3600.0] * {MANY}, "test"):
    print("begun", flush=True)
"""


@pytest.fixture(params=["fork", "spawn"])
def run(request: pytest.FixtureRequest) -> Run:
    """Calls in a process of its own, which makes its workers in one way or the other.

    Not in this one: other tests have loaded TensorFlow here, whose threads are why it is not to be forked.
    """
    if request.param == "fork" and sys.platform != "linux":
        pytest.skip("workers are forked on Linux alone")
    return lambda call: in_fresh_process(partial(making_workers_by, request.param, call))


def making_workers_by(way: str, call: Callable[[], Any]) -> Any:
    if way == "spawn":
        sys.modules["tensorflow"] = sys
    assert parallel._context().get_start_method() == way
    return call()


def listed(each: Callable[..., Iterator[Any]], function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    return list(each(function, items, "test"))


def sizes_in(folders: Sequence[Path]) -> list[set[int]]:
    found = []
    for folder in folders:
        os.chdir(folder)
        found.append(set(map_on_all_cores(size_of, [Path("a")] * TOO_FEW_FOR_PROCESSES, "test")))
    return found


def size_of(path: Path) -> int:
    return len(path.read_bytes())


def square(number: int) -> int:
    if number == MANY:
        raise ValueError("too many")
    return number * number


def die(number: int) -> None:
    if number == MANY // 2:
        os.kill(os.getpid(), signal.SIGKILL)


def with_its_share(numbers: Sequence[int]) -> list[tuple[int, int]]:
    return [(number, len(numbers)) for number in numbers]


def test_results_come_in_the_order_of_the_items(run: Run) -> None:
    assert run(partial(listed, map_on_all_cores, square, range(MANY))) == [item * item for item in range(MANY)]


def test_results_come_in_the_order_of_the_items_in_threads() -> None:
    assert list(map_in_threads(square, range(MANY), "test")) == [item * item for item in range(MANY)]


@pytest.mark.parametrize("n", [0, 1, 7, 8, MANY])
def test_what_is_done_together_comes_in_order_and_no_more_than_asked_for_at_once(n: int) -> None:
    """A picture that is lost between two workers' shares, or done twice, would shift all rows after it."""
    found = list(map_in_chunks(with_its_share, range(n), "test", 7))
    assert [item for item, _ in found] == list(range(n))
    assert [share for _, share in found] == [min(7, n - item // 7 * 7) for item in range(n)]


def test_relative_paths_are_those_of_the_caller(run: Run, tmp_path: Path) -> None:
    """A worker that stays in the folder of an earlier call would read other files, or none."""
    folders = [tmp_path / name for name in ("one", "three")]
    for folder in folders:
        folder.mkdir()
        (folder / "a").write_text(folder.name)
    assert run(partial(sizes_in, folders)) == [{len("one")}, {len("three")}]


@pytest.mark.parametrize("each", [map_on_all_cores, map_in_threads])
def test_an_error_of_a_worker_reaches_the_caller(each: Callable[..., Iterator[int]], run: Run) -> None:
    with pytest.raises(ValueError, match="too many"):
        run(partial(listed, each, square, range(2 * MANY)))


def test_a_killed_worker_ends_the_work_with_one_clear_line(run: Run) -> None:
    """As where memory runs out; a pool that waits for the dead worker's answer would never end."""
    with pytest.raises(UserError, match="a worker process was killed"):
        run(partial(listed, map_on_all_cores, die, range(MANY)))


@pytest.mark.skipif(sys.platform != "linux", reason="finds the workers in /proc")
@pytest.mark.parametrize("load", ["", "import sys; sys.modules['tensorflow'] = sys"])
def test_a_killed_caller_leaves_no_worker_behind(load: str) -> None:
    """Workers that wait for more work from nobody would keep their memory until the machine is started again."""
    command = [sys.executable, "-c", f"{load}\n{WAITING}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as caller:
        assert caller.stdout is not None
        assert caller.stdout.readline() == b"begun\n"
        assert len(_alive_in_session(caller.pid)) > 1
        caller.kill()
        caller.communicate()
    for _ in range(200):
        if not _alive_in_session(caller.pid):
            return
        time.sleep(0.05)
    os.killpg(caller.pid, signal.SIGKILL)
    pytest.fail("workers live on")


def _alive_in_session(session: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, of = stat.read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if int(of) == session and state != "Z":
            found.append(int(stat.parent.name))
    return found


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the options are glibc's")
def test_glibc_takes_the_memory_options() -> None:
    """Above its limits mallopt() returns 0 and changes nothing: training and decoding would be slow without a word."""
    assert keep_freed_memory()


def test_other_c_libraries_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda _: object())
    assert not keep_freed_memory()
