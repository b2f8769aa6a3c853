"""One server for all attacks: alice owns a private and a public repository, bob reads, carol writes, dave has nothing.

After each attack the server must be as it was: no error in its log, no git left running, memory within bounds, and
the next request is answered. Cases are named after their ids in the list of attacks.
"""

from __future__ import annotations

import http.client
import json
import re
import secrets
import socket
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.faults.raw import Server
from tests.instance import eventually

from openhearth.git.tests.rawpush import ZERO, commit, oid_of, pack, tree, whole

CANARY = f"CNRY-{secrets.token_hex(8)}"
MEMORY_MORE = 160 << 20
"""So much may any process have grown since the start."""


class World(Server):
    """The server with its people."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.baseline = 0
        self.commits: dict[str, str] = {}
        self.disk = folder / "outside.txt"
        self.disk.write_text(f"{CANARY} disk\n")

    def build(self) -> None:
        self.user("zoe", "alice", "bob", "carol", "dave", admin="zoe")
        self.cli("repo", "add", "alice/P", "--visibility", "private")
        self.cli("repo", "add", "alice/Q", "--visibility", "public")
        for name in ("P", "Q"):
            text = CANARY if name == "P" else "public"
            self.commits[name] = self.fill(f"alice/{name}", "alice", {"README.md": f"# {text}\n"}, f"say {text}")
        alice = self.browser("alice")
        for name, role in (("bob", "read"), ("carol", "write")):
            status, _headers, body = alice.post(
                "/alice/P/settings/access", {"act": "add", "account": name, "role": role}
            )
            assert status in {200, 302, 303}, body

    def fill(self, repo: str, who: str, files: dict[str, str | bytes], message: str = "fill", ref: str = "main") -> str:
        """Push one commit with these files and return its id."""
        blobs = {name: text if isinstance(text, bytes) else text.encode() for name, text in files.items()}
        root = tree(*(("100644", oid_of("blob", blobs[name]), name.encode()) for name in sorted(blobs)))
        head = commit(oid_of("tree", root), message=message)
        data = pack([whole("commit", head), whole("tree", root), *(whole("blob", blob) for blob in blobs.values())])
        oid = oid_of("commit", head)
        old = self.tips(repo, who).get(f"refs/heads/{ref}", ZERO)
        report = self.push(repo, who, [(old, oid, f"refs/heads/{ref}")], data)
        assert b"ok refs/heads/" in report, report
        return oid

    def browser(self, who: str | None = None) -> Browser:
        browser = Browser(self)
        if who:
            status, _headers, body = browser.post("/-/sign-in", {"login": who, "password": f"horse {who} battery"})
            assert status in {302, 303}, body
        return browser

    def errors(self) -> list[str]:
        return [line for line in self.instance.log.read_text().splitlines() if '"level": "error"' in line]

    def raw(self, data: bytes, seconds: float = 10) -> bytes:
        """Send bytes and return all that comes back until the end of the connection, or for so long."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as connection:
            connection.sendall(data)
            got = b""
            try:
                while piece := connection.recv(65536):
                    got += piece
            except (TimeoutError, ConnectionResetError):
                pass
            return got


class Browser:
    """Keeps cookies and sends forms with their token, as a browser does."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any, bytes]:
        sent = {"Accept": "text/html", "Accept-Language": "en", **headers}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection = http.client.HTTPConnection("127.0.0.1", self.world.port, timeout=60)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie", []):
            name, _equals, value = line.split(";")[0].partition("=")
            if value and "Max-Age=0" not in line:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)
        return answer.status, answer.headers, data

    def get(self, path: str, **headers: str) -> tuple[int, Any, bytes]:
        return self.ask("GET", path, **headers)

    def token(self, path: str = "/-/sign-in") -> str:
        """Return a token for forms, from the form on a page."""
        _status, _headers, body = self.get(path)
        found = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', body)
        return unescape(found[1].decode()) if found else ""

    def post(self, path: str, fields: Any, token: str | None = None, **headers: str) -> tuple[int, Any, bytes]:
        if token is None:
            token = self.token(path) or self.token("/-/settings/profile") or self.token()
        pairs = list(fields.items()) if isinstance(fields, dict) else list(fields)
        body = urlencode([("csrfmiddlewaretoken", token), *pairs]).encode()
        return self.ask("POST", path, body, **{"Content-Type": "application/x-www-form-urlencoded", **headers})


@pytest.fixture(scope="session")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("attacks"))
    try:
        world.build()
        world.baseline = world.memory()
        yield world
    finally:
        world.instance.stop()


@pytest.fixture
def world(shared_world: World) -> Iterator[World]:
    before = len(shared_world.errors())
    yield shared_world
    assert shared_world.ask("GET", "/alice/Q", Accept="text/html")[0] == 200
    eventually(lambda: not serving(shared_world), 5)
    assert shared_world.errors()[before:] == []
    assert shared_world.memory() < shared_world.baseline + MEMORY_MORE
    assert shared_world.disk.read_text() == f"{CANARY} disk\n"


def serving(world: World) -> list[int]:
    """Return the gits of requests; those of upkeep jobs may run."""
    worker = set(world.instance.part("worker"))
    found = []
    for pid in world.git_children():
        try:
            parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent not in worker:
            found.append(pid)
    return found


@pytest.fixture(scope="session")
def routes(shared_world: World) -> list[dict[str, Any]]:
    """The route table of the running code."""
    code = (
        "import json, sys, dataclasses, django; django.setup()\n"
        "from openhearth.web.routes import declared_routes\n"
        "json.dump([{'pattern': full, 'arguments': sorted(route.pattern.regex.groupindex),"
        " **dataclasses.asdict(route.callback.declared)} for full, route in declared_routes()], sys.stdout)"
    )
    found: list[dict[str, Any]] = json.loads(shared_world.inside(code))
    return found
