"""Clients that leave in the middle: no git goes on working for them, and nothing of them stays."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.faults.raw import CAPS, Server, change
from tests.instance import eventually

from openhearth.git.pktline import FLUSH, packet
from openhearth.git.tests.rawpush import ZERO, commit, oid_of, pack, tree, whole

pytestmark = pytest.mark.server

SIZE = int(os.environ.get("OPENHEARTH_TEST_LARGE", str(100 << 20)))
GONE_SECONDS = 2.0


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a repository of about 100 MB that cannot be packed smaller."""
    made = Server(tmp_path_factory.mktemp("large"))
    try:
        made.user("lin")
        made.cli("repo", "add", "lin/large")
        blobs = [random.Random(number).randbytes(4 << 20) for number in range(SIZE >> 22)]
        root = tree(*(("100644", oid_of("blob", blob), b"%04d" % at) for at, blob in enumerate(blobs)))
        head = commit(oid_of("tree", root))
        data = pack([whole("commit", head), whole("tree", root), *(whole("blob", blob) for blob in blobs)])
        report = made.push("lin/large", "lin", [(ZERO, oid_of("commit", head), "refs/heads/main")], data)
        assert b"ok refs/heads/main" in report
        yield made
    finally:
        made.instance.stop()


def gone(large: Server) -> float:
    """Wait until no git works in the data any more; return how long it took."""
    began = time.monotonic()
    eventually(lambda: not large.git_children(), 30)
    return time.monotonic() - began


def test_a_clone_over_http_that_is_cut(large: Server) -> None:
    tip = large.tips("lin/large")["refs/heads/main"]
    body = packet("command=fetch") + b"0001" + packet(f"want {tip}") + packet("done") + FLUSH
    head = (
        f"POST /lin/large.git/git-upload-pack HTTP/1.1\r\nHost: 127.0.0.1\r\nGit-Protocol: version=2\r\n"
        f"Content-Type: application/x-git-upload-pack-request\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", large.port)) as connection:
            connection.sendall(head.encode() + body)
            got = 0
            while got < 2 << 20:
                got += len(connection.recv(65536))
        assert gone(large) < GONE_SECONDS


def key(large: Server, folder: Path) -> dict[str, str]:
    path = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    large.cli("key", "add", "lin", f"{path}.pub")
    options = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o IdentitiesOnly=yes"
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_SSH_COMMAND": f"ssh -F /dev/null -i {path} {options}",
    }


@pytest.mark.parametrize("way", ["http", "ssh"])
def test_a_stock_client_that_is_killed_while_it_clones(large: Server, tmp_path: Path, way: str) -> None:
    env = key(large, tmp_path)
    http = large.address("lin/large")
    address = http if way == "http" else f"ssh://git@127.0.0.1:{large.ssh_port}/lin/large.git"
    copy = tmp_path / "copy"
    with subprocess.Popen(
        ["git", "clone", "-q", "--bare", address, str(copy)],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as client:
        eventually(lambda: any(part.stat().st_size > 1 << 20 for part in copy.glob("objects/pack/tmp_pack_*")), 60)
        os.killpg(client.pid, signal.SIGKILL)
    assert gone(large) < GONE_SECONDS
    assert large.tips("lin/large")


def test_a_client_that_reads_nothing_is_not_waited_for_with_memory(large: Server) -> None:
    """A stalled clone costs a few blocks, not the repository."""
    before = large.memory()
    tip = large.tips("lin/large")["refs/heads/main"]
    body = packet("command=fetch") + b"0001" + packet(f"want {tip}") + packet("done") + FLUSH
    head = (
        f"POST /lin/large.git/git-upload-pack HTTP/1.1\r\nHost: 127.0.0.1\r\nGit-Protocol: version=2\r\n"
        f"Content-Type: application/x-git-upload-pack-request\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", large.port)))
            connection.sendall(head.encode() + body)
        time.sleep(2)
        assert large.ask("GET", "/healthz")[0] == 200
        assert large.memory() - before < 48 << 20
    assert gone(large) < GONE_SECONDS


@pytest.mark.parametrize("at", [0, 11, 200, 50_000, 3 << 20])
def test_a_push_that_is_cut(large: Server, at: int) -> None:
    before = large.tips("lin/large")
    blob = random.Random(at).randbytes(6 << 20)
    root = tree(("100644", oid_of("blob", blob), b"x"))
    head = commit(oid_of("tree", root))
    data = pack([whole("blob", blob), whole("tree", root), whole("commit", head)])
    start = packet(f"{ZERO} {oid_of('commit', head)} refs/heads/cut\0 {CAPS} side-band-64k") + FLUSH
    request = (
        "POST /lin/large.git/git-receive-pack HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: {large.auth('lin')['Authorization']}\r\n"
        f"Content-Type: application/x-git-receive-pack-request\r\nContent-Length: {len(start) + len(data)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", large.port)) as connection:
        connection.sendall(request.encode() + start + data[:at])
        time.sleep(0.3)
    assert gone(large) < GONE_SECONDS
    eventually(lambda: not large.quarantines(), 2)
    assert large.tips("lin/large") == before
    oid, whole_pack = change(f"after the cut at {at}")
    report = large.push("lin/large", "lin", [(ZERO, oid, f"refs/heads/after-{at}")], whole_pack)
    assert b"ok refs/heads/after" in report


def test_a_stock_client_that_is_killed_while_it_pushes(large: Server, tmp_path: Path) -> None:
    env = key(large, tmp_path) | {
        f"GIT_{who}_{what}": "lin@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    work = tmp_path / "work"
    subprocess.run(["git", "init", "-q", "-b", "main", str(work)], check=True, env=env)
    (work / "file").write_bytes(random.Random(1).randbytes(40 << 20))
    subprocess.run(["git", "add", "."], check=True, cwd=work, env=env)
    subprocess.run(["git", "commit", "-qm", "large"], check=True, cwd=work, env=env)
    address = f"ssh://git@127.0.0.1:{large.ssh_port}/lin/large.git"
    command = ["git", "push", "-q", address, "main:refs/heads/by-ssh"]
    with subprocess.Popen(
        command, env=env, cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as client:
        eventually(large.quarantines, 60)
        os.killpg(client.pid, signal.SIGKILL)
    assert gone(large) < GONE_SECONDS
    eventually(lambda: not large.quarantines(), 5)
    done = subprocess.run(command, env=env, cwd=work, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
