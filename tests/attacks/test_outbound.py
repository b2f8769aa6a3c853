"""Imports from where nothing may be imported (B06, F01, F02): refused before git or a socket is asked."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

pytestmark = pytest.mark.server

PORTS = (8443, 3000, 8080, 8000)
CODE = """
import json, sys, django; django.setup()
from openhearth.federation.importers.actions import import_repository
from openhearth.kernel.errors import Invalid
from openhearth.kernel.policy.actors import system
from openhearth.people.accounts.models import Account
told = {}
for number, source in enumerate(json.loads(sys.argv[1])):
    try:
        import_repository(actor=system("tests"), source=source, owner=Account.objects.get(name="alice"),
            name=f"imported-{number}", visibility="public", progress=lambda what, percent: None)
        told[source] = ["imported", ""]
    except Invalid as refused:
        told[source] = [refused.faults[0].code, refused.faults[0].message]
json.dump(told, sys.stdout)
"""


class Sink(BaseHTTPRequestHandler):
    """Answers with a redirect where the server has a target, and notes who came."""

    def do_GET(self) -> None:
        server: Any = self.server
        server.seen.append(self.path)
        if server.target:
            self.send_response(server.code)
            self.send_header("Location", server.target)
        else:
            self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


def serve(address: str) -> Any:
    server: Any = None
    for port in PORTS:  # to others no request goes at all
        with contextlib.suppress(OSError):
            server = ThreadingHTTPServer((address, port), Sink)
            break
    if server is None:
        pytest.skip(f"all of the ports {PORTS} are taken on {address}")
    server.seen, server.target, server.code = [], "", 302
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture
def sink() -> Iterator[Any]:
    server = serve("127.0.0.2")
    yield server
    server.shutdown()
    server.server_close()


def tried(world: Any, sources: list[str], **more: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads(world.inside(CODE, json.dumps(sources), **more))
    return found


def test_b06_f01_sources_that_are_refused(world: Any, sink: Any) -> None:
    port = sink.server_address[1]
    hosts = [
        *("127.0.0.1", "127.0.0.2", "127.1", "0", "0.0.0.0", "2130706434", "0x7f000002", "0177.0.0.2"),  # noqa: S104
        *("[::1]", "[::ffff:127.0.0.2]", "[::]", "[fd00::1]", "[fe80::1%25lo]", "[64:ff9b::7f00:2]"),
        *("localhost", "localhost.", "LOCALHOST", "169.254.169.254", "10.0.0.1", "192.168.1.1", "172.16.0.1"),
        *("127。0。0。2", "①27.0.0.2", "example.org@127.0.0.2", "127.0.0.2#@example.org", "127.0.0.2%00.example.org"),
    ]
    sources = [f"http://{host}:{port}/x.git" for host in hosts]
    sources += [
        *("file:///etc", "ssh://-oProxyCommand=id/x", "ext::sh -c id", "--upload-pack=id", "-x", "git://127.0.0.1/x"),
        *(
            "git@127.0.0.1:x.git",
            "fd::3",
            "ftp://example.org/x",
            "http://",
            "http:///x",
            "https://:443/x",
            "gopher://x/",
        ),
        *(f"http://127.0.0.2:{port}/\r\nX: y", "http://a b/x", "http://exa\0mple.org/x", "data:text/plain,x", ""),
        *("/etc/passwd", "/proc/self/environ", "/nonexistent", "https://user:secret@127.0.0.2/x", "HTTP://127.0.0.2/"),
    ]
    told = tried(world, sources)
    assert {told[f"http://{host}:{port}/x.git"][0] for host in ("127.0.0.2", "[::1]", "10.0.0.1")} == {
        "private-address"
    }
    for source, (code, message) in told.items():
        assert code != "imported", source
        assert message.startswith("Source: "), (source, message)
    assert sink.seen == []
    assert world.ask("GET", "/alice/imported-0")[0] == 404
    assert not list(world.data.glob("tmp/scratch-*"))


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_f02_redirects_inside_are_not_followed(world: Any, sink: Any, code: int) -> None:
    """The first host may be contacted, the one that it names may not."""
    door = serve("127.0.0.1")
    try:
        door.code, door.target = code, f"http://127.0.0.2:{sink.server_address[1]}/x.git/info/refs"
        source = f"http://127.0.0.1:{door.server_address[1]}/x.git"
        told = tried(world, [source], OPENHEARTH_FETCH__ALLOW="127.0.0.1/32")
        assert told[source][0] != "imported"
        assert door.seen
        assert sink.seen == []
    finally:
        door.shutdown()
        door.server_close()
