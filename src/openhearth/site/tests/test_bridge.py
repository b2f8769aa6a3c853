"""The bridge with a small WSGI application, called as an ASGI server calls it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from openhearth.site.bridge import (
    CHUNK,
    IN_MEMORY,
    BodyTooLarge,
    BodyTooSlow,
    Bridge,
    ClientGone,
    environ_of,
)


def scope(method: str = "GET", path: bytes = b"/", headers: list[tuple[bytes, bytes]] | None = None) -> dict[str, Any]:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "raw_path": path,
        "query_string": b"a=%20b",
        "headers": headers or [],
        "client": ("192.0.2.7", 4711),
        "server": ("127.0.0.1", 8000),
        "scheme": "http",
        "request_id": "abc",
    }


class Client:
    """Stands at the other end: gives the body in parts, then stays until told to go."""

    def __init__(self, *parts: bytes, stays: bool = True) -> None:
        self.parts = list(parts) or [b""]
        self.gone = asyncio.Event()
        self.messages: list[dict[str, Any]] = []
        self.hold: asyncio.Event | None = None
        if not stays:
            self.gone.set()

    async def receive(self) -> dict[str, Any]:
        if self.parts:
            part = self.parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(self.parts)}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if self.hold is not None and message["type"] == "http.response.body":
            await self.hold.wait()
        self.messages.append(message)

    @property
    def status(self) -> int:
        return self.messages[0]["status"]

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.messages[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages[1:])


class Closing:
    """A streaming answer that notes its end."""

    streaming = True

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces = pieces
        self.taken = 0
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            self.taken += 1
            yield piece

    def close(self) -> None:
        self.closed.set()


def echo(environ, start_response):
    start_response("201 Created", [("Content-Type", "text/plain"), ("X-Kind", environ["REQUEST_METHOD"])])
    return [environ["wsgi.input"].read()]


async def call(application: Any, client: Client, request: dict[str, Any], **options: Any) -> Bridge:
    bridge = Bridge(application, **options)
    try:
        await bridge(request, client.receive, client.send)
    finally:
        bridge.shutdown()
    return bridge


async def test_a_plain_answer() -> None:
    client = Client(b"hello")
    await call(echo, client, scope("POST"))
    assert client.status == 201
    assert client.headers == {b"content-type": b"text/plain", b"x-kind": b"POST", b"content-length": b"5"}
    assert client.body == b"hello"


async def test_a_body_in_parts_arrives_whole_in_a_file() -> None:
    parts = [bytes([n]) * 100_000 for n in range(8)]
    assert sum(map(len, parts)) > IN_MEMORY
    client = Client(*parts)
    await call(echo, client, scope("POST"))
    assert client.body == b"".join(parts)


async def test_head_has_headers_and_no_body() -> None:
    def page(environ, start_response):
        start_response("200 OK", [("Content-Length", "4")])
        return [b"text"]

    client = Client()
    await call(page, client, scope("HEAD"))
    assert client.headers[b"content-length"] == b"4"
    assert client.body == b""


async def test_a_large_body_is_refused_before_it_is_sent() -> None:
    client = Client(b"x")
    with pytest.raises(BodyTooLarge):
        await call(echo, client, scope("POST", headers=[(b"content-length", b"101")]), body_limit=100)
    assert client.parts == [b"x"], "nothing was read"


async def test_a_large_body_without_length_is_refused_on_the_way() -> None:
    client = Client(*[b"x" * 60] * 5)
    with pytest.raises(BodyTooLarge):
        await call(echo, client, scope("POST"), body_limit=100)
    assert client.parts, "the rest was not read"


async def test_a_body_that_stalls_ends_the_request() -> None:
    client = Client(b"x", b"y")

    async def receive() -> dict[str, Any]:
        if len(client.parts) == 1:
            await asyncio.Event().wait()
        return await client.receive()

    bridge = Bridge(echo, idle=0.05)
    with pytest.raises(BodyTooSlow):
        await bridge(scope("POST"), receive, client.send)
    bridge.shutdown()


async def test_a_client_that_leaves_early_never_reaches_the_application() -> None:
    calls = []
    client = Client(stays=False)
    client.parts = []

    def page(environ, start_response):
        calls.append(environ)
        return []

    with pytest.raises(ClientGone):
        await call(page, client, scope())
    assert calls == []


async def test_a_stream_comes_in_pieces_and_is_closed() -> None:
    answer = Closing(iter([b"a" * CHUNK, b"b" * CHUNK, b"c"]))

    def page(environ, start_response):
        start_response("200 OK", [])
        return answer

    client = Client()
    await call(page, client, scope())
    assert [len(m["body"]) for m in client.messages[1:]] == [CHUNK, CHUNK, 1]
    assert b"content-length" not in client.headers
    assert answer.closed.is_set()


async def test_a_stream_waits_for_a_slow_reader_without_a_thread() -> None:
    answer = Closing(iter(lambda: b"x" * CHUNK, b""))

    def page(environ, start_response):
        start_response("200 OK", [])
        return answer if environ["PATH_INFO"] == "/endless" else [b"quick"]

    bridge = Bridge(page, threads=1)
    slow, quick = Client(), Client()
    slow.hold = asyncio.Event()
    endless = asyncio.create_task(bridge(scope(path=b"/endless"), slow.receive, slow.send))
    while not slow.messages:
        await asyncio.sleep(0.005)
    await asyncio.wait_for(bridge(scope(), quick.receive, quick.send), 5)
    assert quick.body == b"quick", "the one thread was free"
    assert answer.taken <= 2, "nothing is produced ahead of the reader"
    slow.gone.set()
    await asyncio.wait_for(endless, 5)
    assert answer.closed.is_set(), "the stream ends with its reader"
    bridge.shutdown()


async def test_an_error_of_the_application_comes_out() -> None:
    def page(environ, start_response):
        raise ValueError("as meant")

    with pytest.raises(ValueError, match="as meant"):
        await call(page, Client(), scope())


def test_the_environment_says_what_the_request_said() -> None:
    environ = environ_of(
        scope(
            path=b"/caf%C3%A9/a%2Fb",
            headers=[
                (b"host", b"example.org"),
                (b"content-type", b"text/plain"),
                (b"cookie", b"a=1"),
                (b"cookie", b"b=2"),
                (b"accept", b"text/html"),
                (b"accept", b"*/*"),
                (b"x_forwarded_for", b"10.0.0.1"),
                (b"x-request-id", b"forged"),
                (b"content-length", b"999"),
            ],
        ),
        None,
        3,
    )
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/café/a/b"
    assert environ["QUERY_STRING"] == "a=%20b"
    assert environ["HTTP_HOST"] == "example.org"
    assert environ["CONTENT_TYPE"] == "text/plain"
    assert environ["CONTENT_LENGTH"] == "3"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["HTTP_ACCEPT"] == "text/html,*/*"
    assert environ["REMOTE_ADDR"] == "192.0.2.7"
    assert "HTTP_X_FORWARDED_FOR" not in environ, "an underscore must not pass for a hyphen"
    assert environ["HTTP_X_REQUEST_ID"] == "abc"
