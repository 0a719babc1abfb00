"""The address of the page: whatever a user writes is listened on, or is one line that says what to write instead."""

import re
import subprocess
import sys
import urllib.request
from argparse import ArgumentTypeError
from pathlib import Path

import pytest

from app.web.address import numeric_host, port_number, url
from lesions.runtime.console import UserError
from tests.imports import REPOSITORY


@pytest.mark.parametrize("text", ["-1", "65536", "99999", "8e3", "", "8000.0", "http"])
def test_a_number_that_is_no_port_is_refused(text: str) -> None:
    """99999 would else be served on 34463."""
    with pytest.raises(ArgumentTypeError, match="from 0 to 65535"):
        port_number(text)


def test_a_port_is_itself() -> None:
    assert [port_number(text) for text in ("0", "80", "65535")] == [0, 80, 65535]


@pytest.mark.parametrize(
    "host",
    ["", " ", "no.such.host.invalid", "a" * 70 + ".org", "a..b", "127.0.0.1:8000", "http://localhost", "\0"],
)
def test_a_host_that_is_none_is_one_line(host: str) -> None:
    with pytest.raises(UserError, match=r"--host .*give 127\.0\.0\.1 for this machine only"):
        numeric_host(host, 8000)


def test_a_host_is_one_address() -> None:
    """`localhost` stands for two on most systems."""
    assert numeric_host("localhost", 8000) in ("127.0.0.1", "::1")
    assert numeric_host("0.0.0.0", 8000) == "0.0.0.0"  # noqa: S104
    assert numeric_host("::1", 8000) == numeric_host("[::1]", 8000) == "::1"


def test_an_ipv6_address_stands_in_brackets() -> None:
    assert url("::1", 8000) == "http://[::1]:8000/"
    assert url("127.0.0.1", 8000) == "http://127.0.0.1:8000/"


def test_the_printed_address_answers(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "app.serve", "--host", "localhost", "--port", "0", "--model", str(tmp_path)]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout
        try:
            found = re.match(r"http://\S+", server.stdout.readline())
            assert found
            with urllib.request.urlopen(f"{found[0]}static/page.css", timeout=10) as answer:  # noqa: S310 - our own
                assert answer.status == 200
        finally:
            server.terminate()
