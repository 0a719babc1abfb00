"""The desk in front of the model: few places, worked off in order; who finds none is sent away at once, not kept."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

Result = TypeVar("Result")


class BusyError(Exception):
    """All places are taken, or the answer took too long: worth another try after `seconds`."""

    def __init__(self, why: str, seconds: int) -> None:
        super().__init__(why)
        self.seconds = seconds


class WorkerPool(Generic[Result]):
    """Runs jobs on `workers` threads while at most `waiting` more wait; `taken` of its `places` are in use."""

    def __init__(self, workers: int, waiting: int) -> None:
        self.places = workers + waiting
        self.taken = 0
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="desk")

    def ask(self, job: Callable[[], Result], end: float) -> Result:
        """The job's result, or what it raises. Raises BusyError at once where no place is free, or at the time `end`.

        A thread cannot be stopped: a job that has begun keeps its place until it ends, one that waits is dropped.
        """
        with self._lock:
            if self.taken == self.places:
                raise BusyError("Too many pictures at once", 1)
            self.taken += 1
        future = self._pool.submit(job)
        future.add_done_callback(self._leave)
        try:
            return future.result(timeout=max(0.0, end - time.monotonic()))
        except TimeoutError:
            future.cancel()
            raise BusyError("It took too long", 5) from None

    def _leave(self, _: Future[Result]) -> None:
        with self._lock:
            self.taken -= 1
