"""The queue in front of the model: few places, no waiting beyond the time, and room again afterwards."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.web.workers import BusyError, WorkerPool


def soon(seconds: float = 10.0) -> float:
    return time.monotonic() + seconds


def test_who_finds_no_place_is_sent_away_at_once_and_others_are_served() -> None:
    """A queue without end would make everybody wait for longer than anybody stays."""
    pool, gate = WorkerPool[bool](workers=1, waiting=2), threading.Event()
    with ThreadPoolExecutor(3) as visitors:
        waiting = [visitors.submit(pool.run, gate.wait, soon()) for _ in range(3)]
        while pool.active < pool.capacity:
            time.sleep(0.01)
        start = time.monotonic()
        with pytest.raises(BusyError, match="at once"):
            pool.run(gate.wait, soon())
        assert time.monotonic() - start < 1
        gate.set()
        assert [one.result() for one in waiting] == [True] * 3
    assert pool.run(gate.wait, soon()) is True, "places must come free again"


def test_what_takes_too_long_is_given_up_and_what_waited_for_it_is_dropped() -> None:
    pool, gate, begun = WorkerPool[None](workers=1, waiting=1), threading.Event(), []
    with pytest.raises(BusyError, match="too long"):
        pool.run(lambda: (gate.wait(), None)[1], soon(0.05))
    with pytest.raises(BusyError, match="too long"):
        pool.run(lambda: begun.append(1), soon(0.05))
    gate.set()
    pool.run(lambda: None, soon())
    assert begun == [], "nobody waits for this answer any more"


def test_what_a_job_raises_reaches_its_visitor_and_frees_the_place() -> None:
    pool = WorkerPool[float](workers=1, waiting=0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            pool.run(lambda: 1 / 0, soon())
    assert pool.run(lambda: 1.0, soon()) == 1.0
