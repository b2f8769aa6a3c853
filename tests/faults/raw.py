"""Pushes and fetches byte by byte over HTTP, and a place to send them to: an instance that can be killed."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.instance import Instance, alive, environ, eventually, hearth

from openhearth.git.pktline import FLUSH, packet
from openhearth.git.tests.rawpush import ZERO, commit, oid_of, pack, tree, whole

CAPS = "report-status object-format=sha1 agent=raw/1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """An instance on fixed ports, so that it is the same one after each start."""

    def __init__(self, folder: Path, **more: str) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.port, self.ssh_port = free_port(), free_port()
        self.more = more
        self.instance = self.start()
        self.tokens: dict[str, str] = {}

    def start(self) -> Instance:
        self.instance = Instance(
            self.data, "--port", str(self.port), "--ssh-port", str(self.ssh_port), command=None, **self.more
        ).wait()
        return self.instance

    def cli(self, *args: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
        done = hearth(*args, "--data", str(self.data))
        if ok:
            assert done.returncode == 0, done.stderr + done.stdout
        return done

    def user(self, *names: str, admin: str = "") -> None:
        """Make accounts with passwords and tokens, all by one process."""
        code = (
            "import json, sys, django; django.setup()\n"
            "from openhearth.kernel.policy.actors import system\n"
            "from openhearth.people.accounts.actions import create_account\n"
            "from openhearth.people.tokens.actions import create_token\n"
            "found = {}\n"
            "for name in sys.argv[2:]:\n"
            "    account = create_account(actor=system('tests'), name=name, email=f'{name}@example.org',\n"
            "        password=f'horse {name} battery', is_admin=name == sys.argv[1], email_verified=True)\n"
            "    scopes = ['repo', 'delete_repo', 'user']\n"
            "    found[name] = create_token(actor=system('tests'), account=account, name='t', scopes=scopes)[1]\n"
            "json.dump(found, sys.stdout)"
        )
        self.tokens |= json.loads(self.inside(code, admin, *names))

    def inside(self, code: str, *arguments: str, **more: str) -> str:
        """Run code as a program of the instance's."""
        more |= {"OPENHEARTH_DATA": str(self.data), "DJANGO_SETTINGS_MODULE": "openhearth.site.settings"}
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], env=environ(**more), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def auth(self, who: str) -> dict[str, str]:
        pair = base64.b64encode(f"{who}:{self.tokens[who]}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}

    def address(self, path: str, who: str | None = None) -> str:
        user = f"{who}:{self.tokens[who]}@" if who else ""
        return f"http://{user}127.0.0.1:{self.port}/{path}.git"

    def ask(
        self, method: str, path: str, body: bytes | None = None, timeout: float = 60, **headers: str
    ) -> tuple[int, Any, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def kill_everything(self) -> None:
        """Kill the supervisor alone, as the machine's memory killer does, and wait until its parts are gone."""
        parts = self.instance.pids()
        os.kill(self.instance.process.pid, signal.SIGKILL)
        self.instance.process.wait()
        eventually(lambda: not any(alive(pid) for pid in parts))

    def push(self, repo: str, who: str, commands: list[tuple[str, str, str]], data: bytes, caps: str = CAPS) -> bytes:
        """Return the report of a push. Raises OSError or `HTTPException` where no whole answer came."""
        rows = [f"{old} {new} {ref}" for old, new, ref in commands]
        head = b"".join(packet(row + (f"\0 {caps}" if not at else "")) for at, row in enumerate(rows)) + FLUSH
        status, _headers, body = self.ask(
            "POST",
            f"/{repo}.git/git-receive-pack",
            head + data,
            **self.auth(who),
            **{"Content-Type": "application/x-git-receive-pack-request"},
        )
        if status != 200:
            raise http.client.HTTPException(f"{status} {body[:300]!r}")
        return body

    def tips(self, repo: str, who: str | None = None) -> dict[str, str]:
        """Return what the server advertises to a version 0 client."""
        headers = self.auth(who) if who else {}
        status, _headers, body = self.ask("GET", f"/{repo}.git/info/refs?service=git-upload-pack", **headers)
        if status != 200:
            raise http.client.HTTPException(f"{status} {body[:300]!r}")
        found = {}
        for line in body.split(b"\n"):
            words = line.split(b"\0")[0].split(b" ")
            if len(words) == 2 and words[1].startswith(b"refs/"):
                found[words[1].decode()] = words[0][-40:].decode()
        return found

    def git_children(self) -> list[int]:
        """Return the gits that work in this instance's data."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes().split(b"\0")
                if b"git" in words[0] and str(self.data).encode() in b" ".join(words):
                    found.append(int(folder.name))
        return found

    def quarantines(self) -> list[Path]:
        return list(self.data.glob("repositories/*/*.git/objects/incoming-*"))

    def memory(self) -> int:
        """Return the most resident bytes that any of the parts has had."""
        most = 0
        for pid in self.instance.pids():
            with contextlib.suppress(OSError):
                for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                    if line.startswith("VmHWM:"):
                        most = max(most, int(line.split()[1]) * 1024)
        return most


def change(text: str, *parents: str) -> tuple[str, bytes]:
    """Return a commit of one file, and the pack that brings it."""
    blob = f"{text}\n".encode()
    blob_id = oid_of("blob", blob)
    root = tree(("100644", blob_id, b"file.txt"))
    head = commit(oid_of("tree", root), *parents, message=text)
    return oid_of("commit", head), pack([whole("commit", head), whole("tree", root), whole("blob", blob)])


@dataclass
class Pusher(threading.Thread):
    """Pushes commit after commit to one branch and notes which pushes were acknowledged.

    After an answer that did not come it asks for the tip: that must be the last acknowledged commit or the one that
    it does not know about, and nothing older.
    """

    server: Server
    repo: str
    who: str
    branch: str
    pause: float = 0.02
    acknowledged: list[tuple[float, str]] = field(default_factory=list)
    unanswered: int = 0
    applied_unanswered: int = 0
    faults: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True, name=self.branch)
        self.tip = ZERO

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        number = 0
        while not self.stop.is_set():
            number += 1
            parents = () if self.tip == ZERO else (self.tip,)
            oid, data = change(f"{self.branch} {number}", *parents)
            try:
                report = self.server.push(self.repo, self.who, [(self.tip, oid, f"refs/heads/{self.branch}")], data)
            except (OSError, http.client.HTTPException):
                self.unanswered += 1
                self.look(oid)
                continue
            if f"ok refs/heads/{self.branch}".encode() in report:
                self.tip = oid
                self.acknowledged.append((time.monotonic(), oid))
            else:
                self.faults.append(f"{self.branch}: {report!r}")
                self.look(oid)
            self.stop.wait(self.pause)

    def look(self, unknown: str) -> None:
        """Find out what became of a push without an answer."""
        while not self.stop.is_set():
            try:
                found = self.server.tips(self.repo, self.who).get(f"refs/heads/{self.branch}", ZERO)
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
                continue
            if found == unknown:
                self.applied_unanswered += 1
                self.tip = unknown
            elif found != self.tip:
                self.faults.append(f"{self.branch}: acknowledged {self.tip}, found {found}")
                self.tip = found
            return

    def finish(self) -> None:
        self.stop.set()
        self.join(30)
