"""Which formats of pictures are decoded, by name and by the first bytes; and what to do about those that are not.

The same for prepare, the audit, the command line and the page: what one of them uses, all use.
"""

import re
from pathlib import PurePosixPath

# Pillow's names of the formats that it may decode, most frequent first. Not all it knows: for PostScript it runs
# another program, and Targa has no signature, so that any file may be taken for one.
FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "WEBP", "AVIF", "GIF", "JPEG2000", "PPM")
SUFFIXES = frozenset({
    ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".tif", ".tiff", ".bmp", ".dib", ".webp", ".avif",
    ".avifs", ".gif", ".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx", ".ppm", ".pgm", ".pbm", ".pnm", ".pfm",
})  # fmt: skip
# Pictures as well, though not decoded: they are left out with the reason and what to do, never passed over
FOREIGN_SUFFIXES = frozenset({
    ".heic", ".heif", ".hif", ".jxl", ".dcm", ".psd", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf",
})  # fmt: skip
SIGNATURE_BYTES = 16
RAW = "a camera's raw file, which is not read: export it as JPEG or PNG"
_DECODED = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|II[*+]\0|MM\0[*+]|BM.{4}\0\0\0\0|RIFF....WEBP|....ftyp(avi[fs]|m[is]f1)|"
    rb"GIF8[79]a|\0\0\0\x0cjP  \r\n|\xffO\xffQ|P[1-6Ff]\s+[-\d#]",
    re.DOTALL,
)
# The beginning of what is not decoded, and what it is. HEIC: the Python wheels of its decoder hold code under the GPL
# for patented HEVC, and every phone and desktop makes the JPEG: a line that says so is enough.
_FOREIGN_PICTURES = (
    (
        rb"....ftyp(hei[cfmsx]|hev[cmsx]|m[is]f1)",
        "a HEIC picture, as iPhones take them, which is not read: save a copy as JPEG (on the phone: Settings, Camera, "
        "Formats, Most Compatible; on a computer: open it and export it)",
    ),
    (rb"....ftypcrx |FUJIFILMCCD-RAW|IIRO|IIRS|IIU\0", RAW),
    (rb"\xff\x0a|\0\0\0\x0cJXL ", "a JPEG XL picture, which is not read: save a copy as JPEG or PNG"),
    (rb"8BPS", "a Photoshop file, which is not read: export it as PNG"),
)
_OTHERS = (
    (rb".{128}DICM", "a DICOM file, which is not read: export its picture as PNG"),
    (rb"%PDF|%!PS", "a document, no picture: export the picture in it as JPEG or PNG"),
    (rb"PK\x03\x04|\x1f\x8b|7z\xbc\xaf|Rar!", "an archive: unpack it"),
    (rb"\s*<(\?xml|svg|![Dd]|![DO]|[Hh][Tt])", "a web page or drawing, no photograph: download the picture again"),
    (rb"version https://git-lfs", "a pointer of Git LFS, not the picture: run `git lfs pull`"),
)
_FOREIGN = [(re.compile(start, re.DOTALL), "unreadable", advice) for start, advice in _FOREIGN_PICTURES]
_ADVICE = [*_FOREIGN, *((re.compile(start, re.DOTALL), "not an image", advice) for start, advice in _OTHERS)]


def is_picture(name: str) -> bool:
    """Whether a file's name is that of a picture: by its suffix, and not hidden, as macOS's `._a.jpg` is."""
    path = PurePosixPath(name)
    return not path.name.startswith(".") and path.suffix.lower() in SUFFIXES | FOREIGN_SUFFIXES


def begins_as_decoded(start: bytes) -> bool:
    """Whether a file's first SIGNATURE_BYTES are those of a format that is decoded."""
    return bool(_DECODED.match(start))


def begins_as_picture(start: bytes) -> bool:
    """Whether a file's first SIGNATURE_BYTES are those of a picture, decoded or not."""
    return begins_as_decoded(start) or any(signature.match(start) for signature, _, _ in _FOREIGN)


def advice_on(content: bytes) -> tuple[str, str] | None:
    """One of lesions.data.manifest.REASONS why content cannot be decoded, and what to do; None where unknown."""
    return next(((reason, text) for signature, reason, text in _ADVICE if signature.match(content)), None)
