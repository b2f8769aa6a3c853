"""Whole instances on 127.0.0.1: started by the command line, watched from outside."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.instance import Instance, alive, eventually, hearth

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """One instance for the tests that leave it as it was."""
    instance = Instance(tmp_path_factory.mktemp("instance") / "data").wait()
    yield instance
    assert instance.stop() == 0, instance.log.read_text()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Instance]]:
    started: list[Instance] = []

    def begin(name: str = "data", *options: str, **more: str) -> Instance:
        instance = Instance(tmp_path / name, *options, **more)
        started.append(instance)
        return instance.wait()

    yield begin
    for instance in started:
        instance.stop()


def test_probes_answer(running: Instance) -> None:
    status, headers, body = running.get("/healthz")
    assert (status, json.loads(body)["status"]) == (200, "ok")
    assert re.fullmatch("[0-9a-f]{16}", headers["X-Request-Id"])
    status, _headers, body = running.get("/readyz")
    assert (status, json.loads(body)) == (200, {"status": "ok", "faults": {}})
    status, _headers, body = running.get("/metrics")
    assert status == 200
    assert b"openhearth_request_seconds" in body
    assert running.get("/metrics", **{"X-Forwarded-For": "192.0.2.1"})[0] == 404


def test_the_banner_says_where_and_how_to_begin(running: Instance) -> None:
    said = running.out.read_text()
    assert f"http://127.0.0.1:{running.port}" in said
    assert f":{running.state()['ssh']['port']}/" in said
    [link] = re.findall(r"(/-/first/\S+)", said)
    assert running.get(link)[0] == 200


def test_pages_come_from_django_with_the_same_request_id(running: Instance) -> None:
    status, headers, _body = running.get("/-/sign-in")
    assert status == 200
    assert headers.get_all("X-Request-Id") == [headers["X-Request-Id"]]
    assert running.get("/-/sign-in", "HEAD")[2] == b""
    assert running.get("/no-such-owner-and-page")[0] == 404


def test_a_body_of_too_many_bytes_is_refused_with_a_sentence(running: Instance) -> None:
    status, _headers, body = running.get("/-/sign-in", "POST", **{"Content-Length": str(11 * 1024 * 1024)})
    assert status == 413
    assert b"10 MiB" in body


def test_what_is_on_disk_is_closed_to_others(running: Instance) -> None:
    assert stat.S_IMODE(running.data.stat().st_mode) == 0o700
    for path in running.data.rglob("*"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path
    keys = sorted(path.name for path in (running.data / "secrets" / "ssh").iterdir())
    assert keys == ["ecdsa.key", "ecdsa.pub", "ed25519.key", "ed25519.pub", "rsa.key", "rsa.pub"]


def test_the_ssh_port_speaks_ssh(running: Instance) -> None:
    with socket.create_connection(("127.0.0.1", running.state()["ssh"]["port"]), timeout=20) as connection:
        assert connection.makefile("rb").readline().startswith(b"SSH-2.0-OpenHearth")


def test_a_second_instance_on_the_same_data_is_refused(running: Instance) -> None:
    second = hearth("serve", "--port", "0", "--ssh-port", "0", "--data", str(running.data))
    assert second.returncode == 1
    assert f"process {running.process.pid}" in second.stderr
    assert running.get("/healthz")[0] == 200


def test_a_port_in_use_is_named_with_the_way_out(running: Instance, tmp_path: Path) -> None:
    second = hearth("serve", "--port", str(running.port), "--data", str(tmp_path / "other"))
    assert second.returncode == 1
    assert f"Port {running.port} on 127.0.0.1 is in use" in second.stderr
    assert "--port" in second.stderr
    ssh = str(running.state()["ssh"]["port"])
    second = hearth("serve", "--port", "0", "--ssh-port", ssh, "--data", str(tmp_path / "other"))
    assert second.returncode == 1
    assert "--ssh-port" in second.stderr


def test_commands_work_while_the_server_runs(running: Instance, tmp_path: Path) -> None:
    data = ("--data", str(running.data))
    added = hearth("user", "add", "lin", "--email", "lin@example.org", "--password", "correct horse battery", *data)
    assert added.returncode == 0, added.stderr
    again = hearth(*data, "user", "add", "lin", "--email", "lin2@example.org", "--password", "correct horse battery")
    assert again.returncode == 2
    assert "lin" in again.stderr
    assert "lin\tactive\tlin@example.org" in hearth("user", "list", *data).stdout
    token = hearth("token", "add", "lin", *data)
    assert token.returncode == 0, token.stderr
    assert re.fullmatch(r"\S+\n", token.stdout), "the token alone"
    assert hearth("token", "add", "lin", "--scopes", "repo,nonsense", *data).returncode == 2
    assert hearth("token", "add", "nobody", *data).returncode == 2
    key = tmp_path / "key.pub"
    key.write_text((running.data / "secrets" / "ssh" / "ed25519.pub").read_text())
    assert hearth("key", "add", "lin", str(key), *data).returncode == 0
    made = hearth("repo", "add", "lin/hello", "--visibility", "private", *data)
    assert made.returncode == 0, made.stderr
    assert hearth("repo", "add", "hello", *data).returncode == 2
    assert hearth("user", "password", "lin", "--password", "another horse battery", *data).returncode == 0
    assert hearth("user", "disable", "lin", *data).returncode == 0
    assert "lin\tsuspended" in hearth("user", "list", *data).stdout


@pytest.mark.parametrize("part", ["web", "ssh", "worker"])
def test_a_killed_part_comes_back(start: Callable[..., Instance], part: str) -> None:
    instance = start()
    victim = instance.part(part)[0]
    os.kill(victim, signal.SIGKILL)
    eventually(lambda: victim not in instance.part(part) and 0 not in instance.part(part))
    for _ in range(10):
        assert instance.get("/healthz")[0] == 200
    assert instance.stop() == 0


def test_a_killed_supervisor_leaves_nothing(start: Callable[..., Instance]) -> None:
    instance = start()
    pids, port = instance.pids(), instance.port
    instance.process.kill()
    instance.process.wait()
    eventually(lambda: not any(alive(pid) for pid in pids), 5)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=2)
    assert start().get("/readyz")[0] == 200, "the next start needs no clearing up"


def test_sigterm_ends_all_and_says_so(start: Callable[..., Instance]) -> None:
    instance = start()
    pids, port = instance.pids(), instance.port
    began = time.monotonic()
    assert instance.stop() == 0
    assert time.monotonic() - began < 15
    assert not any(alive(pid) for pid in pids)
    assert not (instance.data / "run.json").exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=2)


def test_a_running_transfer_is_finished_after_sigterm(start: Callable[..., Instance]) -> None:
    instance = start()
    with socket.create_connection(("127.0.0.1", instance.port), timeout=20) as connection:
        head = "POST /-/appearance HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n12345"
        connection.sendall(head.encode())
        time.sleep(0.5)  # the request has begun when its first bytes are there; nothing outside shows it
        instance.process.terminate()
        eventually(lambda: '"Stopping' in instance.log.read_text())
        connection.sendall(b"67890")
        assert connection.makefile("rb").readline().startswith(b"HTTP/1.1 ")
    assert instance.process.wait(timeout=20) == 0


def test_data_of_a_newer_version_is_refused(start: Callable[..., Instance]) -> None:
    instance = start()
    assert instance.stop() == 0
    with sqlite3.connect(instance.data / "hearth.sqlite3") as database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('accounts', '9999_future', '2030-01-01')"
        )
    database.close()
    refused = hearth("serve", "--port", "0", "--ssh-port", "0", "--data", str(instance.data))
    assert refused.returncode == 1
    assert "newer version" in refused.stderr
    assert "accounts.9999_future" in refused.stderr


def test_an_update_makes_a_snapshot_first(start: Callable[..., Instance]) -> None:
    instance = start()
    assert instance.stop() == 0
    with sqlite3.connect(instance.data / "hearth.sqlite3") as database:  # as if the last version had no job table
        database.execute("DELETE FROM django_migrations WHERE app = 'jobs'")
        tables = database.execute("SELECT name FROM sqlite_master WHERE name LIKE 'jobs_%' AND type = 'table'")
        for (table,) in tables.fetchall():
            database.execute(f"DROP TABLE {table}")
    database.close()
    instance = start()
    [snapshot] = (instance.data / "snapshots").glob("before-update-*.sqlite3")
    with sqlite3.connect(snapshot) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'jobs_job'").fetchall()
    database.close()


@pytest.mark.parametrize("place", ["file/data", "/proc/hearth"])
def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    refused = hearth("serve", "--port", "0", "--data", str(tmp_path / place))
    assert refused.returncode == 1
    assert "cannot be written" in refused.stderr


def test_a_fault_in_the_configuration_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "hearth.toml").write_text("prot = 8000\n")
    refused = hearth("serve", "--data", str(tmp_path))
    assert refused.returncode == 1
    assert "hearth.toml" in refused.stderr
    assert "port" in refused.stderr
