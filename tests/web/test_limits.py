"""What is too much, or no picture at all, is told in words: JSON for programs, the page for people."""

import json
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from app.web.uploads import MAX_BYTES, MAX_PICTURES, TOO_LARGE
from tests.web.conftest import Server
from tests.web.test_malformed import form, jpeg, send

FORM = "multipart/form-data; boundary=fence"
MEGABYTE = bytes(1_000_000)


def many(pictures: int, field: bytes = b"picture") -> bytes:
    part = form(jpeg(1)).replace(b'name="picture"', b'name="' + field + b'"')
    return part.removesuffix(b"--fence--\r\n") * pictures + b"--fence--\r\n"


def error(body: bytes) -> str:
    return str(json.loads(body)["error"])


def test_a_picture_counts_whatever_its_field_is_called(server: Server) -> None:
    """`file` and `image` are what most services call it."""
    status, body = send(server.url + "api/predict", many(2, b"file"), FORM)
    assert status == 200
    assert len(json.loads(body)) == 2


@pytest.mark.parametrize("pictures", [MAX_PICTURES + 1, 70])
def test_too_many_pictures_are_not_called_too_large(server: Server, pictures: int) -> None:
    status, body = send(server.url + "api/predict", many(pictures), FORM)
    assert status == 413
    assert f"at most {MAX_PICTURES} pictures" in error(body)
    assert send(server.url + "api/predict", many(MAX_PICTURES), FORM)[0] == 200


def test_a_form_without_a_file_is_told_how_to_send_one(server: Server) -> None:
    text = many(1).replace(b'; filename="a.jpg"', b"")
    assert "picture=@" in error(send(server.url + "api/predict", text, FORM)[1])
    assert "field `picture`" in error(send(server.url + "api/predict", b"", FORM)[1])


@pytest.mark.parametrize(("megabytes", "chunked"), [(20.5, False), (20.5, True), (40, False)])
def test_too_large_is_told_by_the_application_however_large(server: Server, megabytes: float, chunked: bool) -> None:
    """Not by the server around it, as text on `max_body`, nor by a connection that breaks while the body is sent."""
    for path in ("/api/predict", "/"):
        connection = HTTPConnection(urlsplit(server.url).netloc, timeout=60)
        length = int(megabytes * len(MEGABYTE))
        parts = [MEGABYTE] * int(megabytes) + [bytes(length % len(MEGABYTE))]
        headers = {} if chunked else {"Content-Length": str(length)}
        connection.request("POST", path, iter(parts), headers, encode_chunked=chunked)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        assert answer.status == 413
        assert (error(body) == TOO_LARGE) if path != "/" else (TOO_LARGE.encode() in body)
    assert length > MAX_BYTES


@pytest.mark.parametrize(("path", "method", "status"), [("api/nothing", "GET", 404), ("healthz", "PUT", 405)])
def test_other_mistakes_of_programs_are_told_in_json(server: Server, path: str, method: str, status: int) -> None:
    connection = HTTPConnection(urlsplit(server.url).netloc)
    connection.request(method, f"/{path}")
    answer = connection.getresponse()
    assert answer.status == status
    assert error(answer.read()).endswith(".")
    assert status != 405 or "GET" in str(answer.headers["Allow"])
    connection.close()
