"""A bounded worker pool in front of the model: jobs run in order, and one beyond its capacity is rejected at once."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

Result = TypeVar("Result")


class BusyError(Exception):
    """The pool is full, or the job took too long: worth another try after `seconds`."""

    def __init__(self, reason: str, seconds: int) -> None:
        super().__init__(reason)
        self.seconds = seconds


class WorkerPool(Generic[Result]):
    """Runs jobs on `workers` threads while at most `waiting` more wait; `active` counts both, at most `capacity`."""

    def __init__(self, workers: int, waiting: int) -> None:
        self.capacity = workers + waiting
        self.active = 0
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="worker")

    def run(self, job: Callable[[], Result], end: float) -> Result:
        """The job's result, or its exception. Raises BusyError at once where the pool is full, or at `end`.

        end: a time of time.monotonic(). A thread cannot be stopped: after it, a running job still counts as active
        until it ends, a waiting one is dropped.
        """
        with self._lock:
            if self.active == self.capacity:
                raise BusyError("Too many pictures at once", 1)
            self.active += 1
        future = self._pool.submit(job)
        future.add_done_callback(self._release)
        try:
            return future.result(timeout=max(0.0, end - time.monotonic()))
        except TimeoutError:
            future.cancel()
            raise BusyError("It took too long", 5) from None

    def _release(self, _: Future[Result]) -> None:
        with self._lock:
            self.active -= 1
