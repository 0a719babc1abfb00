"""What the benchmarks share."""

import time

from benchmarks.measuring import in_fresh_process
from lesions.parallel import TOO_FEW_FOR_PROCESSES, map_on_all_cores

IDLE = 300  # seconds that joblib's workers wait for more work


def on_workers() -> list[str]:
    return list(map_on_all_cores(str, range(TOO_FEW_FOR_PROCESSES), "numbers"))


def test_a_process_that_had_workers_does_not_wait_for_them_to_tire() -> None:
    """Each preparation of a benchmark took five minutes longer than its work."""
    start = time.monotonic()
    assert in_fresh_process(on_workers)[-1] == str(TOO_FEW_FOR_PROCESSES - 1)
    assert time.monotonic() - start < IDLE / 2
