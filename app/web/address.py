"""The address that the page is served on: from what the user wrote to what is listened on, and back to a URL."""

import socket
from argparse import ArgumentTypeError

from lesions.runtime.console import UserError

LARGEST_PORT = 65_535


def port_number(text: str) -> int:
    """The port in an argument. Raises ArgumentTypeError where it is none."""
    if not text.isdecimal() or int(text) > LARGEST_PORT:
        raise ArgumentTypeError(f"{text!r} is no port: a whole number from 0 to {LARGEST_PORT}")
    return int(text)


def numeric_host(host: str, port: int) -> str:
    """The one address that a host's name stands for, in numbers: of several, as `localhost` has, that of IPv4.

    An IPv6 address may stand in brackets, as in a URL. Raises UserError where there is no such host.
    """
    name = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        if not name.strip():
            raise ValueError
        addresses = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, ValueError):  # a name that is too long, or empty in between, is no Unicode for DNS
        raise UserError(
            f"--host {host!r}: there is no such address; give 127.0.0.1 for this machine only (the default), 0.0.0.0 "
            "for everyone in its networks, or the address of one of them, without the port"
        ) from None
    addresses.sort(key=lambda address: address[0] != socket.AF_INET)  # browsers try both, and not every system has IPv6
    return str(addresses[0][4][0])


def url(host: str, port: int | str) -> str:
    """The page's address: an IPv6 host stands in brackets."""
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
