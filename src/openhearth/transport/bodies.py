"""Request bodies as byte readers: chunked or not, gzip'd or not, watched for a client that goes away."""

from __future__ import annotations

import asyncio
import zlib

from openhearth.transport.native import Receive

MAX_RATIO = 200
"""How many times larger than sent a gzip'd body may become before it is refused; git's own stay below 20."""
_FREE = 1 << 20
"""Unpacked bytes below which no ratio is asked."""


class ClientGone(Exception):
    """The client closed the connection."""


class BodyRefused(Exception):
    """The body breaks a limit; `code` says which: `slow`, `gzip`, `ratio`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class BodyReader:
    """Reads a request's body piece by piece. After its end, `gone` waits until the client leaves."""

    def __init__(self, receive: Receive, *, idle_seconds: float) -> None:
        self._receive = receive
        self._idle = idle_seconds
        self._pending = memoryview(b"")
        self.ended = asyncio.Event()
        """Set when the whole body has arrived."""
        self.received = 0

    async def read(self, n: int, /) -> bytes:
        """Return at most `n` bytes, b"" at the end. Raises `ClientGone`, `BodyRefused("slow")`."""
        while not self._pending and not self.ended.is_set():
            await self._next()
        piece, self._pending = bytes(self._pending[:n]), self._pending[n:]
        return piece

    async def _next(self) -> None:
        try:
            async with asyncio.timeout(self._idle):
                message = await self._receive()
        except TimeoutError:
            raise BodyRefused("slow") from None
        if message["type"] == "http.disconnect":
            raise ClientGone
        body = message.get("body", b"")
        self.received += len(body)
        self._pending = memoryview(body)
        if not message.get("more_body", False):
            self.ended.set()

    async def gone(self) -> None:
        """Return when the client has closed the connection. Only of use after the end of the body."""
        while (await self._receive())["type"] != "http.disconnect":
            pass


class GunzipReader:
    """Unpacks a gzip'd body while it is read, in bounded memory and with a bounded ratio."""

    def __init__(self, source: BodyReader) -> None:
        self._source = source
        self._unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._given = 0

    async def read(self, n: int, /) -> bytes:
        """Return at most `n` unpacked bytes, b"" at the end. Raises `BodyRefused` for damaged or absurd data."""
        while True:
            waiting = self._unpack.unconsumed_tail or await self._source.read(65536)
            if not waiting and self._unpack.eof:
                return b""
            if not waiting:
                raise BodyRefused("gzip")
            try:
                piece = self._unpack.decompress(waiting, n)
            except zlib.error:
                raise BodyRefused("gzip") from None
            self._given += len(piece)
            if self._given > _FREE and self._given > MAX_RATIO * self._source.received:
                raise BodyRefused("ratio")
            if piece:
                return piece
            if self._unpack.eof:
                return b""
