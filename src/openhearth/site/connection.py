"""One client's connection, with the patience that uvicorn lacks: slow or endless heads end it."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 20.0
"""Time to send a whole request head, or to go on after an answer that did not read all of the request."""
HEAD_BYTES = 64 * 1024
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-type: text/plain\r\n"
    b"content-length: 36\r\n\r\nThe request's headers are too large\n"
)


class PatientProtocol(HttpToolsProtocol):
    """Closes connections on which no request gets under way in `HEAD_SECONDS`, or whose head never ends."""

    _head_timer: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _in_head = True

    def connection_made(self, transport: Any) -> None:
        """Start waiting for the first head."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer."""
        self._cancel_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count the bytes of a head; keep a deadline whenever no request runs."""
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head and self._head_bytes > HEAD_BYTES:
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        elif self._head_timer is None and (self.cycle is None or self.cycle.response_complete):
            self._await_head()

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._in_head = True
        if self._head_timer is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        """The head is whole; the application takes over."""
        super().on_headers_complete()
        self._in_head, self._head_bytes = False, 0
        self._cancel_head()

    def on_response_complete(self) -> None:
        """The next head may come; the keep-alive timer waits for it."""
        super().on_response_complete()
        self._cancel_head()

    def _await_head(self) -> None:
        self._cancel_head()
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _cancel_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self.transport.close()
