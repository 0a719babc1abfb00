"""The text of a table, whatever program saved it: its encoding, its separator, and where its header stands."""

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from lesions.datasets.raw import isic_id
from lesions.runtime.console import UserError
from lesions.runtime.text_encoding import encoding_of

SEPARATORS = ",;\t|"
_LONGEST_HEADER = 400_000  # bytes: tables of pixels have headers of many thousand columns
_SEPARATOR_LINE = re.compile(r'\s*"?sep=(.)"?[\s,;|]*', re.IGNORECASE)  # written for Excel, above the header


def read_lines(path: Path) -> list[str]:
    """The lines of a text, each with a final newline, whichever of the three kinds of line end it has.

    Raises UserError where it cannot be read, or is no text in UTF-8, UTF-16 or UTF-32.
    """
    try:
        content = path.read_bytes()
        encoding = encoding_of(content)
        return _split(content.decode(encoding))
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        name = error.encoding.upper().removesuffix("-SIG")
        raise UserError(f"{path}: is not {name} text (byte {error.start}); save it as CSV in UTF-8") from None


def read_header(path: Path) -> tuple[str, ...]:
    """The column names in the header; none where the file is empty or cannot be read."""
    try:
        with path.open("rb") as file:
            start = file.read(_LONGEST_HEADER)
    except OSError:
        return ()
    lines, separator = from_header(_split(start.decode(encoding_of(start), errors="replace")))
    return column_names(split_header(lines[0], separator)) if lines else ()


def from_header(lines: list[str]) -> tuple[list[str], str]:
    """The lines from the header on, which is the first that is neither blank nor `sep=;`; and the separator."""
    separator = ""
    for number, line in enumerate(lines):
        named = _SEPARATOR_LINE.fullmatch(line)
        if named:
            separator = named[1]
        elif line.strip():
            return lines[number:], separator or separator_of(line)
    return [], separator or SEPARATORS[0]


def split_header(line: str, separator: str) -> tuple[str, ...]:
    """The cells of a header line."""
    return tuple(cell.strip() for cell in next(csv.reader([line], delimiter=separator), []))


def column_names(first_row: Sequence[str]) -> tuple[str, ...]:
    """The cells of a table's first row; `column 1`, `column 2`, ... where it is no header, but begins with an id."""
    names = tuple(cell.strip() for cell in first_row)
    if not names or not isic_id(names[0]):
        return names
    return tuple(f"column {number}" if name else "" for number, name in enumerate(names, start=1))


def separator_of(header: str) -> str:
    """The one of SEPARATORS that parts a header line into the most cells."""
    return max(SEPARATORS, key=lambda separator: len(split_header(header, separator)))


def _split(text: str) -> list[str]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
    return [f"{line}\n" for line in lines]
