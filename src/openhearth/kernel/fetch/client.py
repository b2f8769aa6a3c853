"""Requests with redirects, limits and clean headers."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import httpx2

from openhearth.kernel.fetch.addresses import FetchPolicy, configured
from openhearth.kernel.fetch.errors import FetchError, FetchRefused
from openhearth.kernel.fetch.urls import Checked, check, join
from openhearth.kernel.fetch.wire import Deadline, exchange

Headers = Sequence[tuple[str, str]]
AGENT = "OpenHearth"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,8192}")
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "te", "upgrade", "trailer", "expect"})
_ANYWHERE = frozenset({"accept", "accept-language", "user-agent", "accept-encoding", "if-none-match"})
"""Headers that may follow a redirect to another origin; credentials and signatures may not."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer with its whole body. `url` is where it came from after redirects; header names are small."""

    status: int
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first value of a header."""
        return _header(self.headers, name)


class Streamed:
    """An answer whose body has not been read yet."""

    def __init__(self, response: httpx2.Response, url: str, limit: int) -> None:
        self.status: int = response.status_code
        self.url = url
        self.headers = tuple((name.lower(), value) for name, value in response.headers.multi_items())
        self._response = response
        self._limit = limit

    def header(self, name: str) -> str | None:
        """The first value of a header."""
        return _header(self.headers, name)

    def chunks(self) -> Iterator[bytes]:
        """The decoded body in pieces; FetchError("too-large") beyond the policy's limit."""
        total = 0
        for chunk in self._response.iter_bytes(65536):
            total += len(chunk)
            if total > self._limit:
                raise FetchError("too-large", limit=self._limit)
            yield chunk


def fetch(
    method: str, url: str, *, headers: Headers = (), body: bytes = b"", policy: FetchPolicy | None = None
) -> Response:
    """Ask for an address and return the whole answer, whatever its status.

    FetchRefused when address, method or headers are not allowed; FetchError when it fails on the way or the answer
    is too large or too slow. Without a `policy` the instance's own counts.
    """
    with stream(method, url, headers=headers, body=body, policy=policy) as answer:
        return Response(answer.status, answer.url, answer.headers, b"".join(answer.chunks()))


async def fetch_async(
    method: str, url: str, *, headers: Headers = (), body: bytes = b"", policy: FetchPolicy | None = None
) -> Response:
    """The same in a thread of the event loop's pool."""
    return await asyncio.to_thread(fetch, method, url, headers=headers, body=body, policy=policy)


@contextlib.contextmanager
def stream(
    method: str, url: str, *, headers: Headers = (), body: bytes = b"", policy: FetchPolicy | None = None
) -> Iterator[Streamed]:
    """Like `fetch` for answers that do not fit into memory: read `chunks()` inside the block."""
    policy = policy or configured()
    sent = _clean(method, headers)
    deadline = Deadline(policy.seconds)
    for _hop in range(policy.redirects + 1):
        checked = check(url, policy, seconds=policy.seconds)
        with exchange(
            method, checked, sent, body, deadline=deadline, connect_seconds=policy.connect_seconds
        ) as response:
            location = response.headers.get("location")
            if response.status_code not in _REDIRECTS or location is None or policy.redirects == 0:
                yield Streamed(response, checked.url, policy.body_bytes)
                return
            status = response.status_code
        url = join(checked.url, location)
        sent = _kept(sent, checked, url)
        if status == 303 or (status in (301, 302) and method == "POST"):
            method, body = ("HEAD" if method == "HEAD" else "GET"), b""
            sent = [(name, value) for name, value in sent if not name.startswith("content-")]
    raise FetchError("too-many-redirects", limit=policy.redirects)


def _kept(sent: list[tuple[str, str]], before: Checked, url: str) -> list[tuple[str, str]]:
    """The headers that may go on to the next hop."""
    origin = re.match(r"(https?)://[^/?#]*", url, re.IGNORECASE)
    if before.scheme == "https" and origin is not None and origin[1].lower() == "http":
        raise FetchRefused("redirect-downgrade", url=url[:200])
    if origin is not None and before.url.startswith(f"{origin[0].lower()}/"):
        return sent
    return [(name, value) for name, value in sent if name in _ANYWHERE]


def _clean(method: str, headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    if method not in _METHODS:
        raise FetchRefused("bad-method", method=method[:20])
    sent: list[tuple[str, str]] = []
    for name, value in headers:
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value) or name.lower() in _OURS:
            raise FetchRefused("bad-header", name=name[:100])
        sent.append((name.lower(), value))
    if _header(sent, "user-agent") is None:
        sent.append(("user-agent", AGENT))
    if _header(sent, "accept-encoding") is None:
        sent.append(("accept-encoding", "gzip, deflate"))
    return sent


def _header(headers: Iterable[tuple[str, str]], name: str) -> str | None:
    return next((value for key, value in headers if key == name.lower()), None)
