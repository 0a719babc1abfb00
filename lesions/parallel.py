"""The same work for many items on all cores, results in the order of the items, with a progress bar."""

import os
from collections.abc import Callable, Iterator, Sequence
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
    os.environ.update({name: size for name, size in MEMORY.items() if name not in os.environ})
    jobs = 1 if len(items) < TOO_FEW_FOR_PROCESSES else available_cores()
    results = Parallel(n_jobs=jobs, return_as="generator", batch_size="auto")(
        delayed(_here)(Path.cwd(), function, item) for item in items
    )
    # disable=None: no bar where stderr is a log
    yield from tqdm(results, total=len(items), desc=title, unit=" pictures", disable=None)


def _here(folder: Path, function: Callable[[Item], Result], item: Item) -> Result:
    """Workers are used again, and stay in the folder in which they were started: relative paths need this one."""
    if Path.cwd() != folder:
        os.chdir(folder)
    return function(item)
