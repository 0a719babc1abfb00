"""Uploads of pictures with a fault in them, thousands: what the page's application answers, and what memory it keeps.

Each is a whole JPEG or PNG whose bytes were changed, cut, doubled or mixed with another's; the same ones every time.
They go to the application in this process, half of them by its form and half as raw bodies.
"""

import argparse
import io
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from flask import Flask
from PIL import Image
from tqdm import tqdm

from app.web.application import create_app
from app.web.service import PredictionService
from benchmarks.serve import copy_without_synthetic_flag, memory
from lesions.params.paths import BUNDLE
from lesions.runtime.console import run

SIDES = (90, 120)  # pixels
ROUNDS = 5  # parts of the uploads after which memory is measured
MAX_GROWTH = 20  # MB, from the second part on: the first fills caches and pools
EXTREMES = (0, 1, 0x7F, 0x80, 0xFE, 0xFF)


def upload(seed: int) -> bytes:
    """A picture with one to four faults, by its number."""
    rng = np.random.default_rng(seed)
    content = whole(rng)
    for _ in range(rng.integers(1, 5)):
        content = MUTATIONS[rng.integers(len(MUTATIONS))](rng, content)
    return content


def whole(rng: np.random.Generator) -> bytes:
    """A smooth random picture, as baseline or progressive JPEG, or as PNG of any mode."""
    coarse = Image.fromarray(rng.integers(0, 256, (5, 5, 3), dtype=np.uint8))
    picture = coarse.resize(SIDES, Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    if rng.random() < 0.5:
        mode = ("RGB", "L", "CMYK")[rng.integers(3)]
        picture.convert(mode).save(buffer, "JPEG", progressive=bool(rng.integers(2)), exif=b"Exif\0\0II*\0\b\0\0\0")
    else:
        picture.convert(("RGB", "L", "P", "RGBA", "1", "LA", "I;16")[rng.integers(7)]).save(buffer, "PNG")
    return buffer.getvalue()


def change(rng: np.random.Generator, content: bytes) -> bytes:
    """Some bytes are others, half of them extremes, which lengths and sizes trip over."""
    changed = bytearray(content)
    for place in rng.integers(0, len(content), rng.integers(1, 9)):
        changed[place] = EXTREMES[rng.integers(len(EXTREMES))] if rng.random() < 0.5 else rng.integers(256)
    return bytes(changed)


def change_header(rng: np.random.Generator, content: bytes) -> bytes:
    """As change(), where sizes, tables and metadata stand."""
    return change(rng, content[:200]) + content[200:]


def cut(rng: np.random.Generator, content: bytes) -> bytes:
    """The end is missing."""
    return content[: rng.integers(8, max(9, len(content)))]


def remove(rng: np.random.Generator, content: bytes) -> bytes:
    """A piece is missing."""
    start, end = sorted(rng.integers(2, max(3, len(content)), 2))
    return content[:start] + content[end:]


def double(rng: np.random.Generator, content: bytes) -> bytes:
    """A piece comes several times."""
    start, end = sorted(rng.integers(2, max(3, len(content)), 2))
    return content[:end] + content[start:end] * int(rng.integers(1, 20)) + content[end:]


def mix(rng: np.random.Generator, content: bytes) -> bytes:
    """Begins as one picture and goes on as another."""
    other = whole(rng)
    return content[: rng.integers(2, max(3, len(content)))] + other[rng.integers(0, len(other)) :]


MUTATIONS: tuple[Callable[[np.random.Generator, bytes], bytes], ...] = (
    change, change, change_header, change_header, cut, remove, double, mix,
)  # fmt: skip


def send(application: Flask, seeds: range) -> Counter[int]:
    """How often each status was answered. Raises AssertionError for an answer to a program that is no JSON."""
    client, statuses = application.test_client(), Counter[int]()
    for seed in tqdm(seeds, unit=" uploads", disable=None):
        content = upload(seed)
        if seed % 2:
            answer = client.post("/api/predict", data=content, content_type="application/octet-stream")
            answer.get_json()
        else:
            answer = client.post("/", data={"picture": (io.BytesIO(content), "picture.jpg")})
        statuses[answer.status_code] += 1
    return statuses


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutated_uploads", description=__doc__)
    parser.add_argument("--model", type=Path, default=BUNDLE, help=f"folder of the model (default: {BUNDLE})")
    parser.add_argument("--uploads", type=int, default=10_000, metavar="N")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="number of the first upload")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        application = create_app(PredictionService(copy_without_synthetic_flag(arguments.model, Path(name) / "model")))
    statuses, used = Counter[int](), list[float]()
    size = -(-arguments.uploads // ROUNDS)
    for start in range(arguments.first, arguments.first + arguments.uploads, size):
        statuses += send(application, range(start, min(start + size, arguments.first + arguments.uploads)))
        used.append(memory(os.getpid()))
    print(", ".join(f"{status}: {count}" for status, count in sorted(statuses.items())))
    print(f"memory after each {size}: {', '.join(f'{megabytes:.0f}' for megabytes in used)} MB")
    failed = sum(count for status, count in statuses.items() if status >= 500)
    grown = used[-1] - used[min(1, len(used) - 1)]
    print(f"5xx: {failed}; growth since the second measurement: {grown:+.0f} MB (goals: 0; below {MAX_GROWTH})")
    sys.exit(bool(failed or grown >= MAX_GROWTH))


if __name__ == "__main__":
    run(main, recovery_hint="Nothing was changed.")
