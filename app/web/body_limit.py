"""Requests beyond what waitress holds in memory: received to their end unless endless, and refused by the application.

Waitress alone closes the connection on the first kilobytes, in plain text that speaks of `max_body`; most clients are
still sending then, and see a broken connection instead of an answer. Of a chunked body nobody knows how much is yet to
come: there the connection is closed after the answer.
"""

import io
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import RequestEntityTooLarge

MOST_DISCARDED = 500_000_000  # bytes of a body that are received only to be dropped; nothing of them is kept


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    """Drops the body of a request whose declared length is too large, and only then counts the request as complete."""

    unwanted = 0

    def received(self, data: bytes) -> int:
        if self.unwanted:
            dropped = min(len(data), self.unwanted)
            self.unwanted -= dropped
            self.completed = not self.unwanted
            return dropped
        consumed: int = super().received(data)
        if isinstance(self.error, RequestEntityTooLarge) and 0 < self.content_length <= MOST_DISCARDED:
            self.unwanted, self.completed = self.content_length, False
        return consumed


class _TooLargeTask(WSGITask):  # type: ignore[misc]
    """Hands the application the length of the body without the body: its own limit, which is lower, refuses that."""

    def execute(self) -> None:
        self.set_close_on_finish()
        super().execute()

    def get_environment(self) -> dict[str, Any]:
        length = max(self.request.content_length, self.request.body_bytes_received)  # of a chunked body: so far
        environment: dict[str, Any] = super().get_environment()
        return environment | {"CONTENT_LENGTH": str(length), "wsgi.input": io.BytesIO()}


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection that answers requests which are too large with the application's words."""

    parser_class = _Parser

    @staticmethod
    def error_task_class(channel: HTTPChannel, request: HTTPRequestParser) -> ErrorTask | WSGITask:
        """The task for a request that waitress has refused."""
        too_large = isinstance(request.error, RequestEntityTooLarge)
        return _TooLargeTask(channel, request) if too_large else ErrorTask(channel, request)
