"""What a picture file says of its pixels, read so that damage in it never costs the pixels themselves.

Pillow refuses a whole picture for a damaged text, profile or EXIF block. without_metadata() leaves these out; what
decoding needs stays.
"""

import re
import struct
from collections.abc import Iterator

from PIL import Image

ORIENTATION = 0x0112
TURNS = {  # EXIF orientation -> what makes the picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDES_SWAPPED = (5, 6, 7, 8)
MIN_DECLARED = 1  # a scale that ends at 0 is none
_EXIF = b"Exif\0\0"
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_PIXELS = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"sBIT", b"acTL", b"fcTL", b"fdAT"})
_WEBP_METADATA = frozenset({b"ICCP", b"EXIF", b"XMP "})
_WEBP_FLAGS = 0x2C  # of VP8X: there is a profile, EXIF, XMP
_JPEG_START_OF_SCAN = 0xDA
_JPEG_PIXELS = frozenset({*range(0xC0, 0xE0), 0xE0, 0xEE})  # tables and frames; JFIF and Adobe say what the colours are
# The tags of a TIFF's first directory that say how its pixels are stored, their scale and their orientation
_TIFF_PIXELS = frozenset({
    254, 256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 280, 281, 284, 292, 293, 317, 320, 322, 323, 324, 325,
    332, 338, 339, 340, 341, 347, 512, 513, 514, 515, 519, 520, 521, 529, 530, 531, 532,
})  # fmt: skip
_NEW_SUBFILE_TYPE, _DNG_VERSION = 254, 50706
_TIFF_BITS, _TIFF_MAX, _TIFF_FLOAT_MAX = 258, 281, 341
_UNKNOWN_TAG = 0xFFFF


def orientation_of(source: Image.Image | bytes) -> int:
    """The EXIF orientation, 2 to 8, of a loaded image or an EXIF block; 1 where it has none or is damaged."""
    try:
        if isinstance(source, bytes):
            exif = Image.Exif()
            exif.load(source)
        else:
            exif = source.getexif()
        orientation = exif.get(ORIENTATION)
    except Exception:  # Pillow raises what it likes for damaged blocks
        return 1
    return orientation if isinstance(orientation, int) and orientation in TURNS else 1


def is_thumbnail(image: Image.Image) -> bool:
    """Whether an opened TIFF is a camera's raw file, of which Pillow would give the small copy for display."""
    tags = getattr(image, "tag_v2", {})
    return _DNG_VERSION in tags or bool(tags.get(_NEW_SUBFILE_TYPE, 0) == 1)


def without_metadata(content: bytes) -> tuple[bytes, bytes]:
    """The file without all that its pixels do not need, and its EXIF block (empty where it has none of its own)."""
    if content.startswith(b"\xff\xd8"):
        return _split_jpeg(content)
    if content.startswith(_PNG):
        return _split_png(content)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _split_webp(content)
    if content[:4] in (b"II*\0", b"MM\0*"):
        return _without_tiff_tags(content), b""
    return content, b""


def declared_maximum(image: Image.Image, content: bytes) -> float | None:
    """The largest value of the scale that the file declares: PNG's sBIT, TIFF's MaxSampleValue; None where it does not.

    TIFF: BitsPerSample as well, where it is no multiple of 8 and so the values are stored in wider numbers.
    """
    if image.format == "PNG":
        bits = max((value for kind, data in _png_chunks(content) if kind == b"sBIT" for value in data[8:-4]), default=0)
        return float(2**bits - 1) if bits else None
    tags = getattr(image, "tag_v2", {})
    for tag in (_TIFF_MAX, _TIFF_FLOAT_MAX):
        value = tags.get(tag)
        values = value if isinstance(value, tuple) else (value,)
        if all(isinstance(each, int | float) and each >= MIN_DECLARED for each in values):
            return float(max(values))
    stored = bits_per_sample(image)
    return float(2**stored - 1) if stored and stored % 8 else None


def bits_per_sample(image: Image.Image) -> int | None:
    """How many bits a TIFF stores for each value; None for other formats."""
    bits = getattr(image, "tag_v2", {}).get(_TIFF_BITS)
    return int(bits[0]) if bits else None


def _split_jpeg(content: bytes) -> tuple[bytes, bytes]:
    """Only the segments up to the scan that decoding needs. What follows a segment of a wrong length is passed over."""
    kept, exif, place = [content[:2]], b"", 2
    marker = re.compile(rb"\xff+([\xc0-\xfe])")
    while found := marker.search(content, place):
        kind, start = found[1][0], found.end()
        if kind == _JPEG_START_OF_SCAN:
            return b"".join([*kept, b"\xff\xda", content[start:]]), exif
        if 0xD0 <= kind <= 0xD9:  # markers without a length
            place = start
            continue
        place = start + int.from_bytes(content[start : start + 2], "big")
        segment = content[start:place]
        if kind in _JPEG_PIXELS:
            kept.append(bytes((0xFF, kind)) + segment)
        elif kind == 0xE1 and segment[2:].startswith(_EXIF) and not exif:
            exif = segment[2:]
    return content, b""


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each chunk's kind and the chunk, whole."""
    place = len(_PNG)
    while place + 12 <= len(content):
        end = place + 12 + int.from_bytes(content[place : place + 4], "big")
        yield content[place + 4 : place + 8], content[place:end]
        place = end


def _split_png(content: bytes) -> tuple[bytes, bytes]:
    chunks = list(_png_chunks(content))
    exif = next((chunk[8:-4] for kind, chunk in chunks if kind == b"eXIf"), b"")
    return _PNG + b"".join(chunk for kind, chunk in chunks if kind in _PNG_PIXELS), exif


def _split_webp(content: bytes) -> tuple[bytes, bytes]:
    kept, exif, place = [], b"", 12
    while place + 8 <= len(content):
        size = int.from_bytes(content[place + 4 : place + 8], "little")
        kind, chunk = content[place : place + 4], content[place : place + 8 + size + size % 2]
        if kind == b"VP8X":
            chunk = chunk[:8] + bytes((chunk[8] & ~_WEBP_FLAGS,)) + chunk[9:]
        if kind not in _WEBP_METADATA:
            kept.append(chunk)
        elif kind == b"EXIF":
            exif = chunk[8 : 8 + size]
        place += len(chunk)
    body = b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body, exif


def _without_tiff_tags(content: bytes) -> bytes:
    """The file's first page alone, every tag that its pixels do not need made an unknown one."""
    order = "<" if content[:2] == b"II" else ">"
    patched = bytearray(content)
    try:
        (start,) = struct.unpack_from(order + "I", content, 4)
        (count,) = struct.unpack_from(order + "H", content, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            (tag,) = struct.unpack_from(order + "H", content, entry)
            if tag not in _TIFF_PIXELS:
                struct.pack_into(order + "HHII", patched, entry, _UNKNOWN_TAG, 1, 1, 0)
        struct.pack_into(order + "I", patched, start + 2 + 12 * count, 0)  # no second page
    except struct.error:
        return content
    return bytes(patched)
