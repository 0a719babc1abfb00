"""Names of files: as text for tables and messages, and cut to what a file system takes."""

import codecs
import hashlib

LONGEST = 255  # bytes of a file's name on Linux and macOS
HASH_DIGITS = 8
PERCENT_ESCAPE = "lesions.percent_escape"  # `errors=` of what writes text: bytes of names that are no UTF-8 become %XX


def table_name(path: str) -> str:
    """A path as text for a table: as it is, but with %XX for each byte that is no UTF-8."""
    return path.encode("utf-8", PERCENT_ESCAPE).decode()


def fitting_name(stem: str, suffix: str = "", longest: int = LONGEST) -> str:
    """Stem + suffix as a file's name of at most `longest` bytes: a longer stem is cut and ends in a hash of itself."""
    content = stem.encode("utf-8", "surrogateescape")
    room = longest - len(suffix.encode())
    if len(content) <= room:
        return stem + suffix
    digits = f"-{hashlib.sha256(content).hexdigest()[:HASH_DIGITS]}"
    return content[: room - len(digits)].decode(errors="ignore") + digits + suffix


def _percent_escape(error: UnicodeError) -> tuple[str, int]:
    """Python reads the byte 0xE9 of such a name as the lone surrogate U+DCE9, which no encoding has."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return "".join(f"%{ord(letter) & 0xFF:02X}" for letter in letters), error.end


codecs.register_error(PERCENT_ESCAPE, _percent_escape)
