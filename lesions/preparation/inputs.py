"""The folders that params.yaml names, tried before any earlier output is removed: names and layout, no picture."""

import os
import shlex
from pathlib import Path

from lesions.datasets import read_layout
from lesions.preparation.official_labels import read_official_labels
from lesions.runtime.console import UserError

SHOWN = 3  # names in a message, of all that DVC cannot hash


def check_inputs(dataset: Path, labels: Path, layout: str) -> None:
    """Read the names of all files, and the tables as prepare does; prints the layout and its notes.

    Raises UserError where a name is not UTF-8, or the folders cannot be read as a data set and as official tables.
    """
    check_names(dataset, labels)
    read_official_labels(labels)
    read_layout(dataset, layout)


def check_names(*folders: Path) -> None:
    """Raise UserError with the first SHOWN paths below the folders that are not UTF-8: DVC cannot hash these."""
    wrong = sorted({path for folder in folders for path in _not_utf8(folder)})
    if not wrong:
        return
    commands = "".join(f"\n  mv -n {_quoted(path)} {_quoted(_guess(path))}" for path in wrong[:SHOWN])
    more = f"\n  and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    raise UserError(
        f"names that are not UTF-8, which DVC cannot hash (Windows archives often hold such): {len(wrong)}. "
        f"Rename each, for example in bash:{commands}{more}"
    )


def _not_utf8(folder: Path) -> list[bytes]:
    """Paths whose last part is not UTF-8; of what lies in such a folder none, because renaming it mends them."""
    found = []
    for parent, folders, files in os.walk(os.fsencode(folder)):
        wrong = {name for name in [*folders, *files] if not _is_utf8(name)}
        folders[:] = [name for name in folders if name not in wrong]
        found += [os.path.join(parent, name) for name in wrong]  # noqa: PTH118 - a Path of such a name cannot be told
    return found


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _guess(path: bytes) -> bytes:
    """The path with its last part as UTF-8, read as Windows writes it in the West, else as Latin-1."""
    parent, separator, name = path.rpartition(b"/")
    try:
        text = name.decode("cp1252")
    except UnicodeDecodeError:
        text = name.decode("latin-1")
    return parent + separator + text.encode("utf-8")


def _quoted(path: bytes) -> str:
    r"""A path as one word of bash; where it holds what a terminal does not show or cannot, as $'caf\xe9.jpg'."""
    text = path.decode("utf-8", errors="surrogateescape")
    if text.isprintable():  # which a surrogate is not
        return shlex.quote(text)
    return "$'" + "".join(map(_escaped, text)) + "'"


def _escaped(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if character.isprintable():
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", errors="surrogateescape"))
