"""The desk in front of the model: few places, worked off in order; who finds none is sent away at once, not kept."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

Result = TypeVar("Result")


class BusyError(Exception):
    """All places are taken, or the answer took too long: worth another try after `seconds`."""

    def __init__(self, why: str, seconds: int) -> None:
        super().__init__(why)
        self.seconds = seconds


class Desk(Generic[Result]):
    """Runs jobs on `workers` threads while at most `waiting` more wait."""

    def __init__(self, workers: int, waiting: int) -> None:
        self.places = workers + waiting
        self._free = threading.BoundedSemaphore(self.places)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="desk")

    def ask(self, job: Callable[[], Result], end: float) -> Result:
        """The job's result, or what it raises. Raises BusyError at once where no place is free, or at the time `end`.

        A thread cannot be stopped: a job that has begun keeps its place until it ends, one that waits is dropped.
        """
        if not self._free.acquire(blocking=False):
            raise BusyError("Too many pictures at once", 1)
        try:
            future = self._pool.submit(job)
        except RuntimeError:  # shutting down
            self._free.release()
            raise
        future.add_done_callback(lambda _: self._free.release())
        try:
            return future.result(timeout=max(0.0, end - time.monotonic()))
        except TimeoutError:
            future.cancel()
            raise BusyError("It took too long", 5) from None
