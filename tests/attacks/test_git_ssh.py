"""Hostile SSH clients (A10, A11): commands, environments, half-open connections."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from tests.attacks.conftest import CANARY

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def keys(shared_world: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("keys")
    found = {}
    for name in ("bob", "dave"):
        path = folder / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
        shared_world.cli("key", "add", name, f"{path}.pub")
        found[name] = str(path)
    return found


async def run(
    world: Any, key: str, command: str | None, stdin: bytes = b"", **more: Any
) -> tuple[int | None, bytes, bytes]:
    async with asyncssh.connect(
        "127.0.0.1", world.ssh_port, username="git", client_keys=[key], known_hosts=None, config=None
    ) as connection:
        more |= {"input": stdin} if stdin else {"stdin": asyncssh.DEVNULL}
        for _ in range(5):
            try:
                done = await connection.run(command, encoding=None, timeout=30, **more)
                break
            except BrokenPipeError:  # the server had answered and closed before this client sent its end of input
                continue
        return done.exit_status, done.stdout or b"", done.stderr or b""  # type: ignore[return-value]


COMMANDS = [
    "git-upload-pack '--help'",
    "git-upload-pack --upload-pack=id alice/Q",
    "git-upload-pack 'alice/Q' --strict",
    "git-upload-pack 'alice/Q' ; id",
    "git-upload-pack 'alice/Q' && id",
    "git-upload-pack 'alice/Q'\nid",
    "git-upload-pack 'alice/Q' | id",
    "git-upload-pack `id`",
    "git-upload-pack $(id)",
    "git-upload-pack 'alice/../alice/P'",
    "git-upload-pack '/../../../etc'",
    "git-upload-pack 'alice/P\0'",
    "git-upload-pack ''",
    "git-upload-pack",
    "git-upload-pack 'alice/P'",
    "git-receive-pack 'alice/P'",
    "git-upload-archive 'alice/Q'",
    "git-lfs-authenticate alice/P upload",
    "git-lfs-authenticate alice/P nonsense",
    "git-lfs-transfer alice/P upload",
    "git-shell -c id",
    "git config --global alias.x '!id'",
    "sh -c id",
    "scp -f /etc/passwd",
    "rsync --server . /etc",
    "env",
    "é" * 300,
    "x" * 5000,
    "git-upload-pack 'alice/Q",
]


async def test_a10_commands_that_git_does_not_send(world: Any, keys: dict[str, str]) -> None:
    for command in COMMANDS:
        status, out, err = await run(world, keys["dave"], command)
        assert status not in {0, None}, command
        assert b"uid=" not in out + err
        assert b"root:" not in out + err
        assert world.commits["P"].encode() not in out
        assert CANARY.encode() not in out + err
        assert err.startswith(b"OpenHearth: "), (command, err)


async def test_a10_a_reader_may_not_push(world: Any, keys: dict[str, str]) -> None:
    status, out, err = await run(world, keys["bob"], "git-receive-pack 'alice/P'")
    assert status not in {0, None}
    assert world.commits["P"].encode() not in out
    assert b"role" in err
    assert (await run(world, keys["bob"], "git-upload-pack 'alice/P'", b"0000"))[0] == 0


async def test_a11_environments(world: Any, keys: dict[str, str]) -> None:
    env = {
        "GIT_DIR": "/etc",
        "GIT_TRACE": str(world.folder / "trace"),
        "GIT_EXEC_PATH": "/tmp",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.sshCommand",
        "GIT_CONFIG_VALUE_0": "id",
        "LD_PRELOAD": "/tmp/x.so",
        "--split-string": "id",
        "PATH": "/tmp",
        "OPENHEARTH_DATA": "/tmp",
        "GIT_PROTOCOL": "version=2:" + "x" * 20_000,
    }
    status, out, _err = await run(world, keys["dave"], "git-upload-pack 'alice/Q'", b"0000", env=env)
    assert status == 0
    assert b"version 2" in out
    assert not (world.folder / "trace").exists()


async def test_shells_terminals_and_forwarding_are_not_offered(world: Any, keys: dict[str, str]) -> None:
    options = {"username": "git", "client_keys": [keys["dave"]], "known_hosts": None, "config": None}
    async with asyncssh.connect("127.0.0.1", world.ssh_port, **options) as connection:
        done = await connection.run(None, encoding=None, timeout=30)
        assert done.exit_status == 1
        with pytest.raises(asyncssh.Error):
            await connection.open_connection("127.0.0.1", world.port)
        with pytest.raises((asyncssh.Error, OSError)):
            await connection.start_sftp_client()
        with pytest.raises(asyncssh.ChannelListenError):
            await connection.forward_remote_port("", 0, "127.0.0.1", 1)
    for name in ("root", "alice", "", "git\0"):
        with pytest.raises((asyncssh.Error, OSError, ValueError)):
            await asyncssh.connect("127.0.0.1", world.ssh_port, **{**options, "username": name})
    with pytest.raises(asyncssh.PermissionDenied):
        await asyncssh.connect(
            "127.0.0.1", world.ssh_port, username="git", password="x", client_keys=[], known_hosts=None, config=None
        )


async def test_half_open_connections_leave_the_others_alone(world: Any, keys: dict[str, str], tmp_path: Path) -> None:
    sockets = []
    try:
        for number in range(150):
            connection = socket.create_connection(("127.0.0.1", world.ssh_port), timeout=10)
            if number % 3 == 1:
                connection.sendall(b"SSH-2.0-slow\r\n")
            elif number % 3 == 2:
                connection.sendall(b"\xff" * 1000)
            sockets.append(connection)
        began = time.monotonic()
        status, _out, _err = await run(world, keys["dave"], "git-upload-pack 'alice/Q'", b"0000")
        assert status == 0
        assert time.monotonic() - began < 20
    finally:
        for connection in sockets:
            connection.close()
