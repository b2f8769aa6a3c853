"""The front behind the real server, with clients that speak raw HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from openhearth.site import connection
from openhearth.site.bridge import Bridge
from openhearth.site.front import Front, respond
from openhearth.site.probes import is_local
from openhearth.site.server import Server
from openhearth.transport.native import NativeRoute


def page(environ, start_response):
    body = json.dumps({key: value for key, value in environ.items() if isinstance(value, str)}).encode()
    start_response("200 OK", [("Content-Type", "application/json")])
    return [body]


@contextlib.asynccontextmanager
async def serving(application: Any = page, routes: Sequence[NativeRoute] = (), **options: Any) -> AsyncIterator[int]:
    bridge = Bridge(application, body_limit=1000)
    front = Front(bridge, routes=routes, **options)
    server = Server(front)
    listener = socket.create_server(("127.0.0.1", 0))
    task = asyncio.create_task(server.serve_on(listener))
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield listener.getsockname()[1]
    finally:
        server.stop()
        await task
        bridge.shutdown()


async def talk(port: int, *lines: str, body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write("\r\n".join([*lines, "Host: localhost", "Connection: close", "", ""]).encode() + body)
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    await writer.wait_closed()
    head, _, rest = answer.partition(b"\r\n\r\n")
    first, *fields = head.decode().split("\r\n")
    headers = dict(field.lower().split(": ", 1) for field in fields)
    return int(first.split()[1]), headers, rest


async def greet(scope, receive, send) -> None:
    await respond(send, 200, "text/plain", f"native {scope['path_params']}".encode())


async def test_pages_go_to_the_application_with_the_id_of_the_request() -> None:
    async with serving() as port:
        status, headers, body = await talk(port, "GET /x?y=1 HTTP/1.1", "X-Request-Id: forged")
    environ = json.loads(body)
    assert status == 200
    assert environ["QUERY_STRING"] == "y=1"
    assert headers["x-request-id"] == environ["HTTP_X_REQUEST_ID"] != "forged"


async def test_native_routes_come_first_and_only_for_their_methods() -> None:
    route = NativeRoute(r"/(?P<owner>[^/]+)/(?P<repo>[^/]+)/info/refs", greet, "repo.read")
    async with serving(routes=[route]) as port:
        _status, _headers, native = await talk(port, "GET /l%20in/r/info/refs HTTP/1.1")
        _status, _headers, other = await talk(port, "POST /lin/r/info/refs HTTP/1.1", "Content-Length: 0")
    assert native.decode() == "native {'owner': 'l in', 'repo': 'r'}"
    assert json.loads(other)["REQUEST_METHOD"] == "POST"


async def test_a_probe_answers_without_the_application() -> None:
    async def fine(_scope: Any) -> tuple[int, str, bytes]:
        return 200, "text/plain", b"fine"

    def broken(environ, start_response):
        raise RuntimeError("broken")

    async with serving(broken, probes={b"/healthz": fine}) as port:
        assert (await talk(port, "GET /healthz HTTP/1.1"))[0::2] == (200, b"fine")
        assert (await talk(port, "HEAD /healthz HTTP/1.1"))[0::2] == (200, b"")
        assert (await talk(port, "GET / HTTP/1.1"))[0] == 500


@pytest.mark.parametrize(("language", "said"), [("en", b"larger than"), ("fr", b"larger than")])
async def test_a_large_body_gets_413_and_a_sentence(language: str, said: bytes) -> None:
    async with serving() as port:
        status, headers, body = await talk(
            port, "POST / HTTP/1.1", "Content-Length: 5000", f"Accept-Language: {language}", body=b"x" * 100
        )
    assert status == 413
    assert said in body
    assert headers["connection"] == "close"


async def test_the_api_gets_its_refusals_as_json() -> None:
    async with serving() as port:
        status, _headers, body = await talk(port, "POST /api/v3/x HTTP/1.1", "Content-Length: 5000")
    assert status == 413
    assert "larger than" in json.loads(body)["message"]


async def test_a_request_is_logged_with_its_outcome(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "openhearth.access")
    async with serving() as port:
        await talk(port, "GET /seen?secret=1 HTTP/1.1")
    [record] = [record for record in caplog.records if record.name == "openhearth.access"]
    assert (record.status, record.path, record.client) == (200, "/seen", "127.0.0.1")  # type: ignore[attr-defined]
    assert record.bytes > 0  # type: ignore[attr-defined]


async def test_only_trusted_proxies_say_who_the_client_is() -> None:
    found = []

    async def who(scope, receive, send) -> None:
        found.append(scope["client"][0])
        await respond(send, 200, "text/plain", b"")

    routes = [NativeRoute("/who", who, "public")]
    for proxies in ((), ("127.0.0.0/8",)):
        async with serving(routes=routes, proxies=proxies) as port:
            await talk(port, "GET /who HTTP/1.1", "X-Forwarded-For: 203.0.113.9, 192.0.2.1")
    assert found == ["127.0.0.1", "192.0.2.1"]


async def test_a_head_that_does_not_end_in_time_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.1)
    async with serving() as port:
        for beginning in (b"", b"GET / HTTP/1.1\r\nHost:"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(beginning)
            assert await asyncio.wait_for(reader.read(), 5) == b""
            writer.close()
            await writer.wait_closed()


async def test_a_head_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_BYTES", 1000)
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nX: " + b"x" * 2000)
        await writer.drain()
        assert b" 431 " in await asyncio.wait_for(reader.readline(), 5)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def test_a_connection_serves_many_requests() -> None:
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok")
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            assert json.loads(await reader.readexactly(length))["CONTENT_LENGTH"] == "2"
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    ("peer", "headers", "local"),
    [
        ("127.0.0.1", [], True),
        ("::1", [], True),
        ("::ffff:127.0.0.1", [], True),
        ("192.0.2.1", [], False),
        ("127.0.0.1", [(b"x-forwarded-for", b"192.0.2.1")], False),
        ("", [], False),
    ],
)
def test_only_this_machine_is_local(peer: str, headers: list[tuple[bytes, bytes]], local: bool) -> None:
    assert is_local({"peer": (peer, 1), "headers": headers}) is local
