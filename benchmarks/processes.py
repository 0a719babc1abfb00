"""Measuring tools of the benchmarks: a fresh process for each measurement, peak memory, spreads and tables."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple, TypeVar

Result = TypeVar("Result")

RSS_UNIT = 1 / 1024**2 if sys.platform == "darwin" else 1 / 1024  # of getrusage(), MB


class ResourceUsage(NamedTuple):
    """Time used by a command: seconds, and processor seconds, which other programs on the machine change less."""

    seconds: float
    cpu: float  # of all cores together


def run_command(command: Sequence[str], folder: Path | None = None) -> ResourceUsage:
    """Run a command of this environment, quietly. Raises SystemExit with its output where it fails."""
    search_path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": search_path, "DVC_NO_ANALYTICS": "1"}
    before, start = os.times(), time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    seconds, after = time.perf_counter() - start, os.times()
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    cpu = (after.children_user + after.children_system) - (before.children_user + before.children_system)
    return ResourceUsage(seconds, cpu)


def in_fresh_process(call: Callable[[], Result]) -> Result:
    """Result of a call in a spawned process, which inherits nothing; its exceptions are raised here."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(call).result()


def peak_memory() -> float:
    """Peak resident memory of this process so far, MB."""
    status = Path("/proc/self/status")  # Linux: getrusage() there begins with the size of the process that forked
    if status.exists():
        line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RSS_UNIT
