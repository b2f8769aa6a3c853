"""Every route × every identity × every visibility, with canaries in all private data, against a whole instance.

The cells come from the route table of the running code, the expectations from policy's own verdicts: what policy
hides must look exactly like what does not exist, what it refuses must be refused, what it allows must be reached.
"""

from __future__ import annotations

import base64
import http.client
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.instance import ROOT, Instance, environ

pytestmark = pytest.mark.server

VISIBILITIES = ("public", "internal", "private")
CSRF = "a" * 32
MISSING = "missing0123456789"
LS_REFS = b"0014command=ls-refs\n00010009peel\n0000"
HERE = Path(__file__).resolve().parent


@dataclass
class Answer:
    status: int
    headers: str
    body: str

    @property
    def location(self) -> str:
        found = re.search(r"^location: (.*)$", self.headers, re.MULTILINE | re.IGNORECASE)
        return found[1] if found else ""


@dataclass
class Sweep:
    """Asks, compares, and gathers what is wrong."""

    instance: Instance
    world: dict[str, Any]
    cells: int = 0
    reached: int = 0
    faults: list[str] = field(default_factory=list)

    def run(self) -> None:
        for route in self.world["routes"]:
            for identity in self.world["identities"]:
                if route["kind"] == "native":
                    self.native(route, identity)
                elif route["load"] == "repository":
                    self.repository_page(route, identity)
                else:
                    self.other_page(route, identity)

    # --- asking ---

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.instance.port, timeout=60)
        try:
            connection.request(method, path, body=body or None, headers=headers)
            answer = connection.getresponse()
            raw = answer.read()
            return Answer(answer.status, str(answer.headers), raw.decode("utf-8", "replace"))
        finally:
            connection.close()

    def page_headers(self, identity: str) -> dict[str, str]:
        credentials = self.world["identities"][identity]
        headers = {"Accept": "text/html", "Accept-Language": "en"}
        if "session" in credentials:
            headers["Cookie"] = f"session={credentials['session']}; csrf={CSRF}"
        else:
            headers["Cookie"] = f"csrf={CSRF}"
            if "token" in credentials:
                headers["Authorization"] = f"token {credentials['token']}"
        return headers

    # --- judging ---

    def fault(self, cell: str, what: str) -> None:
        self.faults.append(f"{cell}: {what}")

    def canaries_hidden_from(self, identity: str) -> Iterator[tuple[str, str]]:
        for visibility in VISIBILITIES:
            if self.world["verdicts"][identity][visibility]["repo.read"] != "yes":
                for part, mark in self.world["repositories"][visibility]["canaries"].items():
                    yield f"{visibility} {part}", mark

    def look_for_leaks(self, cell: str, identity: str, path: str, answer: Answer) -> None:
        self.cells += 1
        if answer.status >= 500:
            self.fault(cell, f"status {answer.status}")
        for what, mark in self.canaries_hidden_from(identity):
            if mark not in path and (mark in answer.body or mark in answer.headers):
                self.fault(cell, f"LEAK of {what}")

    def repository_page(self, route: dict[str, Any], identity: str) -> None:
        for visibility in VISIBILITIES:
            path = route["urls"][visibility]
            if "GET" in route["methods"]:
                answer = self.ask("GET", path, self.page_headers(identity))
                cell = f"GET {route['name']} {visibility} as {identity}"
                self.look_for_leaks(cell, identity, path, answer)
                verdict = self.world["verdicts"][identity][visibility][route["permission"]]
                self.compare(cell, route, identity, visibility, verdict, answer)
            if "POST" in route["methods"]:
                self.post(route, identity, visibility)

    def compare(
        self, cell: str, route: dict[str, Any], identity: str, visibility: str, verdict: str, answer: Answer
    ) -> None:
        if verdict == "yes":
            self.reached += 1
            if answer.status not in {200, 301, 302, 303, 304}:
                self.fault(cell, f"allowed, but {answer.status}")
        elif verdict == "no":
            if not (answer.status == 403 or (answer.status == 302 and "/-/sign-in" in answer.location)):
                self.fault(cell, f"refused by policy, but {answer.status}")
        else:
            missing = self.ask("GET", route["urls"][f"{visibility}-missing"], self.page_headers(identity))
            name = self.world["repositories"][visibility]["name"]
            if answer.status != 404 or plain(answer.body, name) != plain(missing.body, f"repo-{MISSING}"):
                self.fault(cell, f"hidden, but {answer.status} where a missing one answers {missing.status}")

    def post(self, route: dict[str, Any], identity: str, visibility: str) -> None:
        """Only what must not work is tried: what policy allows would change the world."""
        verdict = self.world["verdicts"][identity][visibility][route["post_permission"]]
        if verdict == "yes":
            return
        path = route["urls"][visibility]
        body = f"csrfmiddlewaretoken={CSRF}&name=taken-over&confirm=yes&visibility=public&role=admin".encode()
        headers = {**self.page_headers(identity), "Content-Type": "application/x-www-form-urlencoded"}
        answer = self.ask("POST", path, headers, body)
        cell = f"POST {route['name']} {visibility} as {identity}"
        self.look_for_leaks(cell, identity, path, answer)
        refused = answer.status in {403, 404} or (answer.status == 302 and "/-/sign-in" in answer.location)
        if not refused or (verdict == "hidden" and answer.status == 403):
            self.fault(cell, f"{verdict} by policy, but {answer.status} {answer.location}")

    def other_page(self, route: dict[str, Any], identity: str) -> None:
        if "GET" not in route["methods"]:
            return
        for path in dict.fromkeys(route["urls"][v] for v in VISIBILITIES):
            for query in ("", "?q=CNRY", "?page=2"):
                answer = self.ask("GET", path + query, self.page_headers(identity))
                self.look_for_leaks(f"GET {path}{query} as {identity}", identity, path, answer)
            if route["permission"] == "site.administer" and identity != "site-admin" and answer.status != 404:
                self.fault(f"GET {path} as {identity}", f"administrators only, but {answer.status}")

    def native(self, route: dict[str, Any], identity: str) -> None:
        credentials = self.world["identities"][identity]
        headers = {"Git-Protocol": "version=2", "User-Agent": "git/2.39.5"}
        if "token" in credentials:
            pair = base64.b64encode(f"x:{credentials['token']}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        for visibility in VISIBILITIES:
            name = self.world["repositories"][visibility]["name"]
            for method, tail, kind, body, action in native_requests(route):
                for suffix in ("", ".git"):
                    extra = {"Content-Type": kind} if kind else {}
                    path = f"/{self.world['owner']}/{name}{suffix}/{tail}"
                    answer = self.ask(method, path, {**headers, **extra}, body)
                    cell = f"{method} {tail} {visibility} as {identity}"
                    self.look_for_leaks(cell, identity, path, answer)
                    gone = f"/{self.world['owner']}/repo-{MISSING}{suffix}/{tail}"
                    missing = self.ask(method, gone, {**headers, **extra}, body)
                    self.compare_native(cell, identity, visibility, action, answer, missing)

    def compare_native(
        self, cell: str, identity: str, visibility: str, action: str, answer: Answer, missing: Answer
    ) -> None:
        verdict = self.world["verdicts"][identity][visibility][action]
        name = self.world["repositories"][visibility]["name"]
        if identity == "suspended":
            if answer.status != 401:
                self.fault(cell, f"a suspended account's token was taken: {answer.status}")
        elif verdict == "yes":
            self.reached += 1
            if answer.status != 200:
                self.fault(cell, f"allowed, but {answer.status}")
        elif verdict == "no":
            if answer.status not in {401, 403}:
                self.fault(cell, f"refused by policy, but {answer.status}")
        elif identity == "owner":
            self.fault(cell, "hidden from its owner")
        elif answer.status != missing.status or answer.status not in {401, 404}:
            self.fault(cell, f"hidden, but {answer.status} where a missing one answers {missing.status}")
        elif plain(answer.body, name) != plain(missing.body, f"repo-{MISSING}"):
            self.fault(cell, "hidden, but the words differ from those for a missing one")


def native_requests(route: dict[str, Any]) -> Iterator[tuple[str, str, str, bytes, str]]:
    """Yield (method, tail of the address, content type, body, action) of each request a native route takes."""
    if route["name"] == "refs":
        yield "GET", "info/refs?service=git-upload-pack", "", b"", "repo.read"
        yield "GET", "info/refs?service=git-receive-pack", "", b"", "repo.push"
    elif route["name"] == "git-upload-pack":
        yield "POST", "git-upload-pack", "application/x-git-upload-pack-request", LS_REFS, "repo.read"
    elif route["name"] == "git-receive-pack":
        yield "POST", "git-receive-pack", "application/x-git-receive-pack-request", b"0000", "repo.push"
    else:
        raise AssertionError(f"say how to ask the native route {route['pattern']}")


def plain(body: str, name: str) -> str:
    """Return an answer without what differs between two requests: the name asked for, ids, tokens."""
    body = body.replace(name, "NAME")
    body = re.sub(r"[0-9a-f]{16}", "ID", body)
    body = re.sub(r'value="[A-Za-z0-9]{64}"', "TOKEN", body)
    return re.sub(r"CNRY[0-9a-zA-Z]+", "MARK", body)


def world_of(instance: Instance) -> dict[str, Any]:
    env = environ(OPENHEARTH_DATA=str(instance.data), DJANGO_SETTINGS_MODULE="openhearth.site.settings")
    made = subprocess.run(
        [sys.executable, str(HERE / "world.py")], env=env, cwd=ROOT, text=True, capture_output=True, check=False
    )
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)


@pytest.fixture
def swept(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Sweep]:
    command = getattr(request, "param", None)
    instance = Instance(tmp_path / "data", command=command).wait()
    try:
        yield Sweep(instance, world_of(instance))
    finally:
        instance.stop()


def test_no_cell_leaks_and_none_is_closed_that_should_be_open(swept: Sweep) -> None:
    swept.run()
    print(f"\n{swept.cells} cells, {swept.reached} of them open, {len(swept.faults)} faults")
    assert swept.cells > 2000
    assert swept.reached > 400
    assert not swept.faults, "\n".join(swept.faults[:40])


@pytest.mark.parametrize("swept", [[sys.executable, str(HERE / "broken.py")]], indirect=True)
def test_a_broken_rule_is_found(swept: Sweep) -> None:
    """The same sweep on an instance whose rule for reading says "everyone" must fail, or it proves nothing."""
    swept.run()
    assert any("LEAK" in fault for fault in swept.faults)
