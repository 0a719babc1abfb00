"""Work on all cores gives the same results in the same order, however its workers are made, and leaves none behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from lesions import parallel
from lesions.console import UserError
from lesions.parallel import TOO_FEW_FOR_PROCESSES, map_in_threads, map_on_all_cores, map_together

MANY = 3 * TOO_FEW_FOR_PROCESSES + 1
WAITING = f"""
import time
from lesions.parallel import map_on_all_cores
for _ in map_on_all_cores(time.sleep, [0.0] * 32 + [3600.0] * {MANY}, "test"):
    print("begun", flush=True)
"""


@pytest.fixture(params=["fork", "spawn"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of making workers; by itself a test takes the second, because other tests load TensorFlow."""
    if request.param == "fork":
        if sys.platform != "linux":
            pytest.skip("workers are forked on Linux alone")
        monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    else:
        monkeypatch.setitem(sys.modules, "tensorflow", sys)
    assert parallel._context().get_start_method() == request.param
    return str(request.param)


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


@pytest.mark.usefixtures("way")
def test_results_come_in_the_order_of_the_items() -> None:
    assert list(map_on_all_cores(square, range(MANY), "test")) == [item * item for item in range(MANY)]


def test_results_come_in_the_order_of_the_items_in_threads() -> None:
    assert list(map_in_threads(square, range(MANY), "test")) == [item * item for item in range(MANY)]


@pytest.mark.parametrize("n", [0, 1, 7, 8, MANY])
def test_what_is_done_together_comes_in_order_and_no_more_than_asked_for_at_once(n: int) -> None:
    """A picture that is lost between two workers' shares, or done twice, would shift all rows after it."""
    found = list(map_together(with_its_share, range(n), "test", 7))
    assert [item for item, _ in found] == list(range(n))
    assert [share for _, share in found] == [min(7, n - item // 7 * 7) for item in range(n)]


@pytest.mark.usefixtures("way")
def test_relative_paths_are_those_of_the_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that stays in the folder of an earlier call would read other files, or none."""
    for name in ("one", "three"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "a").write_text(name)
        monkeypatch.chdir(folder)
        assert set(map_on_all_cores(size_of, [Path("a")] * TOO_FEW_FOR_PROCESSES, "test")) == {len(name)}


@pytest.mark.parametrize("each", [map_on_all_cores, map_in_threads])
@pytest.mark.usefixtures("way")
def test_an_error_of_a_worker_reaches_the_caller(each: Callable[..., Iterator[int]]) -> None:
    with pytest.raises(ValueError, match="too many"):
        list(each(square, range(2 * MANY), "test"))


@pytest.mark.usefixtures("way")
def test_a_killed_worker_ends_the_work_with_one_clear_line() -> None:
    """As where memory runs out; a pool that waits for the dead worker's answer would never end."""
    with pytest.raises(UserError, match="a worker process was killed"):
        list(map_on_all_cores(die, range(MANY), "test"))


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
