"""The cache of decoded pictures: all in memory, or none, and then they are read from their files for every batch.

Both give the same pixels for the same indices, and the same hash. TensorFlow stays out of here.
"""

import contextlib
import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lesions.data.pixels import Pixels
from lesions.runtime.console import available_cores
from lesions.training.training_set import PictureStore

Cache = Literal["auto", "memory", "none"]
Reader = Callable[[Path], Pixels]

MEMORY_SHARE = 0.5  # of the memory that is free may go to pictures; network, batches and other programs need the rest
LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")  # of a container


class PicturesOnDisk:
    """Pictures that are read from their files at every access, in threads (Pillow decodes outside Python's lock).

    Indexed by an array of indices (b,), as an array of pictures is, and with its shape: (n, side, side, 3).
    """

    def __init__(self, paths: Sequence[Path], side: int, read: Reader, digest: str) -> None:
        self.paths, self.read, self.digest = list(paths), read, digest
        self.shape = (len(self.paths), side, side, 3)
        self._readers = ThreadPoolExecutor(available_cores())

    def __getitem__(self, indices: NDArray[Any]) -> Pixels:
        pictures = self._readers.map(self.read, [self.paths[index] for index in indices])
        return np.stack(list(pictures))


def fits_in_memory(pictures: int, side: int, cache: Cache) -> bool:
    """Whether that many pictures of side x side pixels fit into the memory that pictures may take."""
    if cache == "auto":
        free = free_memory()
        return free is None or pictures * side * side * 3 <= MEMORY_SHARE * free
    return cache == "memory"


def free_memory() -> int | None:
    """Bytes that may be taken without driving out other programs, or None where the system does not tell."""
    known = [_available(), *map(_limit, LIMITS)]
    return min((size for size in known if size is not None), default=None)


def digest_of(pixels: Pixels) -> bytes:
    """SHA-256 of one picture's pixels as they are; lesions.data.images.pixel_hash is the same for mirrored pictures."""
    return hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).digest()


def content_hash(pixels: PictureStore) -> str:
    """SHA-256 over the pictures (n, side, side, 3) in their order, hexadecimal."""
    if isinstance(pixels, PicturesOnDisk):
        return pixels.digest
    return hash_of_digests([digest_of(pixels[np.array([i])]) for i in range(pixels.shape[0])])


def hash_of_digests(digests: Sequence[bytes]) -> str:
    """What content_hash gives for the pictures with these digests."""
    return hashlib.sha256(b"".join(digests)).hexdigest()


def _available() -> int | None:
    """What Linux calls available; elsewhere half of what is built in."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return None


def _limit(path: str) -> int | None:
    with contextlib.suppress(OSError, ValueError):  # "max" where there is no limit
        return int(Path(path).read_text(encoding="ascii"))
    return None
