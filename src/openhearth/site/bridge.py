"""Runs the WSGI application (Django) inside the ASGI server: a few threads, whole bodies in, streams out.

A thread is held only while Python works: never while a client sends its body or reads the answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import io
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

from openhearth.transport.native import Receive, Scope, Send

MIB = 1024 * 1024
IN_MEMORY = 256 * 1024
"""Bodies above this many bytes wait for their thread in a file."""
CHUNK = 64 * 1024
GATHER_SECONDS = 0.02
"""A stream's small pieces are sent together for at most this long."""
MOST_WAITING = 256
"""So many requests may wait for a thread; the next is told to come again."""

Environ = dict[str, Any]
WsgiApplication = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class BodyTooLarge(Exception):
    """The body is larger than `limit` bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class BodyTooSlow(Exception):
    """The client sent no byte of the body for too long."""


class ClientGone(Exception):
    """The client closed the connection before the request was whole."""


class TooBusy(Exception):
    """Too many requests wait already."""


@dataclass(slots=True)
class Answer:
    """What the application said: `status` and `headers` before the first byte, then `pieces`."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    pieces: Iterator[bytes] | None = None
    close: Callable[[], None] | None = None

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        """WSGI's start_response. There is no write(): Django never calls it."""
        if exc_info and self.status:
            raise exc_info[1].with_traceback(exc_info[2])
        self.status = int(status[:3])
        self.headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        return _no_write


def _no_write(_data: bytes) -> None:
    raise NotImplementedError("write() of WSGI is not offered; return an iterable")


class Bridge:
    """One for each web process. `application` is called in one of `threads` threads."""

    def __init__(
        self,
        application: WsgiApplication,
        *,
        threads: int = 4,
        body_limit: int = 10 * MIB,
        idle: float = 30.0,
    ) -> None:
        self._application = application
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="page")
        self._body_limit = body_limit
        self._idle = idle
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. BodyTooLarge, BodyTooSlow, TooBusy and ClientGone come before any answer."""
        body, size = await self._read_body(scope, receive)
        context = contextvars.copy_context()
        gone = asyncio.create_task(_disconnect(receive))
        try:
            answer = await self._in_thread(context, self._produce, environ_of(scope, body, size))
            try:
                await self._send(answer, context, gone, send)
            finally:
                if answer.close is not None:
                    await self._in_thread(context, answer.close)
        finally:
            gone.cancel()
            body.close()

    def shutdown(self) -> None:
        """Wait for the threads' present work."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def _in_thread(self, context: contextvars.Context, work: Callable[..., Any], *arguments: Any) -> Any:
        if self._waiting >= MOST_WAITING:
            raise TooBusy
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, functools.partial(context.run, work, *arguments))
        finally:
            self._waiting -= 1

    async def _read_body(self, scope: Scope, receive: Receive) -> tuple[Any, int]:
        """Return the whole body as a file at its start, and its size."""
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if int(declared) > self._body_limit:
            raise BodyTooLarge(self._body_limit)
        first = await self._next_part(receive)
        if not first.get("more_body", False):
            data = first.get("body", b"")
            if len(data) > self._body_limit:
                raise BodyTooLarge(self._body_limit)
            return io.BytesIO(data), len(data)
        spool = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  the caller closes it
        try:
            return spool, await self._spool(first, receive, spool)
        except BaseException:
            spool.close()
            raise

    async def _spool(self, part: Any, receive: Receive, spool: Any) -> int:
        size = 0
        while True:
            data = part.get("body", b"")
            size += len(data)
            if size > self._body_limit:
                raise BodyTooLarge(self._body_limit)
            spool.write(data)
            if not part.get("more_body", False):
                spool.seek(0)
                return size
            part = await self._next_part(receive)

    async def _next_part(self, receive: Receive) -> Any:
        try:
            async with asyncio.timeout(self._idle):
                part = await receive()
        except TimeoutError as error:
            raise BodyTooSlow from error
        if part["type"] == "http.disconnect":
            raise ClientGone
        return part

    def _produce(self, environ: Environ) -> Answer:
        """Call the application (in a thread). A plain answer comes back whole and closed, a stream open."""
        answer = Answer()
        result = self._application(environ, answer.start)
        close = getattr(result, "close", None)
        try:
            bodyless = environ["REQUEST_METHOD"] == "HEAD" or answer.status in {204, 304}
            if not bodyless:
                if getattr(result, "streaming", not isinstance(result, (list, tuple))):
                    answer.pieces, answer.close = iter(result), close
                    return answer
                answer.body = b"".join(result)
                if not any(name == b"content-length" for name, _ in answer.headers):
                    answer.headers.append((b"content-length", b"%d" % len(answer.body)))
        except BaseException:
            if close is not None:
                close()
            raise
        if close is not None:
            close()
        return answer

    async def _send(self, answer: Answer, context: contextvars.Context, gone: asyncio.Task[None], send: Send) -> None:
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        if answer.pieces is None:
            await send({"type": "http.response.body", "body": answer.body})
            return
        while not gone.done():
            data, more = await self._in_thread(context, _gather, answer.pieces)
            if gone.done():
                return
            sending = asyncio.ensure_future(send({"type": "http.response.body", "body": data, "more_body": more}))
            await asyncio.wait({sending, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                sending.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await sending
                return
            sending.result()
            if not more:
                return


async def _disconnect(receive: Receive) -> None:
    """Return when the client has gone (or the answer is complete)."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _gather(pieces: Iterator[bytes]) -> tuple[bytes, bool]:
    """Take from a stream what is there at once, about one chunk. (bytes, whether more may come)."""
    parts: list[bytes] = []
    size, until = 0, time.monotonic() + GATHER_SECONDS
    for piece in pieces:
        parts.append(piece)
        size += len(piece)
        if size >= CHUNK or time.monotonic() >= until:
            return b"".join(parts), True
    return b"".join(parts), False


_SERVER_NAMES = frozenset({"content-type", "content-length"})


def environ_of(scope: Scope, body: Any, size: int) -> Environ:
    """Return WSGI's environment of a request whose body is the file `body` of `size` bytes.

    Headers with an underscore are left out: as environment names they would pass for those with a hyphen.
    """
    server = scope.get("server") or ("localhost", 80)
    client = scope.get("peer") or scope.get("client") or ("", 0)
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "RAW_PATH": scope["raw_path"].decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1] or 80),
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1")
        if "_" in name:
            continue
        value = raw_value.decode("latin-1")
        key = name.upper().replace("-", "_")
        if name not in _SERVER_NAMES:
            key = "HTTP_" + key
        if key in environ:
            value = environ[key] + ("; " if name == "cookie" else ",") + value
        environ[key] = value
    environ["CONTENT_LENGTH"] = str(size)
    if "request_id" in scope:
        environ["HTTP_X_REQUEST_ID"] = scope["request_id"]
    return environ
