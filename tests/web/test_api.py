"""What programs and watchers get from the server, what every answer says to a browser, and what the log may hold."""

import json
import re
import shutil
import subprocess
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic, sleep
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import numpy as np
import pytest

from lesions import __version__
from tests.documented import documented
from tests.web.conftest import Server
from tests.web.test_malformed import PNG, chunk, form, header, jpeg

FORM = "multipart/form-data; boundary=fence"


def post(server: Server, body: bytes, kind: str = "image/jpeg", query: str = "") -> tuple[int, list[dict[str, object]]]:
    try:
        with urlopen(Request(f"{server.url}api/predict{query}", body, {"Content-Type": kind})) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)


def test_a_raw_body_and_a_form_get_the_same_answer(server: Server, pictures: dict[str, Path]) -> None:
    content = pictures["melanoma"].read_bytes()
    status, (raw,) = post(server, content)
    _, (curl,) = post(server, content, "application/x-www-form-urlencoded")  # what curl says of --data-binary
    _, (formed,) = post(server, form(content), FORM)
    assert status == 200
    assert formed["path"] == "a.jpg"
    assert raw == curl == formed | {"path": ""}
    assert list(raw)[:9] == [
        "path", "label", "probability", "probabilities", "melanoma_score", "above_threshold", "conformal_set",
        "not_sure", "error",
    ]  # fmt: skip
    assert sum(raw["probabilities"].values()) == pytest.approx(1, abs=1e-5)  # type: ignore[attr-defined]


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_commands_of_the_page_on_it_are_answered(
    server: Server, pictures: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for file, slug in {"lesion.jpg": "melanoma", "one.jpg": "melanoma", "two.png": "nevus"}.items():
        shutil.copyfile(pictures[slug], file)
    address = ("http://127.0.0.1:8000/", server.url)
    one = documented("curl --data-binary @lesion.jpg http://127.0.0.1:8000/api/predict", address)
    two = documented(
        "curl -F picture=@one.jpg -F picture=@two.png 'http://127.0.0.1:8000/api/predict?explain=1'", address
    )
    answers = [json.loads(subprocess.check_output(["bash", "-c", command])) for command in (one, two)]
    assert [(row["path"], row["error"]) for rows in answers for row in rows] == [
        ("", None), ("one.jpg", None), ("two.png", None)
    ]  # fmt: skip
    assert all("heat" in row for row in answers[1])


def test_the_heat_map_comes_if_it_is_asked_for(server: Server, pictures: dict[str, Path]) -> None:
    content = pictures["melanoma"].read_bytes()
    _, (plain,) = post(server, content)
    _, (explained,) = post(server, content, query="?explain=1")
    heat = np.array(explained["heat"])
    assert "heat" not in plain
    assert heat.ndim == 2 and heat.min() >= 0 and heat.max() <= 1
    assert explained["heat_of"] == "melanoma"


def test_a_bad_picture_beside_a_good_one_is_a_row_with_an_error(server: Server, pictures: dict[str, Path]) -> None:
    good, bad = form(pictures["nevus"].read_bytes()), form(b"text", b"notes.txt")
    both = good.removesuffix(b"--fence--\r\n") + bad
    status, rows = post(server, both, FORM)
    assert status == 200
    assert [row["error"] is None for row in rows] == [True, False]
    assert rows[1]["path"] == "notes.txt" and rows[1]["probabilities"] is None
    assert post(server, b"text")[0] == 415


def test_a_model_of_synthetic_pictures_answers_only_its_examples(
    synthetic_server: Server, pictures: dict[str, Path]
) -> None:
    assert post(synthetic_server, pictures["nevus"].read_bytes())[0] == 200
    status, (row,) = post(synthetic_server, jpeg(1))
    assert status == 403
    assert "example pictures only" in str(row["error"])


def test_every_page_tells_the_version_of_the_program(server: Server, empty_server: Server) -> None:
    """Without it nobody can say which program gave an answer that looks wrong; a model alone has another version."""
    for url in (server.url, f"{server.url}model", empty_server.url):
        try:
            page = urlopen(url).read()  # noqa: S310 - our own server
        except HTTPError as error:
            page = error.read()
        assert f"lesions {__version__}</p>" in page.decode()


def test_health_tells_whether_there_is_a_model(server: Server, empty_server: Server) -> None:
    with urlopen(server.url + "healthz") as answer:  # noqa: S310
        assert json.load(answer)["status"] == "ok"
    with pytest.raises(HTTPError) as error:
        urlopen(empty_server.url + "healthz")  # noqa: S310
    assert error.value.code == 503
    assert "dvc repro export" in json.load(error.value)["error"]
    assert post(empty_server, jpeg(1))[0] == 503


@pytest.mark.parametrize("address", ["", "model", "healthz", "nothing-here", "static/page.js", "examples/nevus.jpg"])
def test_every_answer_forbids_what_the_page_does_not_need(server: Server, address: str) -> None:
    connection = HTTPConnection(urlsplit(server.url).netloc)
    connection.request("GET", f"/{address}")
    headers = {name.lower(): value for name, value in connection.getresponse().getheaders()}
    connection.close()
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "unsafe" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] in ("no-store", "no-cache")
    assert "set-cookie" not in headers and "server" not in headers


@pytest.mark.parametrize(
    "address", ["charts/lesions.json", "charts/..%2flesions.json", "static/../served.py", "examples/..%2f..%2fx.jpg"]
)
def test_no_other_file_is_given_out(server: Server, address: str) -> None:
    connection = HTTPConnection(urlsplit(server.url).netloc)
    connection.request("GET", f"/{address}")
    assert connection.getresponse().status == 404
    connection.close()


def test_the_log_holds_size_and_time_of_a_picture_and_nothing_else(server: Server, pictures: dict[str, Path]) -> None:
    """A file name may be a patient's."""
    before = len(server.log)
    assert post(server, form(pictures["nevus"].read_bytes(), b"Jane Doe 1950.jpg"), FORM)[0] == 200
    assert post(server, form(b"text", b"Jane Doe 1950.txt"), FORM)[0] == 415
    end = monotonic() + 10
    while len(server.log) < before + 2 and monotonic() < end:
        sleep(0.05)
    lines = server.log[before:]
    assert len(lines) == 2
    assert all(re.fullmatch(r"[\d :,-]+ a picture of \d+ bytes: \d+ ms\n", line) for line in lines), lines


def test_overload_is_answered_503_with_the_time_to_wait_and_passes(server: Server) -> None:
    """More than the places for: those who wait are answered, the others hear at once when to come again."""
    rows = zlib.compress(bytes(12_001 * 3_000 - 1) + b"\xff", 9)  # black but for a point: one colour is no picture
    slow = PNG + header(4_000, 3_000) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    start = threading.Barrier(70)

    def ask(_: int) -> tuple[int, str, float]:
        start.wait()
        began = monotonic()
        try:
            with urlopen(Request(f"{server.url}api/predict", slow, {"Content-Type": "image/png"})) as answer:  # noqa: S310
                return answer.status, "", monotonic() - began
        except HTTPError as error:
            return error.code, error.headers["Retry-After"], monotonic() - began

    with ThreadPoolExecutor(70) as visitors:
        found = list(visitors.map(ask, range(70)))
    refused = [one for one in found if one[0] == 503]
    assert {status for status, *_ in found} == {200, 503}
    assert all(int(retry) >= 1 for _, retry, _ in refused)
    assert min(seconds for *_, seconds in refused) < max(seconds for status, _, seconds in found if status == 200)
    assert post(server, jpeg(1))[0] == 200
