"""The same work for many items on all cores, results in the order of the items, with a progress bar."""

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TypeVar

from joblib import Parallel, delayed
from tqdm import tqdm

from lesions.console import available_cores

Item = TypeVar("Item")
Result = TypeVar("Result")

# For glibc in the workers, bytes: as it comes, it gives the memory of each picture back to the system and asks for it
# again, page by page, which takes as long as a third of decoding.
MEMORY = {"MALLOC_MMAP_THRESHOLD_": "33554432", "MALLOC_TRIM_THRESHOLD_": "134217728"}
TOO_FEW_FOR_PROCESSES = 64  # starting workers takes about as long as this many pictures


def map_on_all_cores(function: Callable[[Item], Result], items: Sequence[Item], title: str) -> Iterator[Result]:
    """Yield function(item) for every item, in order, while a progress bar on stderr counts them.

    Results stream: memory does not grow with the number of items. The first exception of a worker is raised here.
    """
    return map_together(partial(_one_by_one, function), items, title, 1)


def map_together(
    function: Callable[[Sequence[Item]], Sequence[Result]], items: Sequence[Item], title: str, size: int
) -> Iterator[Result]:
    """As map_on_all_cores(), for a function of up to `size` items that returns a result for each of them."""
    os.environ.update({name: value for name, value in MEMORY.items() if name not in os.environ})
    jobs = 1 if len(items) < TOO_FEW_FOR_PROCESSES else available_cores()
    results = Parallel(n_jobs=jobs, return_as="generator", batch_size="auto" if size == 1 else 1)(
        delayed(_here)(Path.cwd(), function, items[start : start + size]) for start in range(0, len(items), size)
    )
    # disable=None: no bar where stderr is a log
    yield from tqdm(chain.from_iterable(results), total=len(items), desc=title, unit=" pictures", disable=None)


def _here(
    folder: Path, function: Callable[[Sequence[Item]], Sequence[Result]], items: Sequence[Item]
) -> Sequence[Result]:
    """Workers are used again, and stay in the folder in which they were started: relative paths need this one."""
    if Path.cwd() != folder:
        os.chdir(folder)
    return function(items)


def _one_by_one(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    return [function(item) for item in items]
