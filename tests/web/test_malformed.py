"""Two hundred uploads that are no usable picture, against the server as it runs: refused in order, nothing is left."""

import functools
import io
import json
import struct
import zlib
from collections.abc import Callable, Iterator
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np
import pytest
from PIL import Image

from tests.conftest import random_pixels
from tests.web.conftest import Server

REFUSALS = {400, 403, 413, 415, 422}
ROUNDS = 4  # until every thread has had its largest picture; what leaks grows in each of them
GROWTH = 20  # MB that the server may grow by when the same uploads come again; their bombs decode to 30 times as much
PNG = b"\x89PNG\r\n\x1a\n"
BOUNDARY = "fence"


def jpeg(seed: int, **options: object) -> bytes:
    return encoded("JPEG", seed, quality=85, **options)


def png(seed: int) -> bytes:
    return encoded("PNG", seed)


def encoded(kind: str, seed: int, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(random_pixels(seed, 120, 160)).save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@functools.cache
def zeros(n: int) -> bytes:
    """n bytes, compressed to a thousandth."""
    return zlib.compress(bytes(n), 9)


def header(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def with_segment(picture: bytes, marker: int, data: bytes) -> bytes:
    return picture[:2] + segment(marker, data) + picture[2:]


def truncated(rng: np.random.Generator, seed: int) -> bytes:
    whole = jpeg(seed) if seed % 2 else png(seed)
    return whole[: int(rng.integers(1, len(whole) - 20))]


def damaged(rng: np.random.Generator, seed: int) -> bytes:
    """A whole picture in which bytes have changed: some still decode, to nonsense, and are answered."""
    whole = bytearray(jpeg(seed) if seed % 2 else png(seed))
    for place in rng.integers(0, len(whole), 40):
        whole[place] = rng.integers(0, 256)
    return bytes(whole)


def noise(rng: np.random.Generator, seed: int) -> bytes:
    start = (b"", b"\xff\xd8\xff", PNG, b"\xff\xd8\xff\xe0\x00\x10JFIF\x00")[seed % 4]
    return start + rng.bytes(int(rng.integers(0, 20_000)))


def bomb(rng: np.random.Generator, seed: int) -> bytes:
    """A small file with a huge picture: by its header alone, or with all its pixels, compressed a thousandfold."""
    side = int(rng.integers(6_100, 60_000))
    return PNG + header(side, side) + chunk(b"IDAT", zeros(8_000_000)) + chunk(b"IEND", b"")


def decodable_bomb(rng: np.random.Generator, seed: int) -> bytes:
    """Just below the limit of pixels, and whole: it has to be decoded, and must not stay in memory."""
    width, height = 6_000, 5_000
    comment = chunk(b"tEXt", b"number\x00" + str(seed).encode())
    return PNG + header(width, height) + comment + chunk(b"IDAT", zeros((width * 3 + 1) * height)) + chunk(b"IEND", b"")


def jpeg_bomb(rng: np.random.Generator, seed: int) -> bytes:
    """A JPEG whose frame says 65,535 x 65,535."""
    whole = bytearray(jpeg(seed))
    place = whole.index(b"\xff\xc0")
    whole[place + 5 : place + 9] = b"\xff\xff\xff\xff"
    return bytes(whole)


def polyglot(rng: np.random.Generator, seed: int) -> bytes:
    """Two formats in one file: what it starts as counts, and scripts inside are never given back."""
    script = b"<script>alert(1)</script>"
    return (
        b"GIF89a" + jpeg(seed),
        b"%PDF-1.7\n" + png(seed),
        b"PK\x03\x04" + jpeg(seed),
        b"<svg xmlns='http://www.w3.org/2000/svg'>" + script + b"</svg>",
        jpeg(seed)[:-2] + script + b"PK\x03\x04",
        with_segment(b"\xff\xd8" + png(seed), 0xFE, script),
        PNG + jpeg(seed),
        b"BM" + png(seed),
    )[seed % 8]


def other_format(rng: np.random.Generator, seed: int) -> bytes:
    return encoded(("GIF", "BMP", "TIFF", "WEBP", "PPM", "TGA", "ICO")[seed % 7], seed)


def absurd_exif(rng: np.random.Generator, seed: int) -> bytes:
    tiff = b"II*\x00\x08\x00\x00\x00" + struct.pack("<H", int(rng.integers(1, 65_536)))
    entries = b"".join(
        struct.pack("<HHII", 0x0112 if k == 0 else int(rng.integers(65_536)), *map(int, rng.integers(0, 65_536, 3)))
        for k in range(int(rng.integers(1, 60)))
    )
    return with_segment(jpeg(seed), 0xE1, b"Exif\x00\x00" + tiff + entries)


def absurd_icc(rng: np.random.Generator, seed: int) -> bytes:
    if seed % 2:
        part = b"ICC_PROFILE\x00" + bytes([int(rng.integers(256)), int(rng.integers(256))]) + rng.bytes(2_000)
        return with_segment(jpeg(seed), 0xE2, part)
    profile = chunk(b"iCCP", b"name\x00\x00" + zeros(90_000_000))
    return PNG + header(160, 120) + profile + png(seed)[33:]


def absurd_chunk(rng: np.random.Generator, seed: int) -> bytes:
    text = chunk((b"zTXt", b"iTXt", b"tEXt")[seed % 3], b"key\x00\x00" + zeros(90_000_000))
    odd = (
        text,
        chunk(b"PLTE", rng.bytes(7)),
        chunk(b"tRNS", rng.bytes(300)),
        chunk(b"acTL", struct.pack(">II", 4_000_000_000, 0)) * 3,
        struct.pack(">I", 0xFFFFFFFF) + b"juNk",
        chunk(b"gAMA", b"") + chunk(b"pHYs", b"1"),
        header(0, 0),
        header(160, 120, 16, 6),
    )[seed % 8]
    return PNG + header(160, 120) + odd + png(seed)[33:]


def empty(rng: np.random.Generator, seed: int) -> bytes:
    return b"\0" * seed


KINDS: dict[Callable[[np.random.Generator, int], bytes], int] = {
    truncated: 40, damaged: 30, noise: 30, bomb: 10, decodable_bomb: 4, jpeg_bomb: 6, polyglot: 16, other_format: 14,
    absurd_exif: 20, absurd_icc: 10, absurd_chunk: 16, empty: 4,
}  # fmt: skip


def uploads() -> Iterator[tuple[str, bytes]]:
    """The same two hundred every time."""
    for kind, count in KINDS.items():
        for seed in range(count):
            yield f"{kind.__name__} {seed}", kind(np.random.default_rng(seed), seed)


def send(url: str, body: bytes, kind: str) -> tuple[int, bytes]:
    try:
        with urlopen(Request(url, body, {"Content-Type": kind}), timeout=30) as response:  # noqa: S310
            return response.status, response.read()
    except HTTPError as error:
        return error.code, error.read()


def form(content: bytes, name: bytes = b"a.jpg") -> bytes:
    head = (
        b'Content-Disposition: form-data; name="picture"; filename="' + name + b'"\r\nContent-Type: image/jpeg\r\n\r\n'
    )
    return f"--{BOUNDARY}\r\n".encode() + head + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def send_all(server: Server) -> dict[str, int]:
    """The status of every upload by its name; by the program's door and by the page's in turns."""
    statuses = {}
    for number, (name, content) in enumerate(uploads()):
        if number % 2:
            status, body = send(server.url + "api/predict", content, "application/octet-stream")
            json.loads(body)
        else:
            status, body = send(server.url, form(content), f"multipart/form-data; boundary={BOUNDARY}")
            assert b"<script>alert" not in body
        statuses[name] = status
    return statuses


def test_two_hundred_bad_uploads_are_refused_one_by_one_and_memory_stays(server: Server) -> None:
    """One file that breaks the server, or stays in it, is enough to take the page away from everybody."""
    assert sum(KINDS.values()) == 200
    statuses = send_all(server)
    memory, growths = [server.memory()], list[float]()
    while len(growths) < ROUNDS and (not growths or growths[-1] >= GROWTH):
        assert send_all(server) == statuses
        memory.append(server.memory())
        growths.append(memory[-1] - memory[-2])
    assert growths[-1] < GROWTH, f"it grows in every round: {growths} MB"
    allowed_to_decode = ("damaged", "polyglot", "absurd", "decodable")
    wrong = {
        name: status
        for name, status in statuses.items()
        if status not in REFUSALS and not (status == 200 and name.startswith(allowed_to_decode))
    }
    assert wrong == {}
    assert all(status == 413 for name, status in statuses.items() if name.startswith(("bomb", "jpeg_bomb")))
    assert all(status == 415 for name, status in statuses.items() if name.startswith("other_format"))
    assert not [line for line in server.log if "Traceback" in line or "Error" in line]
    assert send(server.url + "api/predict", jpeg(1), "image/jpeg")[0] == 200, "it must go on answering"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data"),
        (b"no boundary anywhere", f"multipart/form-data; boundary={BOUNDARY}"),
        (b"--fence\r\n\r\n", f"multipart/form-data; boundary={BOUNDARY}"),
        (form(b"x")[:-30], f"multipart/form-data; boundary={BOUNDARY}"),
        (form(b"", b""), f"multipart/form-data; boundary={BOUNDARY}"),
        (form(b"x", b"\xff\xfe\x00\r\n<b>"), f"multipart/form-data; boundary={BOUNDARY}"),
        (form(b"x") * 40, f"multipart/form-data; boundary={BOUNDARY}"),
        (b"example=%ff%00", "application/x-www-form-urlencoded"),
        (b"example=../../etc/passwd", "application/x-www-form-urlencoded"),
        (b"[" * 10_000, "application/json"),
        (b"x", "\x7f\x01/;;;=;"),
    ],
)
def test_a_malformed_form_is_refused_in_words(server: Server, body: bytes, kind: str) -> None:
    for address in ("", "api/predict"):
        status, answer = send(server.url + address, body, kind)
        assert status in {400, 404, 413, 415, 422}
        assert answer
    assert not [line for line in server.log if "Traceback" in line]
