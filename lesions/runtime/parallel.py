"""The same work for many items on all cores, results in the order of the items, with a progress bar."""

import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from itertools import chain
from multiprocessing.context import BaseContext
from threading import Thread
from typing import TypeVar

from tqdm import tqdm

from lesions.runtime.console import UserError, available_cores

Item = TypeVar("Item")
Result = TypeVar("Result")

# Options of mallopt(), by the names' numbers in malloc.h, bytes: by default, glibc gives the memory of each picture
# back to the system and requests it again, page by page, which takes as long as a third of decoding.
MALLOC_OPTIONS = {"M_MMAP_THRESHOLD": (-3, 1 << 25), "M_TRIM_THRESHOLD": (-1, 1 << 27)}
TOO_FEW_FOR_PROCESSES = 64
MAX_CHUNK_SIZE = 16  # items: handing over one chunk takes as long as reading a picture
CHUNKS_PER_WORKER = 8  # at least, so that no worker waits long for the last one


def map_on_all_cores(function: Callable[[Item], Result], items: Sequence[Item], title: str) -> Iterator[Result]:
    """Yield function(item) for every item, in order, while a progress bar on stderr counts them.

    Results stream: memory does not grow with the number of items. The first exception of a worker is raised here;
    UserError where a worker was killed.
    """
    size = max(1, min(MAX_CHUNK_SIZE, len(items) // (CHUNKS_PER_WORKER * available_cores())))
    return map_in_chunks(partial(_one_by_one, function), items, title, size)


def map_in_chunks(
    function: Callable[[Sequence[Item]], Sequence[Result]], items: Sequence[Item], title: str, size: int
) -> Iterator[Result]:
    """As map_on_all_cores(), for a function of up to `size` items that returns a result for each of them."""
    chunks = [items[start : start + size] for start in range(0, len(items), size)]
    serial = len(items) < TOO_FEW_FOR_PROCESSES or available_cores() == 1
    results = map(function, chunks) if serial else _in_processes(function, chunks)
    return _with_progress_bar(chain.from_iterable(results), len(items), title)


def map_in_threads(function: Callable[[Item], Result], items: Sequence[Item], title: str) -> Iterator[Result]:
    """As map_on_all_cores(), for what Pillow does beside Python, such as reading small pictures: nothing is copied."""
    with ThreadPoolExecutor(available_cores()) as threads:
        yield from _with_progress_bar(threads.map(function, items), len(items), title)


def keep_freed_memory() -> bool:
    """Make the C library of this process keep freed memory for the next picture or tensor.

    Returns whether it does: glibc alone has the options.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # musl, macOS; Windows
        return False
    return all(mallopt(option, value) == 1 for option, value in MALLOC_OPTIONS.values())


def _with_progress_bar(results: Iterable[Result], n: int, title: str) -> Iterator[Result]:
    # disable=None: no bar where stderr is a log
    yield from tqdm(results, total=n, desc=title, unit=" pictures", disable=None)


def _one_by_one(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    return [function(item) for item in items]


def _in_processes(function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    executor = ProcessPoolExecutor(available_cores(), _context(), _initialise_worker)
    try:
        yield from executor.map(function, items)
    except BrokenProcessPool:
        raise UserError(
            "a worker process was killed, as happens where memory runs out: close other programs, then run again"
        ) from None
    finally:
        executor.shutdown(cancel_futures=True)


def _context() -> BaseContext:
    """The start method of workers: a fork is instant; a new interpreter imports everything for half a second.

    A fork has none of the threads that TensorFlow or a Mac's libraries count on; so it is left to Linux without it.
    """
    forked = sys.platform == "linux" and "tensorflow" not in sys.modules
    return multiprocessing.get_context("fork" if forked else "spawn")


def _initialise_worker() -> None:
    """Start a worker: it leaves Ctrl-C to the caller, and ends where the caller was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_freed_memory()
    Thread(target=_end_with_caller, daemon=True).start()


def _end_with_caller() -> None:
    caller = multiprocessing.parent_process()
    if caller:
        caller.join()
        os._exit(1)
