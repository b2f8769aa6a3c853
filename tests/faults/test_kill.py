"""kill -9 of every process at random moments while clients push: nothing acknowledged is lost, nothing stays blocked.

OPENHEARTH_TEST_KILLS sets how many kills (30).
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from tests.faults.raw import Pusher, Server, change
from tests.instance import alive, eventually

from openhearth.git.tests.rawpush import ZERO

pytestmark = pytest.mark.server

KILLS = int(os.environ.get("OPENHEARTH_TEST_KILLS", "30"))
SEED = int(os.environ.get("OPENHEARTH_TEST_SEED", str(int(time.time()))))
TARGETS = ("web", "supervisor", "web", "worker", "ssh")


class SshPusher(threading.Thread):
    """Pushes with the stock client over SSH; a push counts where it ended with 0."""

    def __init__(self, server: Server, folder: Path) -> None:
        super().__init__(daemon=True)
        self.server, self.stop, self.acknowledged, self.failed = server, threading.Event(), [], 0
        self.reasons: set[str] = set()
        key = folder / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
        server.cli("key", "add", "lin", f"{key}.pub")
        options = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o IdentitiesOnly=yes"
        who = {
            "GIT_AUTHOR_NAME": "L",
            "GIT_AUTHOR_EMAIL": "l@x",
            "GIT_COMMITTER_NAME": "L",
            "GIT_COMMITTER_EMAIL": "l@x",
        }
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_SSH_COMMAND": f"ssh -F /dev/null -i {key} {options} -o ConnectTimeout=30",
            **who,
        }
        self.work = folder / "work"
        self.git("init", "-q", "-b", "ssh", str(self.work), cwd=folder)

    def git(self, *args: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["git", *args],
            cwd=cwd or self.work,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def run(self) -> None:
        address = f"ssh://git@127.0.0.1:{self.server.ssh_port}/lin/kill.git"
        while not self.stop.is_set():
            self.git("commit", "-q", "--allow-empty", "-m", "x")
            head = self.git("rev-parse", "HEAD").stdout.strip()
            done = self.git("push", "-q", address, "ssh")
            if done.returncode == 0:
                self.acknowledged.append(head)
            else:
                self.failed += 1
                self.reasons.add(done.stderr.strip().splitlines()[0] if done.stderr.strip() else "")
                self.stop.wait(0.1)


def kill(server: Server, target: str, choose: random.Random) -> None:
    if target == "supervisor":
        server.kill_everything()
        server.start()
        return
    pids = eventually(lambda: server.instance.part(target))
    pid = choose.choice(pids)
    if alive(pid):
        os.kill(pid, signal.SIGKILL)


def next_push(pushers: list[Pusher], since: float, seconds: float = 30) -> float:
    """Return how long after `since` every branch had its next acknowledged push."""

    def all_pushed() -> bool:
        return all(pusher.acknowledged and pusher.acknowledged[-1][0] > since for pusher in pushers)

    eventually(all_pushed, seconds)
    return max(next(at for at, _oid in pusher.acknowledged if at > since) for pusher in pushers) - since


def test_kills_lose_nothing(server: Server, tmp_path: Path) -> None:
    choose = random.Random(SEED)
    server.user("lin")
    server.cli("repo", "add", "lin/kill", "--visibility", "private")
    pushers = [Pusher(server, "lin/kill", "lin", f"branch-{number}") for number in range(3)]
    by_ssh = SshPusher(server, tmp_path)
    for each in (*pushers, by_ssh):
        each.start()
    next_push(pushers, 0)
    waits = []
    for number in range(KILLS):
        time.sleep(choose.uniform(0.02, 0.5))
        target = TARGETS[number % len(TARGETS)]
        began = time.monotonic()
        kill(server, target, choose)
        if target == "ssh":
            done = len(by_ssh.acknowledged)
            eventually(lambda done=done: len(by_ssh.acknowledged) > done + 1, 90)  # one may have been under way
        waits.append((target, next_push(pushers, time.monotonic() if target == "supervisor" else began)))
    for each in pushers:
        each.finish()
    by_ssh.stop.set()
    by_ssh.join(60)
    told(pushers, by_ssh, waits)
    judge(server, pushers, by_ssh, tmp_path)


def told(pushers: list[Pusher], by_ssh: SshPusher, waits: list[tuple[str, float]]) -> None:
    """Print the figures (pytest -s shows them)."""
    seconds = sorted(wait for _target, wait in waits)
    print(
        f"\nseed {SEED}: {len(waits)} kills, {sum(len(p.acknowledged) for p in pushers)} pushes acknowledged over HTTP "
        f"and {len(by_ssh.acknowledged)} over SSH, {sum(p.unanswered for p in pushers)} without an answer "
        f"({sum(p.applied_unanswered for p in pushers)} of them applied), {by_ssh.failed} failed over SSH; "
        f"next push on every branch after {seconds[len(seconds) // 2]:.2f} s (median), {seconds[-1]:.2f} s (longest)"
    )


def judge(server: Server, pushers: list[Pusher], by_ssh: SshPusher, tmp_path: Path) -> None:
    assert [fault for pusher in pushers for fault in pusher.faults] == []
    git = by_ssh.git
    done = git("clone", "-q", "--mirror", server.address("lin/kill", "lin"), str(tmp_path / "copy"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    copy = tmp_path / "copy"
    assert git("fsck", "--full", "--strict", cwd=copy).returncode == 0
    for branch, kept in [
        *((p.branch, [oid for _at, oid in p.acknowledged]) for p in pushers),
        ("ssh", by_ssh.acknowledged),
    ]:
        there = set(git("rev-list", f"refs/heads/{branch}", cwd=copy).stdout.split())
        assert kept, branch
        assert set(kept) <= there, f"{branch}: lost {len(set(kept) - there)} of {len(kept)}"
    verified = server.cli("verify", ok=False)
    assert verified.returncode == 0, verified.stdout
    print(verified.stdout.strip())
    leftovers_go(server)
    nothing_runs_after_the_stop(server)


def leftovers_go(server: Server) -> None:
    """A quarantine of a process that is killed now is gone after the next start, by itself."""
    head = change("never", ZERO)[1]
    stuck = start_push(server, head[:40])
    eventually(server.quarantines)
    server.kill_everything()
    assert server.quarantines()
    stuck.close()
    server.start()
    eventually(lambda: not server.quarantines(), 240)


def start_push(server: Server, beginning: bytes) -> socket.socket:
    """Send the beginning of a push and leave the rest."""
    command = f"{ZERO} {'1' * 40} refs/heads/stuck\0 report-status".encode()
    body = f"{len(command) + 4:04x}".encode() + command + b"0000" + beginning
    head = [
        "POST /lin/kill.git/git-receive-pack HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        f"Authorization: {server.auth('lin')['Authorization']}",
        "Content-Type: application/x-git-receive-pack-request",
        "Content-Length: 100000",
    ]
    connection = socket.create_connection(("127.0.0.1", server.port))
    connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)
    return connection


def nothing_runs_after_the_stop(server: Server) -> None:
    pids: list[Any] = server.instance.pids()
    assert server.instance.stop() == 0
    assert not any(alive(pid) for pid in pids)
    assert server.git_children() == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=5).close()
