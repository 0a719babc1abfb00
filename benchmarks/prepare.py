"""Decoding speed: the prepare stage against a bare loop with Pillow, in one run, in turns.

Bare: decode, resize with the same filter, encode a PNG with the same effort, in a pool of processes. The stage also
hashes every picture in all orientations, keeps a grey copy for comparisons, and never stops at a damaged file.
Its workers also set the C library to keep freed memory, which those of a bare loop do not; the third variant, bare
with that setting, shows what part of the difference is due to it.
Every measurement has a process of its own, and includes the start of its workers: measure at least 6,000 pictures, or
that start, which all variants share, dominates the time.
"""

import argparse
import contextlib
import io
import os
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from PIL import Image

from benchmarks.measuring import spread
from benchmarks.processes import RSS_UNIT, in_fresh_process, peak_memory
from lesions.data.pixels import PNG_WRITING, Pixels
from lesions.data.results.prepare import PrepareMetrics
from lesions.params.paths import PREPARE_METRICS
from lesions.params.schema import PARAMS_FILE, load_params
from lesions.preparation.prepare import decode_all
from lesions.runtime.console import available_cores
from lesions.runtime.parallel import keep_freed_memory, map_on_all_cores

WIDTH, HEIGHT = 600, 450  # pixels, as in HAM10000
GRAIN = 9.0  # standard deviation of the noise, grey levels: files of about 270 kB, the mean of HAM10000
QUALITY = 95  # of the JPEG files
CLASSES = 5

# Folder of the pictures, their paths in it, folder for the results
Implementation = Callable[[Path, list[str], Path], None]
Measure = Callable[[Callable[[], None]], dict[str, float]]

MIN_RATIO = 0.85
MAX_SECONDS = 60  # for 10,000 pictures on two cores


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.prepare", description=__doc__)
    parser.add_argument("--pictures", type=int, default=10_000, metavar="N")
    parser.add_argument("--rounds", type=int, default=3, help="times that everything is measured")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sources = make_pictures(folder / "pictures", arguments.pictures)
        size = sum((folder / "pictures" / source).stat().st_size for source in sources) / len(sources)
        print(
            f"{len(sources)} JPEG files of {WIDTH} x {HEIGHT} pixels and {size / 1000:.0f} kB: smooth random colours "
            f"under noise, all different; image_size {load_params().image_size}, {available_cores()} cores"
        )
        compare(folder, sources, arguments.rounds)
        time_stage(folder, sources, arguments.rounds)
        print_memory(folder, sources)


def make_pictures(folder: Path, n: int, width: int = WIDTH, height: int = HEIGHT) -> list[str]:
    """Draw n pictures into one folder per class; returns their paths relative to the folder."""
    sources = [f"class {number % CLASSES}/{number:05}.jpg" for number in range(n)]
    for source in sources[:CLASSES]:
        (folder / source).parent.mkdir(parents=True, exist_ok=True)
    jobs = [(folder / source, number) for number, source in enumerate(sources)]
    for _ in map_on_all_cores(partial(_draw, width=width, height=height), jobs, "draw"):
        pass
    return sources


def compare(folder: Path, sources: list[str], rounds: int) -> None:
    """Measure all variants in turns, each first in every other round, and print speeds, ratios and time."""
    implementations: dict[str, Implementation] = {
        "bare": decode_bare,
        "bare with the memory setting": partial(decode_bare, begin=keep_freed_memory),
        "prepare": decode_with_stage,
    }
    rows = []
    for turn in range(rounds):
        order = list(implementations) if turn % 2 == 0 else list(implementations)[::-1]
        rows.append({name: measure_in_fresh_process(implementations[name], folder, sources) for name in order})
        speeds = ", ".join(f"{name} {len(sources) / rows[-1][name]['seconds']:.0f}" for name in implementations)
        print(f"round {turn + 1}, pictures/s: {speeds}", flush=True)
    for other in list(implementations)[:2]:
        for what, how in (("seconds", ""), ("cpu", ", by processor time")):
            ratios = [row[other][what] / row["prepare"][what] for row in rows]
            print(f"speed against {other}{how}: {spread(ratios, '.2f')}")
    print(f"goal against bare: at least {MIN_RATIO}")
    print_time(f"decoding {len(sources)} pictures", [row["prepare"] for row in rows])


def time_stage(folder: Path, sources: list[str], rounds: int) -> None:
    """Print the time of the whole stage."""
    print_time(
        f"whole stage, {len(sources)} pictures",
        [measure_in_fresh_process(run_stage, folder, sources) for _ in range(rounds)],
    )
    print(f"goal: 10,000 pictures in under {MAX_SECONDS} s on two cores")


def print_time(what: str, times: list[dict[str, float]]) -> None:
    cores = available_cores()
    print(f"{what}: {spread([time_of_run['seconds'] for time_of_run in times], '.1f')} s")
    print(
        f"  processor time / {cores} cores: {spread([time_of_run['cpu'] / cores for time_of_run in times], '.1f')} s",
        flush=True,
    )


def print_memory(folder: Path, sources: list[str]) -> None:
    """Print the peak memory of decoding a tenth of the pictures, and all."""
    for part in (sources[: max(64, len(sources) // 10)], sources):
        memory = measure_in_fresh_process(decode_with_stage, folder, part, _peak_memories)
        print(f"peak memory, {len(part)} pictures: parent {memory['parent']:.0f} MB, worker {memory['worker']:.0f} MB")


def measure_in_fresh_process(
    implementation: Implementation, folder: Path, sources: list[str], measure: Measure | None = None
) -> dict[str, float]:
    """Result of `measure` (by default seconds and processor seconds) for one implementation in a fresh process.

    The results stay: where files have just been deleted, ext4 takes twenty times as long to create others.
    """
    out = Path(tempfile.mkdtemp(dir=folder))
    return in_fresh_process(partial(measure or time_call, partial(implementation, folder / "pictures", sources, out)))


def decode_bare(pictures: Path, sources: list[str], out: Path, begin: Callable[[], object] | None = None) -> None:
    """The bare conversion of JPEG files to small PNG files; begin: called first in every worker."""
    decode = partial(_decode_one_bare, size=load_params().image_size)
    jobs = [(pictures / source, out / f"{number}.png") for number, source in enumerate(sources)]
    with ProcessPoolExecutor(available_cores(), initializer=begin) as pool:
        for _ in pool.map(decode, jobs, chunksize=32):
            pass


def decode_with_stage(pictures: Path, sources: list[str], out: Path) -> None:
    """Decoding as in the prepare stage."""
    params = load_params()
    table = decode_all(pd.DataFrame({"source": sources}), pictures, out, params.image_size, params.prepare.min_side)
    assert (table["reason"] == "").all()  # noqa: S101


def run_stage(pictures: Path, sources: list[str], out: Path) -> None:
    """The prepare stage from params to manifest, in a folder of its own."""
    from stages import prepare

    params = yaml.safe_load(Path(PARAMS_FILE).read_text(encoding="utf-8"))
    labels = out / "labels"
    labels.mkdir()
    (out / PARAMS_FILE).write_text(
        yaml.safe_dump(params | {"dataset": str(pictures), "labels": str(labels)}), encoding="utf-8"
    )
    os.chdir(out)
    with contextlib.redirect_stdout(io.StringIO()):
        prepare.main()
    assert PrepareMetrics.read(PREPARE_METRICS).n_usable == len(sources)  # noqa: S101


def time_call(call: Callable[[], None]) -> dict[str, float]:
    """Seconds that a call takes, and processor seconds of this process and of its workers."""
    start = time.perf_counter()
    call()
    seconds = time.perf_counter() - start
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {"seconds": seconds, "cpu": sum(each.ru_utime + each.ru_stime for each in used)}


def _peak_memories(call: Callable[[], None]) -> dict[str, float]:
    call()
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * RSS_UNIT  # of the largest that has ended
    return {"parent": peak_memory(), "worker": workers}


def _decode_one_bare(job: tuple[Path, Path], size: int) -> None:
    source, target = job
    with Image.open(source) as image:
        small = image.convert("RGB").resize((size, size), Image.Resampling.LANCZOS, reducing_gap=3.0)
    small.save(target, format="PNG", **PNG_WRITING)


def _draw(job: tuple[Path, int], width: int, height: int) -> None:
    path, seed = job
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(60, 220, (6, 8, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), dtype=np.int16)
    pixels: Pixels = np.clip(smooth + _shifted_noise(rng, height, width), 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(path, quality=QUALITY, subsampling=0)


def _shifted_noise(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """One stretch of a long strip of noise: drawing afresh would take longer than all the rest."""
    strip = _strip(height * width * 3)
    start = rng.integers(0, len(strip) // 2)
    return strip[start : start + height * width * 3].reshape(height, width, 3)


_strips: dict[int, np.ndarray] = {}


def _strip(length: int) -> np.ndarray:
    if length not in _strips:
        _strips[length] = np.random.default_rng(0).normal(0, GRAIN, 2 * length).astype(np.int16)
    return _strips[length]


if __name__ == "__main__":
    from benchmarks import prepare  # by its full name: worker processes cannot import functions of __main__

    prepare.main()
