"""The HTTP library behind an adapter: one request over one connection to a judged address.

Only this file knows httpx2 and its core. It uses the core's public network backend, and no client object of the
library, so there are no cookies, no redirects and no proxies but ours.
"""

from __future__ import annotations

import contextlib
import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import httpcore2
import httpx2

from openhearth.kernel.fetch.errors import FetchError
from openhearth.kernel.fetch.urls import Checked

HEADER_SECONDS_FLOOR = 0.001


class Deadline:
    """A moment that all parts of a request share."""

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left; httpcore2.ReadTimeout when there are none."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("the time for the whole request is over")
        return max(left, HEADER_SECONDS_FLOOR)


class _Timed(httpcore2.NetworkStream):
    """A connection on which a peer that drips bytes cannot stretch the time."""

    def __init__(self, inner: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        return self._inner.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        self._inner.write(buffer, self._deadline.left())

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        del timeout
        left = self._deadline.left()
        watch = threading.Timer(left, self._cut)  # a handshake is many reads, each with a time limit of its own
        watch.daemon = True
        watch.start()
        try:
            return _Timed(self._inner.start_tls(ssl_context, server_hostname, left), self._deadline)
        finally:
            watch.cancel()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def _cut(self) -> None:
        with contextlib.suppress(OSError):
            self._inner.get_extra_info("socket").shutdown(2)


class _Pinned(httpcore2.NetworkBackend):
    """Connects to the judged addresses, whatever name is asked for."""

    def __init__(self, checked: Checked, deadline: Deadline, connect_seconds: float) -> None:
        self._checked = checked
        self._deadline = deadline
        self._connect_seconds = connect_seconds
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        del timeout, local_address
        if (host, port) != (self._checked.host, self._checked.port):
            raise httpcore2.ConnectError("not the address that was checked")
        failure: Exception = httpcore2.ConnectError("no address")
        for address in self._checked.addresses:
            seconds = min(self._connect_seconds, self._deadline.left())
            try:
                stream = self._inner.connect_tcp(address, port, seconds, None, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                return _Timed(stream, self._deadline)
        raise failure

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore2.NetworkStream:
        del path, timeout, socket_options
        raise httpcore2.ConnectError("no sockets here")


@contextlib.contextmanager
def exchange(
    method: str,
    checked: Checked,
    headers: Sequence[tuple[str, str]],
    body: bytes,
    *,
    deadline: Deadline,
    connect_seconds: float,
) -> Iterator[httpx2.Response]:
    """Send one request and yield the response, its body not read yet. Library errors leave as FetchError."""
    backend = _Pinned(checked, deadline, connect_seconds)
    with (
        _translated(checked),
        httpcore2.ConnectionPool(ssl_context=tls_context(), network_backend=backend, max_connections=1) as pool,
    ):
        asked = httpx2.Request(method, checked.url, headers=list(headers), content=body or None)
        raw = httpcore2.Request(
            method,
            httpcore2.URL(
                scheme=checked.scheme.encode(),
                host=checked.host.encode(),
                port=checked.port,
                target=asked.url.raw_path,
            ),
            headers=asked.headers.raw,
            content=body or None,
        )
        got = pool.handle_request(raw)
        response = httpx2.Response(
            got.status, headers=got.headers, stream=_Body(got), request=asked, extensions=got.extensions
        )
        try:
            yield response
        finally:
            response.close()


class _Body(httpx2.SyncByteStream):
    def __init__(self, response: httpcore2.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


@lru_cache(maxsize=1)
def tls_context() -> ssl.SSLContext:
    """The system's trusted certificates. Files named by the environment are the administrator's business."""
    return ssl.create_default_context()


@contextlib.contextmanager
def _translated(checked: Checked) -> Iterator[None]:
    try:
        yield
    except (httpcore2.TimeoutException, httpx2.TimeoutException) as error:
        raise FetchError("timeout", host=checked.host) from error
    except httpcore2.ConnectError as error:
        tls = isinstance(error.__cause__ or error.__context__, ssl.SSLError)
        raise FetchError("tls" if tls else "connect", host=checked.host, reason=str(error)) from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError, httpx2.DecodingError, httpx2.StreamError) as error:
        raise FetchError("protocol", host=checked.host, reason=str(error)) from error
