"""Hostile HTTP below the pages: slow, oversized, malformed and smuggled requests, bombs (D09, D10, K02)."""

from __future__ import annotations

import contextlib
import gzip
import re
import socket
import time
from typing import Any

import pytest
from tests.attacks.conftest import CANARY
from tests.faults.raw import CAPS

from openhearth.git.pktline import FLUSH, packet
from openhearth.git.tests.rawpush import ZERO

pytestmark = pytest.mark.server

HOST = "Host: 127.0.0.1\r\n"


def statuses(answer: bytes) -> list[int]:
    return [int(found) for found in re.findall(rb"^HTTP/1\.1 (\d{3})", answer, re.MULTILINE)]


@pytest.mark.parametrize(
    "request_",
    [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/9.9\r\n" + HOST + "\r\n",
        "GET / HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\n" + HOST + " folded: x\r\n\r\n",
        "GET / HTTP/1.1\r\n" + HOST + "X: a\0b\r\n\r\n",
        "GET / HTTP/1.1\r\n" + HOST + "X: a\nY: b\r\n\r\n",
        "G\0T / HTTP/1.1\r\n" + HOST + "\r\n",
        "GET /\xff\xfe HTTP/1.1\r\n" + HOST + "\r\n",
        "GET /%00%ff%fe HTTP/1.1\r\n" + HOST + "\r\n",
        "GET /?a=%00&b=%ff HTTP/1.1\r\n" + HOST + "\r\n",
        "GET http://evil.example/ HTTP/1.1\r\n" + HOST + "\r\n",
        "GET * HTTP/1.1\r\n" + HOST + "\r\n",
        "CONNECT evil.example:80 HTTP/1.1\r\n" + HOST + "\r\n",
        "OPTIONS * HTTP/1.1\r\n" + HOST + "\r\n",
        "TRACE / HTTP/1.1\r\n" + HOST + "\r\n",
        "GET / HTTP/1.1\r\n" + HOST + "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        "GET / HTTP/1.1\r\n"
        + HOST
        + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "\0" * 300,
        "POST /-/sign-in HTTP/1.1\r\n" + HOST + "Content-Length: -1\r\n\r\nx",
        "POST /-/sign-in HTTP/1.1\r\n" + HOST + "Content-Length: 1, 2\r\n\r\nx",
        "POST /-/sign-in HTTP/1.1\r\n" + HOST + "Content-Length: 0x10\r\n\r\nx",
        "POST /-/sign-in HTTP/1.1\r\n" + HOST + "Content-Length: 99999999999999999999999\r\n\r\nx",
        "POST /-/sign-in HTTP/1.1\r\n" + HOST + "Transfer-Encoding: chunked\r\n\r\nzz\r\nx\r\n0\r\n\r\n",
        "POST /-/sign-in HTTP/1.1\r\n" + HOST + "Transfer-Encoding: chunked\r\n\r\n-5\r\nx\r\n0\r\n\r\n",
        "POST /-/sign-in HTTP/1.1\r\n" + HOST + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\nx",
        "POST /-/sign-in HTTP/1.1\r\n" + HOST + "Transfer-Encoding: chunked\r\n\r\n5;" + "x" * 70000,
        "POST /-/sign-in HTTP/1.1\r\n"
        + HOST
        + "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 9\r\n\r\n--x\r\n\r\n--",
        "POST /-/sign-in HTTP/1.1\r\n"
        + HOST
        + "Content-Type: text/plain; charset=nonsense\r\nContent-Length: 1\r\n\r\nx",
        "POST /-/sign-in HTTP/1.1\r\n"
        + HOST
        + "Content-Type: application/x-www-form-urlencoded; charset=utf-7\r\nContent-Length: 3\r\n\r\na=b",
        "GET / HTTP/1.1\r\n" + HOST + 'Cookie: session="\\x"; csrf=é; ;;=;a\r\n\r\n',
        "GET / HTTP/1.1\r\n" + HOST + "Accept-Language: " + "zh," * 5000 + "\r\n\r\n",
        "GET / HTTP/1.1\r\n" + HOST + 'Range: bytes=0-,0-,0-\r\nIf-Modified-Since: never\r\nIf-None-Match: "\r\n\r\n',
    ],
    ids=lambda text: ascii(text[:60]),
)
def test_requests_that_are_none(world: Any, request_: str) -> None:
    answer = world.raw(request_.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1).encode("latin-1"), 3)
    assert all(status < 500 or status in {501, 505} for status in statuses(answer)), answer[:300]
    assert CANARY.encode() not in answer
    assert b"Traceback" not in answer


SMUGGLED = "GET /alice/P HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@pytest.mark.parametrize(
    "headers",
    [
        f"Content-Length: {len(SMUGGLED) + 5}\r\nTransfer-Encoding: chunked\r\n",
        f"Transfer-Encoding: chunked\r\nContent-Length: {len(SMUGGLED) + 5}\r\n",
        f"Content-Length: 5\r\nContent-Length: {len(SMUGGLED) + 5}\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: identity, chunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding:\tchunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\nContent-Length: 5\r\n",
        "X: y\nTransfer-Encoding: chunked\r\n",
    ],
)
@pytest.mark.parametrize("path", ["/-/sign-in", "/alice/Q.git/git-upload-pack"])
def test_two_lengths_are_not_two_requests(world: Any, headers: str, path: str) -> None:
    """Where the two ends could differ about the length, the request is refused or the connection ends after it."""
    head = f"POST {path} HTTP/1.1\r\n{HOST}Content-Type: application/x-git-upload-pack-request\r\n{headers}\r\n"
    answer = world.raw(f"{head}0\r\n\r\n{SMUGGLED}".encode("latin-1"), 2)
    found = statuses(answer)
    assert all(status < 500 for status in found), answer[:300]
    assert found == [] or found[0] >= 400, answer[:300]
    if "Content-Length" in headers and "Transfer-Encoding" in headers:
        assert len(found) <= 1, answer


def test_heads_without_measure(world: Any) -> None:
    for request in (
        f"GET /{'a' * 200_000} HTTP/1.1\r\n{HOST}\r\n",
        f"GET /?{'a=b&' * 60_000} HTTP/1.1\r\n{HOST}\r\n",
        f"GET / HTTP/1.1\r\n{HOST}X: {'a' * 200_000}\r\n\r\n",
        "GET / HTTP/1.1\r\n" + HOST + "X: y\r\n" * 50_000 + "\r\n",
        "G" * 300_000,
    ):
        try:
            answer = world.raw(request.encode(), 5)
        except (BrokenPipeError, ConnectionResetError):
            continue
        assert statuses(answer)[:1] in ([], [400], [414], [431]), answer[:200]
    status, _headers, _body = world.ask("GET", f"/{'a' * 5000}/{'b' * 5000}")
    assert status == 404
    status, _headers, _body = world.ask("GET", "/alice/Q/tree/" + "d/" * 5000)
    assert status == 404


def test_bodies_without_measure(world: Any) -> None:
    eleven = 11 << 20
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    head = f"POST /-/sign-in HTTP/1.1\r\n{HOST}Content-Length: {eleven}\r\n\r\n".encode()
    answer = world.raw(head + b"a=" + b"x" * 1000, 5)
    assert statuses(answer) == [413]
    assert b"10 MiB" in answer
    chunk = b"100000\r\n" + b"x" * (1 << 20) + b"\r\n"
    head = (
        f"POST /-/sign-in HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\nContent-Type: {kind['Content-Type']}\r\n\r\n"
    )
    try:
        answer = world.raw(head.encode() + chunk * 11 + b"0\r\n\r\n", 5)
    except (BrokenPipeError, ConnectionResetError):
        answer = b""
    assert statuses(answer) in ([], [413])
    fields = "&".join(f"f{number}=x" for number in range(6000)).encode()
    assert world.ask("POST", "/-/sign-in", fields, **kind)[0] in {400, 403, 413}
    nested = b"a[" * 100_000 + b"]=1"
    assert world.ask("POST", "/-/sign-in", nested, **kind)[0] in {400, 403}
    parts = (
        b"".join(b'--x\r\nContent-Disposition: form-data; name="f%d"\r\n\r\ny\r\n' % n for n in range(6000)) + b"--x--"
    )
    assert world.ask("POST", "/-/sign-in", parts, **{"Content-Type": "multipart/form-data; boundary=x"})[0] in {
        400,
        403,
        413,
    }


def test_k02_gzip_bombs(world: Any) -> None:
    bomb = gzip.compress(b"0" * (300 << 20), 9)
    more = {"Content-Encoding": "gzip"}
    for path, kind, who in (
        ("/alice/Q.git/git-upload-pack", "application/x-git-upload-pack-request", None),
        ("/alice/Q.git/git-receive-pack", "application/x-git-receive-pack-request", "alice"),
        ("/-/sign-in", "application/x-www-form-urlencoded", None),
    ):
        headers = world.auth(who) if who else {}
        began = time.monotonic()
        status, _headers, _body = world.ask("POST", path, bomb, **headers, **more, **{"Content-Type": kind})
        assert status in {200, 400, 403, 413, 415}, path
        assert time.monotonic() - began < 10
    head = packet(f"{ZERO} {'1' * 40} refs/heads/bomb\0 {CAPS}") + FLUSH + b"PACK\0\0\0\2\0\0\0\1"
    late = gzip.compress(head + b"\0" * (200 << 20), 9)
    kind = {"Content-Type": "application/x-git-receive-pack-request", **more}
    status, _headers, body = world.ask("POST", "/alice/Q.git/git-receive-pack", late, **world.auth("alice"), **kind)
    assert status in {200, 413}
    assert b"ok refs" not in body
    for damaged in (b"", b"\x1f\x8b", bomb[:100], b"hello"):
        status, _headers, _body = world.ask(
            "POST", "/alice/Q.git/git-receive-pack", damaged, **world.auth("alice"), **kind
        )
        assert status in {200, 400}


def test_slow_heads_and_bodies_leave_the_others_alone(world: Any) -> None:
    """Slowloris: 300 connections that never finish, in the head, in a form, in a push; pages answer as before."""
    beginnings = [
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-",
        b"POST /-/sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\na",
        (
            b"POST /alice/Q.git/git-upload-pack HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n"
            b"Content-Type: application/x-git-upload-pack-request\r\n\r\n00"
        ),
    ]
    connections = []
    try:
        for number in range(300):
            connection = socket.create_connection(("127.0.0.1", world.port), timeout=10)
            connection.sendall(beginnings[0] if number % 10 < 8 else beginnings[number % 10 - 7])
            connections.append(connection)
        worst = 0.0
        for _ in range(10):
            began = time.monotonic()
            assert world.ask("GET", "/alice/Q", Accept="text/html")[0] == 200
            assert world.tips("alice/Q")
            worst = max(worst, time.monotonic() - began)
        assert worst < 5
        connections[0].settimeout(40)
        with contextlib.suppress(ConnectionResetError):
            while connections[0].recv(100):  # a head that never ends is not waited for
                pass
    finally:
        for connection in connections:
            connection.close()


def test_d10_headers_of_proxies_are_nobodys_word(world: Any) -> None:
    for headers in (
        {"X-Forwarded-User": "zoe"},
        {"Remote-User": "zoe"},
        {"X-Real-IP": "127.0.0.1", "X-Forwarded-For": "127.0.0.1"},
        {"X-Remote-User": "alice", "X-WEBAUTH-USER": "alice"},
        {"X_Forwarded_User": "zoe", "Remote_User": "zoe"},
    ):
        for path in ("/alice/P", "/-/admin"):
            status, _headers, body = world.ask("GET", path, **headers)
            assert status in {302, 303, 401, 403, 404}
            assert CANARY.encode() not in body


def test_metrics_and_probes_tell_nothing_private(world: Any) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/-/health", "/-/ready", "/-/metrics"):
        _status, _headers, body = world.ask("GET", path)
        assert CANARY.encode() not in body
        assert str(world.data).encode() not in body
        assert b"alice" not in body
