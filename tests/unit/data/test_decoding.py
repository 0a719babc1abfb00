"""Damage: in metadata it costs nothing, in pixels it is one reason in words, and never the end of a run."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lesions.data import decoding, picture_formats
from lesions.data.decoding import decode, size_of
from lesions.data.manifest import REASONS
from lesions.data.picture_files import PictureError
from tests.unit.data.picture_writers import FORMATS, PIXELS, WHOLE, png, png_chunk, saved, tiff

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # of damaged metadata

TURNED_SIDES = (5, 6, 7, 8)
CODE = ("not supported between", "unpack", "NoneType", "object", "not a TIFF file", "expected", "argument", "index")


def orientation_block(kind: int, count: int, value: bytes, order: str = "<") -> bytes:
    """An EXIF block without its marker, whose one entry is the orientation in any type."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(order + "IHHHI4sI", 8, 1, 0x0112, kind, count, value, 0)


def with_exif(container: str, block: bytes) -> bytes:
    """A whole picture with this block as its EXIF; in a TIFF, as a directory that an entry points to."""
    if container == "JPEG":
        segment = b"Exif\0\0" + block
        content = WHOLE["JPEG"]
        return content[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + content[2:]
    if container == "PNG":
        return png(PIXELS, (b"eXIf", block))
    if container == "WEBP":
        return saved("WEBP", lossless=True, exif=b"Exif\0\0" + block)
    content = tiff(PIXELS, tags={34665: 0})
    place = content.index(struct.pack("<HHII", 34665, 4, 1, 0))
    return content[: place + 8] + struct.pack("<I", len(content)) + content[place + 12 :] + block


def outcome(content: bytes) -> str:
    """The reason where the content gives no picture, else nothing; fails on anything else."""
    try:
        image, _ = decode(content)
    except PictureError as error:
        assert error.reason in REASONS
        assert "\n" not in error.detail
        assert " at 0x" not in error.detail
        assert not any(code in error.detail for code in CODE), error.detail
        return error.reason
    assert image.mode == "RGB"
    return ""


@pytest.mark.parametrize("container", ["JPEG", "PNG", "WEBP", "TIFF"])
@settings(deadline=None)
@given(data=st.data())
def test_a_damaged_exif_block_costs_no_pixel(container: str, data: st.DataObject) -> None:
    """Any bytes, and damaged ones of a real block: the picture keeps its pixels and its size."""
    real = Image.Exif()
    real[0x010F], real[0x0132], real[0x8769] = "camera", "2020:01:01 00:00:00", {0x9003: "2020", 0x829A: 0.5}
    block = real.tobytes()[6:]
    place = data.draw(st.integers(0, len(block)))
    damage = data.draw(st.binary(max_size=12))
    damaged = data.draw(st.sampled_from([damage, block[:place], block[:place] + damage + block[place + len(damage) :]]))
    image, size = decode(with_exif(container, damaged))
    assert sorted(size) == [40, 60]
    assert image.size == size


@pytest.mark.parametrize("container", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("order", "<>")
@given(orientation=st.integers(0, 65535))
def test_only_five_to_eight_swap_the_sides(container: str, order: str, orientation: int) -> None:
    value = struct.pack(order + "HH", orientation, 0)
    _, size = decode(with_exif(container, orientation_block(3, 1, value, order)))
    assert size == ((40, 60) if orientation in TURNED_SIDES else (60, 40))


@pytest.mark.parametrize(("kind", "count", "value"), [(2, 2, b"6\0"), (7, 1, b"\6"), (5, 1, b"\x1a")])
def test_an_orientation_that_is_no_number_turns_nothing(kind: int, count: int, value: bytes) -> None:
    assert decode(with_exif("PNG", orientation_block(kind, count, value.ljust(4, b"\0"))))[1] == (60, 40)


@pytest.mark.parametrize("chunk", [b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"pHYs", b"tIME", b"gAMA", b"cHRM"])
@given(data=st.binary(max_size=20), crc=st.integers(0, 1))
def test_a_damaged_chunk_of_metadata_costs_no_pixel(chunk: bytes, data: bytes, crc: int) -> None:
    image, _ = decode(png(PIXELS, (chunk, data), crc=crc))
    assert (np.asarray(image) == PIXELS).all()


def test_a_picture_stays_upright_where_other_metadata_is_damaged() -> None:
    """Leaving out all metadata at the first error would leave out the orientation, too."""
    turned = orientation_block(3, 1, b"\6\0\0\0")
    broken = png(PIXELS, (b"eXIf", turned))
    broken = broken[:33] + png_chunk(b"tIME", b"1234567", crc=1) + broken[33:]
    image, size = decode(broken)
    assert size == image.size == (40, 60)
    assert (np.asarray(image) == np.rot90(PIXELS, -1)).all()


@given(st.integers(0, 60), st.binary(min_size=1, max_size=60).filter(lambda data: b"\xff" not in data))
def test_a_metadata_segment_of_a_wrong_length_costs_no_pixel(length: int, rest: bytes) -> None:
    """Browsers pass over what follows a segment that says it is shorter than it is; Pillow alone refuses the file."""
    content = WHOLE["JPEG"]
    segment = b"\xff\xe1" + struct.pack(">H", length + 2) + b"\0" * length + rest
    assert (np.asarray(decode(content[:2] + segment + content[2:])[0]) == np.asarray(decode(content)[0])).all()


@pytest.mark.parametrize("name", WHOLE)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_damage_anywhere_is_a_picture_or_one_reason_in_words(name: str, data: st.DataObject) -> None:
    """Decoders raise what they like; any exception but PictureError would end a run of thousands."""
    content = bytearray(WHOLE[name])
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    start, length = data.draw(st.integers(0, len(content))), data.draw(st.sampled_from([0, 0, 1, 40]))
    cut = data.draw(st.integers(len(content) // 2, len(content)))
    damaged = bytes(content[:start] + content[start + length :])[:cut]
    outcome(damaged)
    try:
        size_of(damaged)
    except PictureError as error:
        assert error.reason in REASONS


class Panic(BaseException):
    """As extensions in Rust raise it: no Exception."""


@pytest.mark.parametrize("error", [Panic("at 0x12"), SystemError("x"), MemoryError(), RecursionError(), KeyError(1)])
def test_whatever_a_decoder_raises_is_a_reason(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(decoding, "to_rgb", fail)
    assert outcome(WHOLE["PNG"]) == "unreadable"


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_a_stop_is_no_damage(monkeypatch: pytest.MonkeyPatch, error: type[BaseException]) -> None:
    """Ctrl-C during a picture must end the run, not make a row of it."""

    def stop(*_: object) -> None:
        raise error

    monkeypatch.setattr(decoding, "to_rgb", stop)
    with pytest.raises(error):
        decode(WHOLE["PNG"])


@pytest.mark.parametrize(
    ("content", "reason", "advice"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(300), "unreadable", "HEIC picture.* save a copy as JPEG"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + bytes(300), "unreadable", "HEIC picture.* save a copy as JPEG"),
        (tiff(PIXELS, tags={50706: 1}), "unreadable", "raw file.* export it"),
        (tiff(PIXELS, tags={254: 1}), "unreadable", "raw file.* export it"),
        (bytes(128) + b"DICM" + bytes(99), "not an image", "DICOM.* export"),
        (b"<!DOCTYPE html><html></html>", "not an image", "download the picture again"),
        (b"PK\x03\x04" + bytes(99), "not an image", "unpack"),
        (tiff(PIXELS, tags={262: 9}), "unreadable", "of a kind that is not read.*save it as JPEG or PNG"),
        (b"patient list", "not an image", "no known picture format"),
        (b"", "not an image", "empty file"),
    ],
)
def test_what_is_not_read_is_named_with_what_to_do(content: bytes, reason: str, advice: str) -> None:
    with pytest.raises(PictureError, match=advice) as error:
        decode(content)
    assert error.value.reason == reason


def test_the_formats_are_those_that_are_tried() -> None:
    """A format that the tests do not damage may raise anything."""
    assert set(FORMATS) == set(picture_formats.FORMATS)
