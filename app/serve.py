"""The web page for a trained model.

Pictures are processed in memory and dropped: nothing is stored, and only their size and time are logged.
"""

import logging
import sys
from pathlib import Path

import waitress.server

from app.command_line import argument_parser
from app.web.address import numeric_host, port_number, url
from app.web.application import create_app
from app.web.body_limit import Channel
from app.web.service import PredictionService
from app.web.uploads import MAX_BYTES, MEGABYTE
from lesions.params.paths import BUNDLE
from lesions.runtime.console import UserError, run

HOST, PORT = "127.0.0.1", 8000
SPARE_THREADS = 8  # beyond those that wait for a prediction: they reply 'busy' and serve the other pages
CONNECTIONS = 100
EXAMPLES = """\
examples:
  python -m app serve
  python -m app serve --port 8080 --model models/bundle
"""


def main() -> None:
    """Parse the command line, load the model, print the address, serve until Ctrl-C."""
    parser = argument_parser("serve", __doc__, EXAMPLES)
    parser.add_argument("--host", default=HOST, help=f"address to listen on (default: {HOST}, this machine only)")
    parser.add_argument("--port", type=port_number, default=PORT, help=f"(default: {PORT}; 0: any that is free)")
    parser.add_argument("--model", type=Path, default=BUNDLE, help=f"folder of the model (default: {BUNDLE})")
    arguments = parser.parse_args()
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO, stream=sys.stderr)
    logging.getLogger("waitress").setLevel(logging.WARNING)
    service: PredictionService | str
    try:
        service = PredictionService(arguments.model)
    except UserError as error:
        service = str(error)
        print(f"error: {error}\nThe page says so, too.", file=sys.stderr)
    serve(service, arguments.host, arguments.port)


def serve(service: PredictionService | str, host: str, port: int) -> None:
    """Serve until stopped; service: a string says why there is no model.

    Raises UserError where there is no such address, or it is in use or not this machine's.
    """
    address = numeric_host(host, port)
    capacity = service.workers.capacity if isinstance(service, PredictionService) else 0
    waitress.server.BaseWSGIServer.channel_class = Channel  # on every address that it listens on
    try:
        server = waitress.create_server(
            create_app(service),
            host=address,
            port=port,
            threads=capacity + SPARE_THREADS,
            connection_limit=CONNECTIONS,
            max_request_body_size=MAX_BYTES + MEGABYTE,  # the form around a picture
            inbuf_overflow=MAX_BYTES + 2 * MEGABYTE,  # never reached, so uploads stay in memory
            recv_bytes=65536,
            channel_timeout=30,
            ident=None,
        )
    except OSError as error:
        raise UserError(
            f"cannot listen on {url(address, port)} ({error.strerror}): choose another --port or --host"
        ) from None
    print(f"{url(address, server.effective_port)}  (stop it with Ctrl-C)", flush=True)
    try:
        server.run()
    finally:
        server.close()


if __name__ == "__main__":
    run(main, recovery_hint="Nothing was changed.")
