"""Load test of the prediction service: pictures per second, and its behaviour when overloaded.

A server as `python -m app.serve` starts it gets requests over loopback from clients in a process of their own, which
share its cores. First SECONDS of CLIENTS that each send the next request on a response, then OVERLOAD_CLIENTS at once,
more than the queue holds, then the first again. The model is that of --model, without its flag for synthetic training
pictures: it predicts every picture.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from benchmarks.prepare import HEIGHT, WIDTH, make_pictures
from lesions.bundle.bundle import METADATA
from lesions.params.paths import BUNDLE
from lesions.runtime.console import available_cores, run

SECONDS, CLIENTS = 60, 16
OVERLOAD_CLIENTS = 80  # more than twice the places in the queue; fewer than the connections that the server accepts
OVERLOAD_SECONDS = 5
PICTURES = 64
MIN_PER_SECOND, MAX_SECONDS, MAX_MEMORY_GROWTH = 100, 1.0, 20  # pictures/s; p99 of the response times, s; memory, MB


class LoadTest(NamedTuple):
    """One request: time of the response (seconds from the start), its duration, the status, Retry-After or ''."""

    end: float
    seconds: float
    status: int
    retry_after: str


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serve", description=__doc__)
    parser.add_argument("--model", type=Path, default=BUNDLE, help=f"folder of the model (default: {BUNDLE})")
    parser.add_argument("--seconds", type=int, default=SECONDS)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ProcessPoolExecutor(1, mp_context=get_context("spawn")) as clients:
        folder = Path(name)
        paths = [str(folder / "pictures" / source) for source in make_pictures(folder / "pictures", PICTURES)]
        size = sum(Path(path).stat().st_size for path in paths) / len(paths)
        print(f"{PICTURES} JPEG files of {WIDTH} x {HEIGHT} pixels and {size / 1000:.0f} kB, {available_cores()} cores")
        with serving(copy_without_synthetic_flag(arguments.model, folder / "model")) as (port, process):

            def send(n: int, seconds: float) -> list[LoadTest]:
                return clients.submit(send_requests, seconds, n, port, paths).result()

            send(arguments.clients, 2)  # each thread of the server sets its network up once
            before, cpu_seconds = memory(process.pid), processor_seconds(process.pid)
            requests = send(arguments.clients, arguments.seconds)
            load_test_text(f"{arguments.clients} clients", requests, arguments.seconds)
            cpu = (processor_seconds(process.pid) - cpu_seconds) / len(requests)
            growth = memory(process.pid) - before
            print(f"  processor time of the server: {1000 * cpu:.1f} ms a picture, so {2 / cpu:.0f}/s on two cores")
            print(f"  memory: {before:.0f} MB before, {growth:+.0f} MB after (goal: below {MAX_MEMORY_GROWTH:+} MB)")
            load_test_text(f"{OVERLOAD_CLIENTS} clients", send(OVERLOAD_CLIENTS, OVERLOAD_SECONDS), OVERLOAD_SECONDS)
            load_test_text(
                f"{arguments.clients} clients again", send(arguments.clients, OVERLOAD_SECONDS), OVERLOAD_SECONDS
            )
    print(f"goal: {CLIENTS} clients get {MIN_PER_SECOND} pictures/s, 99 % within {MAX_SECONDS} s, without an error")


def load_test_text(title: str, requests: list[LoadTest], seconds: float) -> None:
    """Print number and response times of successful and of rejected requests, and the errors."""
    successes = [request for request in requests if request.status == 200]
    per_second = [sum(second <= request.end < second + 1 for request in successes) for second in range(int(seconds))]
    print(
        f"{title}, {seconds} s: {len(successes) / seconds:.0f} pictures/s (in the slowest second {min(per_second)}); "
        + spread([request.seconds for request in successes])
    )
    rejected = [request for request in requests if request.status == 503]
    if rejected:
        waits = sorted({request.retry_after for request in rejected})
        times = spread([request.seconds for request in rejected])
        print(f"  503: {len(rejected)}, Retry-After {', '.join(waits)}; {times}")
    errors = [request.status for request in requests if request.status not in (200, 503)]
    print(f"  errors: {len(errors)} {sorted(set(errors)) or ''}", flush=True)


def spread(seconds: list[float]) -> str:
    """Median, 99th percentile and largest of times in seconds, in milliseconds."""
    if len(seconds) < 2:
        return "no answer"
    summary = statistics.median(seconds), statistics.quantiles(seconds, n=100)[98], max(seconds)
    return "answered in {:.0f} ms (median), {:.0f} ms (p99), {:.0f} ms (most)".format(
        *(1000 * value for value in summary)
    )


def send_requests(seconds: float, n: int, port: int, paths: list[str]) -> list[LoadTest]:
    """n clients, each with one connection, send requests until the time is up; after a 503 they wait for a moment."""
    contents = [Path(path).read_bytes() for path in paths]
    requests: list[LoadTest] = []
    start = time.perf_counter()

    def client(number: int) -> None:
        connection, turn = HTTPConnection("127.0.0.1", port, timeout=30), number
        while (began := time.perf_counter()) < start + seconds:
            connection.request("POST", "/api/predict", contents[turn % len(contents)], {"Content-Type": "image/jpeg"})
            response = connection.getresponse()
            response.read()
            end = time.perf_counter()
            requests.append(
                LoadTest(end - start, end - began, response.status, response.headers.get("Retry-After", ""))
            )
            turn += n
            if response.status == 503:
                time.sleep(0.2)  # less than Retry-After: impatient clients
        connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return requests


@contextmanager
def serving(model: Path) -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    """A server for the model in a folder: its port and its process."""
    command = [sys.executable, "-m", "app.serve", "--port", "0", "--model", str(model)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        yield int(line.split()[0].rstrip("/").rpartition(":")[2]), process
    finally:
        process.terminate()
        process.wait()


def copy_without_synthetic_flag(model: Path, folder: Path) -> Path:
    """Copy a model without its flag for synthetic training pictures: with it, only the examples are predicted."""
    shutil.copytree(model, folder)
    metadata = json.loads((folder / METADATA).read_text(encoding="utf-8"))
    metadata["data"]["synthetic"] = False
    (folder / METADATA).write_text(json.dumps(metadata), encoding="utf-8")
    return folder


def memory(pid: int) -> float:
    """Resident memory of a process, MB (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def processor_seconds(pid: int) -> float:
    """Processor time that a process has used, s (Linux): a busy machine changes it less than wall time."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    run(main, recovery_hint="Nothing was changed.")
