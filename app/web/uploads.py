"""The uploads of a request, validated by size and content before any of them is decoded."""

import io
from typing import IO, Any, NamedTuple

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from lesions.data.decoding import TOO_MANY_PIXELS, size_of
from lesions.data.picture_files import PictureError
from lesions.data.picture_formats import advice_on

MEGABYTE = 1_000_000
MAX_BYTES = 20 * MEGABYTE  # of a request, and so of a picture
MAX_PIXELS = 36_000_000  # dermatoscopes deliver under 30 million
MAX_SIDE = 20_000  # pixels; longer strips are no photographs, and cost memory in every row
MAX_PICTURES = 16  # in one request
SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")  # of JPEG and PNG
FORM_FIELD = "picture"
TOO_LARGE = f"Larger than {MAX_BYTES // MEGABYTE} MB: send a smaller copy, or fewer pictures at once."
TOO_MANY = f"at most {MAX_PICTURES} pictures are taken at once; send the others in further requests."
NO_PICTURE = (
    "No picture arrived: choose a JPEG or PNG file. A program sends it as the field "
    f"`{FORM_FIELD}` of a form, or as the body itself."
)
NO_FILE = f"No file is in the form, only text. With curl, an @ sends the file: -F {FORM_FIELD}=@lesion.jpg"


class Upload(NamedTuple):
    """One uploaded file: the sender's name for it (only echoed, never used as a path), and its content."""

    name: str
    content: bytes


class RefusedError(Exception):
    """A rejected upload: the HTTP status, and a sentence with the reason and what is accepted."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class InMemoryRequest(Request):
    """A request whose uploads never touch the disk: Werkzeug's own writes large ones to a temporary file."""

    max_content_length = MAX_BYTES
    max_form_memory_size = MAX_BYTES
    max_form_parts = 4 * MAX_PICTURES

    def _get_file_stream(self, *_: Any, **__: Any) -> IO[bytes]:
        return io.BytesIO()


def read_uploads(request: Request) -> list[Upload]:
    """The uploads of a form (its files, whatever their fields are called) or of a raw body, at least one.

    Raises RefusedError where there is none, there are too many, or the body is larger than MAX_BYTES.
    """
    try:
        if request.mimetype == "multipart/form-data":
            uploads = _files_in_form(request)
        else:
            content = request.get_data(parse_form_data=False)
            uploads = [Upload("", content)] if content else []
    except RequestEntityTooLarge:  # which Werkzeug raises for too many parts, too
        too_large = (request.content_length or 0) > MAX_BYTES
        raise RefusedError(413, TOO_LARGE if too_large else f"Too many parts in the form: {TOO_MANY}") from None
    if not uploads:
        raise RefusedError(400, NO_PICTURE)
    if len(uploads) > MAX_PICTURES:
        raise RefusedError(413, f"{len(uploads)} pictures: {TOO_MANY}")
    return uploads


def _files_in_form(request: Request) -> list[Upload]:
    files = [Upload(file.filename or "", file.read()) for _, file in request.files.items(multi=True)]
    uploads = [upload for upload in files if upload.name or upload.content]
    if request.form and not files:
        raise RefusedError(400, NO_FILE)
    return uploads


def check_upload(content: bytes) -> None:
    """Raise RefusedError where the content has no JPEG or PNG signature, or too many pixels by its header."""
    if not content:
        raise RefusedError(422, "The file is empty.")
    if len(content) > MAX_BYTES:
        raise RefusedError(413, TOO_LARGE)
    if not content.startswith(SIGNATURES):
        known = advice_on(content)
        told = f" It is {known[1]}." if known else ""
        raise RefusedError(415, f"Neither a JPEG nor a PNG picture, whatever its name says.{told}")
    width, height = _size_in_header(content)
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise RefusedError(
            413, f"{width} x {height} pixels: at most {MAX_PIXELS // 1_000_000} million, no side over {MAX_SIDE}."
        )


def _size_in_header(content: bytes) -> tuple[int, int]:
    try:
        return size_of(content)
    except PictureError as error:
        if error.detail == TOO_MANY_PIXELS:
            raise RefusedError(413, f"Too many pixels: at most {MAX_PIXELS // 1_000_000} million are taken.") from None
        raise RefusedError(422, "The picture is damaged: it cannot be decoded.") from None
