"""One picture in every format that is decoded, and PNG and TIFF of any depth, order and scale, as others write them."""

import io
import struct
import zlib
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.conftest import random_pixels

Order = Literal["<", ">"]
PNG_COLOURS = {1: 0, 2: 4, 3: 2, 4: 6}  # PNG's colour type by the number of channels


def png(values: NDArray[np.unsignedinteger], *chunks: tuple[bytes, bytes], crc: int = 0) -> bytes:
    """A PNG of values (height, width, channels) of 8 or 16 bits; chunks: others, whose checksums `crc` spoils."""
    height, width, channels = values.shape
    header = struct.pack(">IIBBBBB", width, height, 8 * values.itemsize, PNG_COLOURS[channels], 0, 0, 0)
    rows = values.astype(values.dtype.newbyteorder(">")).reshape(height, -1)
    pixels = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    body = png_chunk(b"IHDR", header) + b"".join(png_chunk(*chunk, crc) for chunk in chunks)
    return b"\x89PNG\r\n\x1a\n" + body + png_chunk(b"IDAT", pixels) + png_chunk(b"IEND", b"")


def png_chunk(kind: bytes, data: bytes, crc: int = 0) -> bytes:
    """One chunk; crc: added to its checksum, which is right for 0."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", (zlib.crc32(kind + data) + crc) % 2**32)


def tiff(values: NDArray[np.generic], order: Order = "<", tags: dict[int, int] | None = None) -> bytes:
    """A TIFF of values (height, width, channels); order: `<` or `>`; tags: others, or other values."""
    height, width, channels = values.shape
    sample_format = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    pixels = values.astype(values.dtype.newbyteorder(order)).tobytes()
    entries: dict[int, tuple[int, ...]] = {
        256: (width,), 257: (height,), 258: (8 * values.itemsize,) * channels, 259: (1,),
        262: (1 if channels == 1 else 2,), 273: (8,), 277: (channels,), 278: (height,), 279: (len(pixels),),
        339: (sample_format,) * channels, **{tag: (value,) for tag, value in (tags or {}).items()},
    }  # fmt: skip
    if channels == 4:
        entries[338] = (2,)
    start = 8 + len(pixels) + len(pixels) % 2
    room = start + 2 + 12 * len(entries) + 4
    directory, beyond = struct.pack(order + "H", len(entries)), b""
    for tag, numbers in sorted(entries.items()):
        cell = struct.pack(f"{order}{len(numbers)}I", *numbers)
        if len(cell) > 4:
            cell, beyond = struct.pack(order + "I", room + len(beyond)), beyond + cell
        directory += struct.pack(order + "HHI", tag, 4, len(numbers)) + cell
    mark = b"II*\0" if order == "<" else b"MM\0*"
    content = mark + struct.pack(order + "I", start) + pixels.ljust(start - 8, b"\0")
    return content + directory + struct.pack(order + "I", 0) + beyond


PIXELS = random_pixels(1, 40, 60)
FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "WEBP", "AVIF", "GIF", "JPEG2000", "PPM")


def saved(format_name: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, format_name, **options)
    return buffer.getvalue()


WHOLE = {name: saved(name) for name in FORMATS} | {
    "LZW": saved("TIFF", compression="tiff_lzw"),
    "MPO": saved("MPO", save_all=True, append_images=[Image.fromarray(PIXELS)]),
    "progressive": saved("JPEG", progressive=True),
    "JP2": saved("JPEG2000", irreversible=True),
}
