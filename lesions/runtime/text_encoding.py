"""The encoding of a text that some program saved, by its first bytes."""

# The bytes that mark an encoding (The Unicode Standard, section 23.8); those of UTF-32 begin like those of UTF-16
_MARKS = {
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    b"\xef\xbb\xbf": "utf-8-sig",
}


def encoding_of(start: bytes) -> str:
    """The encoding of a text by its first bytes: its mark, or the zeros of UTF-16 without one; else UTF-8."""
    marked = next((name for mark, name in _MARKS.items() if start.startswith(mark)), None)
    if marked:
        return marked
    even, odd = start[:200:2].count(0), start[1:200:2].count(0)
    if max(even, odd) > len(start[:200]) // 4:  # most letters of a text are ASCII
        return "utf-16-le" if odd > even else "utf-16-be"
    return "utf-8"
