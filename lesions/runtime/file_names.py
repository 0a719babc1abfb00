"""Names of files: as text for tables and messages, and cut to what a file system takes."""

import hashlib
import re

LONGEST = 255  # bytes of a file's name on Linux and macOS
HASH_DIGITS = 8

_NO_TEXT = re.compile("[\udc80-\udcff]")  # how Python writes a byte of a name that is no UTF-8


def table_name(path: str) -> str:
    """A path as text for a table: as it is, or where it is no UTF-8, with those bytes, and each `%`, as %XX."""
    if not _NO_TEXT.search(path):
        return path
    return _NO_TEXT.sub(lambda letter: "".join(f"%{byte:02X}" for byte in _bytes(letter[0])), path.replace("%", "%25"))


def fitting_name(stem: str, suffix: str = "", longest: int = LONGEST) -> str:
    """Stem + suffix as a file's name of at most `longest` bytes: a longer stem is cut and ends in a hash of itself."""
    room = longest - len(_bytes(suffix))
    if len(_bytes(stem)) <= room:
        return stem + suffix
    digits = f"-{hashlib.sha256(_bytes(stem)).hexdigest()[:HASH_DIGITS]}"
    return _bytes(stem)[: room - len(digits)].decode(errors="ignore") + digits + suffix


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
