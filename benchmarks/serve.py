"""How many pictures a second the served page answers, and what it does when more come than it can answer.

A server as `python -m app.serve` starts it, asked over loopback by clients in a process of their own, which share its
cores. First SECONDS of CLIENTS that each ask again as soon as they are answered, then as many at once as find no place,
then the first again. The model is that of --model, taken for one of photographs: it answers every picture.
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
CROWD = 80  # clients at once, more than twice the places; fewer than the connections that the server accepts
CROWD_SECONDS = 5
PICTURES = 64
LEAST_PER_SECOND, MOST_SECONDS, MOST_GROWTH = 100, 1.0, 20  # pictures/s; p99 of the answers, s; memory, MB


class LoadTest(NamedTuple):
    """One request: when it was answered (seconds from the start), how long it took, the status, Retry-After or ''."""

    end: float
    seconds: float
    status: int
    retry: str


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
        with serving(taken_for_photographs(arguments.model, folder / "model")) as (port, process):

            def ask(n: int, seconds: float) -> list[LoadTest]:
                return clients.submit(send_requests, seconds, n, port, paths).result()

            ask(arguments.clients, 2)  # each thread of the server sets its network up once
            before, used = memory(process.pid), processor_seconds(process.pid)
            asked = ask(arguments.clients, arguments.seconds)
            load_test_text(f"{arguments.clients} clients", asked, arguments.seconds)
            each = (processor_seconds(process.pid) - used) / len(asked)
            growth = memory(process.pid) - before
            print(f"  processor time of the server: {1000 * each:.1f} ms a picture, so {2 / each:.0f}/s on two cores")
            print(f"  memory: {before:.0f} MB before, {growth:+.0f} MB after (goal: below {MOST_GROWTH:+} MB)")
            load_test_text(f"{CROWD} clients", ask(CROWD, CROWD_SECONDS), CROWD_SECONDS)
            load_test_text(f"{arguments.clients} clients again", ask(arguments.clients, CROWD_SECONDS), CROWD_SECONDS)
    print(f"goal: {CLIENTS} clients get {LEAST_PER_SECOND} pictures/s, 99 % within {MOST_SECONDS} s, without an error")


def load_test_text(title: str, asked: list[LoadTest], seconds: float) -> None:
    """Print how many were answered and how fast, and the same of those that were sent away."""
    good = [one for one in asked if one.status == 200]
    per_second = [sum(second <= one.end < second + 1 for one in good) for second in range(int(seconds))]
    print(
        f"{title}, {seconds} s: {len(good) / seconds:.0f} pictures/s (in the slowest second {min(per_second)}); "
        + spread([one.seconds for one in good])
    )
    sent_away = [one for one in asked if one.status == 503]
    if sent_away:
        waits = sorted({one.retry for one in sent_away})
        print(f"  503: {len(sent_away)}, Retry-After {', '.join(waits)}; {spread([one.seconds for one in sent_away])}")
    others = [one.status for one in asked if one.status not in (200, 503)]
    print(f"  errors: {len(others)} {sorted(set(others)) or ''}", flush=True)


def spread(seconds: list[float]) -> str:
    """Median, 99th percentile and largest of times in seconds, in milliseconds."""
    if len(seconds) < 2:
        return "no answer"
    found = statistics.median(seconds), statistics.quantiles(seconds, n=100)[98], max(seconds)
    return "answered in {:.0f} ms (median), {:.0f} ms (p99), {:.0f} ms (most)".format(*(1000 * one for one in found))


def send_requests(seconds: float, n: int, port: int, paths: list[str]) -> list[LoadTest]:
    """n clients, each with one connection, ask until the time is up; who is sent away waits for a moment."""
    contents = [Path(path).read_bytes() for path in paths]
    asked: list[LoadTest] = []
    start = time.perf_counter()

    def client(number: int) -> None:
        connection, turn = HTTPConnection("127.0.0.1", port, timeout=30), number
        while (began := time.perf_counter()) < start + seconds:
            connection.request("POST", "/api/predict", contents[turn % len(contents)], {"Content-Type": "image/jpeg"})
            response = connection.getresponse()
            response.read()
            end = time.perf_counter()
            asked.append(LoadTest(end - start, end - began, response.status, response.headers.get("Retry-After", "")))
            turn += n
            if response.status == 503:
                time.sleep(0.2)  # less than it is told: an impatient crowd
        connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return asked


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


def taken_for_photographs(model: Path, folder: Path) -> Path:
    """A copy of a model that says it was not trained on synthetic pictures: those answer their examples only."""
    shutil.copytree(model, folder)
    content = json.loads((folder / METADATA).read_text(encoding="utf-8"))
    content["data"]["synthetic"] = False
    (folder / METADATA).write_text(json.dumps(content), encoding="utf-8")
    return folder


def memory(pid: int) -> float:
    """Resident memory of a process, MB (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def processor_seconds(pid: int) -> float:
    """Processor time that a process has used, s (Linux): what a busy machine changes less than the clock."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    run(main, way_back="Nothing was changed.")
