"""A whole instance on PostgreSQL: everything that people do, many at once, backup, restore, and a server that dies."""

from __future__ import annotations

import concurrent.futures
import hashlib
import io
import json
import shutil
import signal
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.gitwire.conftest import Git, Place
from tests.instance import ROOT, Instance, eventually, hearth
from tools import postgres

HAS_POSTGRES = any(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or bool(shutil.which("initdb"))

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(not HAS_POSTGRES, reason="PostgreSQL is not installed"),
    pytest.mark.xdist_group("postgres"),
]

PUSHERS, PUSHES = 8, 20


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    with postgres.cluster() as running:
        yield running


def database(server: postgres.Server, name: str) -> str:
    """Make a new database and return its address."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return server.url(name)


def rows(url: str, sql: str, *values: Any) -> list[Any]:
    with psycopg.connect(url) as connection:
        return connection.execute(sql, values).fetchall()


@pytest.fixture(scope="module")
def url(server: postgres.Server) -> str:
    return database(server, "live")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, url: str) -> Iterator[Place]:
    """An instance that its configuration file sends to PostgreSQL, with two accounts."""
    data = tmp_path_factory.mktemp("pg") / "data"
    data.mkdir(mode=0o700)
    (data / "hearth.toml").write_text(f'[database]\nurl = "{url}"\n')
    instance = Instance(data, OPENHEARTH_WEB__WORKERS="2").wait()
    try:
        yield Place(instance)
    finally:
        instance.stop()


@pytest.fixture
def git(tmp_path: Path) -> Git:
    return Git(tmp_path)


def commit(work: Git, text: str) -> str:
    (work.folder / f"{text}.txt").write_text(f"{text}\n")
    work("add", ".")
    work("commit", "-qm", text)
    return work("rev-parse", "HEAD")


def start(git: Git, address: str, name: str = "work") -> Git:
    git("init", "-q", "-b", "main", name)
    work = git.at(name)
    work("remote", "add", "origin", address)
    return work


def jobs_are_done(url: str) -> bool:
    waiting = rows(url, "SELECT count(*) FROM jobs_job WHERE state IN ('ready', 'running') AND run_after <= now()")
    return waiting[0][0] == 0


def test_people_work_on_it_as_on_sqlite(place: Place, git: Git, url: str) -> None:
    place.cli("repo", "add", "lin/river", "--visibility", "private")
    work = start(git, place.http("lin/river"))
    commit(work, "one")
    work("push", "-q", "origin", "main")
    git.env |= place.key("lin", git.folder)
    git("clone", "-q", place.ssh("lin/river"), "by-ssh")
    by_ssh = git.at("by-ssh")
    head = commit(by_ssh, "two")
    by_ssh("tag", "-a", "v1", "-m", "First")
    by_ssh("push", "-q", "origin", "main", "v1")
    git("clone", "-q", place.http("lin/river"), "by-http")
    assert git.at("by-http")("rev-parse", "HEAD") == head
    assert place.instance.get("/lin/river")[0] == 404
    bearer = f"Bearer {place.tokens['lin']}"
    for address in ("/lin/river", "/lin/river/commits/main", "/lin/river/branches", "/lin/river/tags", "/lin", "/"):
        assert place.instance.get(address, Authorization=bearer)[0] == 200, address
    assert b"two.txt" in place.instance.get("/lin/river/tree/main", Authorization=bearer)[2]
    eventually(lambda: jobs_are_done(url), 180)  # a job cut off by the restart comes again after its lease
    done = rows(url, "SELECT count(*) FROM jobs_job WHERE state = 'done' AND name = 'code.refs.maintain'")
    assert done[0][0] >= 1
    assert rows(url, "SELECT count(*) FROM jobs_job WHERE state = 'dead'") == [(0,)]
    assert not (place.instance.data / "hearth.sqlite3").exists()


@pytest.mark.parametrize("change", ["UPDATE events_eventrow SET name = 'x.y'", "DELETE FROM events_eventrow"])
def test_the_database_itself_refuses_to_change_events(place: Place, url: str, change: str) -> None:
    assert rows(url, "SELECT count(*) FROM events_eventrow")[0][0] > 0
    with pytest.raises(psycopg.errors.RaiseException, match="facts"):
        rows(url, change)


@pytest.fixture(scope="module")
def crowd(place: Place, tmp_path_factory: pytest.TempPathFactory, server: postgres.Server) -> dict[str, Any]:
    """Eight people push twenty times each, to branches of their own and to one that they share; a backup meanwhile."""
    place.cli("repo", "add", "lin/crowd", "--visibility", "private")
    folder = tmp_path_factory.mktemp("crowd")
    seed = start(Git(folder), place.http("lin/crowd"), "seed")
    commit(seed, "seed")
    seed("push", "-q", "origin", "main", "main:shared")
    key = place.key("lin", folder)
    acknowledged: list[tuple[str, str]] = []

    def pusher(number: int) -> None:
        git = Git(folder, **key)
        address = place.ssh("lin/crowd") if number < 2 else place.http("lin/crowd")
        git("clone", "-q", address, f"clone-{number}")
        work = git.at(f"clone-{number}")
        for turn in range(PUSHES):
            oid = commit(work, f"{number}-{turn}")
            ref = "refs/heads/shared" if turn % 3 == 2 else f"refs/heads/own/{number}"
            told = work.run("push", "-q", "origin", f"+HEAD:{ref}", ok=False)
            if told.returncode == 0:
                acknowledged.append((ref, oid))
            else:
                assert ref.endswith("shared"), told.stderr
                assert "moved meanwhile" in told.stderr, told.stderr

    with concurrent.futures.ThreadPoolExecutor(PUSHERS) as pool:
        working = [pool.submit(pusher, number) for number in range(PUSHERS)]
        eventually(lambda: len(acknowledged) > 30 or any(each.done() for each in working), 60)
        before = list(acknowledged)
        archive = folder / "crowd.backup"
        place.cli("backup", str(archive))
        during = len(acknowledged) - len(before)
        for each in working:
            each.result()
    return {"acknowledged": acknowledged, "before": before, "during": during, "archive": archive}


LOG = (
    "SELECT ref, old, new FROM refs_pushlog JOIN repos_repository r ON r.id = repository_id "
    "WHERE r.name = 'crowd' ORDER BY version"
)
REFS = "SELECT f.name, oid FROM refs_ref f JOIN repos_repository r ON r.id = repository_id WHERE r.name = 'crowd'"


def test_no_push_is_lost_among_many(
    crowd: dict[str, Any], place: Place, url: str, server: postgres.Server, git: Git
) -> None:
    acknowledged = crowd["acknowledged"]
    own = [ref for ref, _ in acknowledged if not ref.endswith("shared")]
    assert len(own) == PUSHERS * sum(turn % 3 != 2 for turn in range(PUSHES))
    log = rows(url, LOG)
    assert set(acknowledged) <= {(ref, new) for ref, _old, new in log}
    assert len(log) == len(acknowledged) + 2
    replayed: dict[str, str] = {}
    for ref, old, new in log:
        assert replayed.get(ref, "0" * 40) == old, ref
        replayed[ref] = new
    assert dict(rows(url, REFS)) == replayed
    told = git("ls-remote", "--heads", place.http("lin/crowd"))
    assert dict(reversed(line.split("\t")) for line in told.splitlines()) == replayed
    assert "deadlock" not in server.log
    eventually(lambda: jobs_are_done(url), 180)
    assert "0 faults" in place.cli("verify")


def restore(archive: Path, data: Path, url: str) -> subprocess.CompletedProcess[str]:
    return hearth("restore", str(archive), "--data", str(data), OPENHEARTH_DATABASE__URL=url)


def test_a_backup_under_pushes_comes_back(
    crowd: dict[str, Any], server: postgres.Server, tmp_path: Path, git: Git
) -> None:
    assert crowd["during"] > 0, "nobody pushed during the backup; the test shows nothing"
    url = database(server, "restored")
    data = tmp_path / "restored"
    done = restore(crowd["archive"], data, url)
    assert done.returncode == 0, done.stderr
    assert "0 faults" in done.stdout
    assert set(crowd["before"]) <= {(ref, new) for ref, _old, new in rows(url, LOG)}
    instance = Instance(data, OPENHEARTH_DATABASE__URL=url).wait()
    try:
        back = Place.__new__(Place)
        back.instance, back.tokens = instance, {}
        back.tokens["lin"] = hearth(
            "token", "add", "lin", "--data", str(data), OPENHEARTH_DATABASE__URL=url
        ).stdout.strip()
        git("clone", "-q", back.http("lin/crowd"), "copy")
        copy = git.at("copy")
        commit(copy, "after")
        copy("push", "-q", "origin", "HEAD:after")  # new rows get numbers that no restored row has
        assert copy.run("fsck", "--full", "--strict").returncode == 0
    finally:
        instance.stop()


def test_a_database_that_is_not_empty_is_left_alone(
    crowd: dict[str, Any], url: str, tmp_path: Path, place: Place
) -> None:
    before = rows(url, "SELECT count(*) FROM refs_pushlog")
    for more in ({}, {"OPENHEARTH_DATABASE__URL": url}):  # the archive's own settings name the living database
        done = hearth("restore", str(crowd["archive"]), "--data", str(tmp_path / "new"), **more)
        assert done.returncode == 1
        assert "is not empty" in done.stderr
        assert "Traceback" not in done.stderr
        assert not (tmp_path / "new").exists()
    assert rows(url, "SELECT count(*) FROM refs_pushlog") == before


def tampered(archive: Path, target: Path) -> Path:
    """Write the archive with a table whose rows do not fit, and with a manifest that says so."""
    with tarfile.open(archive) as old, tarfile.open(target, "w") as new:
        name = "tables/refs_pushlog.copy"
        bad = b"these are\tno rows\n"
        for member in old:
            data = old.extractfile(member).read()  # type: ignore[union-attr]
            if member.name == name:
                data = bad
            elif member.name == "manifest.json":
                manifest = json.loads(data)
                manifest["files"][name] = {"size": len(bad), "sha256": hashlib.sha256(bad).hexdigest()}
                data = json.dumps(manifest).encode()
            member.size = len(data)
            new.addfile(member, io.BytesIO(data))
    return target


def test_a_restore_that_fails_leaves_nothing(crowd: dict[str, Any], server: postgres.Server, tmp_path: Path) -> None:
    url = database(server, "broken")
    done = restore(tampered(crowd["archive"], tmp_path / "bad.backup"), tmp_path / "new", url)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "refs_pushlog" in done.stderr
    assert not (tmp_path / "new").exists()
    assert rows(url, "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'") == [(0,)]
    assert restore(crowd["archive"], tmp_path / "new", url).returncode == 0


@pytest.mark.parametrize("command", [("serve", "--port", "0", "--ssh-port", "0"), ("user", "list"), ("verify",)])
def test_a_database_that_cannot_be_reached_is_named(
    server: postgres.Server, tmp_path: Path, command: tuple[str, ...]
) -> None:
    nobody = f"127.0.0.1:{postgres.free_port()}"
    cases = {
        f"postgres://lin:secret-word@{nobody}/hearth": (nobody, "refused"),
        server.url("missing"): ('"missing" does not exist', "database.url"),
    }
    for url, words in cases.items():
        done = hearth(*command, "--data", str(tmp_path / "data"), OPENHEARTH_DATABASE__URL=url)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert "secret-word" not in done.stderr
        for word in words:
            assert word in done.stderr, done.stderr


def test_a_missing_driver_is_told_how_to_get(server: postgres.Server, tmp_path: Path) -> None:
    (tmp_path / "psycopg.py").write_text("raise ImportError('not here')")
    paths = f"{tmp_path}:{ROOT / 'src'}"
    done = hearth(
        "user", "list", "--data", str(tmp_path / "data"), OPENHEARTH_DATABASE__URL=server.url(), PYTHONPATH=paths
    )
    assert done.returncode == 1
    assert "requirements/postgres.in" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_without_unicode_is_refused(server: postgres.Server, tmp_path: Path) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    done = hearth("user", "list", "--data", str(tmp_path / "data"), OPENHEARTH_DATABASE__URL=server.url("latin"))
    assert done.returncode == 1
    assert "LATIN1" in done.stderr


def at_once(place: Place, path: str, count: int = 24) -> list[int]:
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _: place.instance.get(path)[0], range(count)))


@pytest.mark.parametrize("meanwhile", ["nobody asks", "people ask"])
def test_it_survives_a_restart_of_the_database(
    place: Place, git: Git, server: postgres.Server, url: str, meanwhile: str
) -> None:
    name = f"lin/heals-{meanwhile.split(maxsplit=1)[0]}"
    place.cli("repo", "add", name)
    git.env |= place.key("lin", git.folder)
    work = start(git, place.http(name))
    work("remote", "add", "ssh", place.ssh(name))
    commit(work, "one")
    work("push", "-q", "origin", "main")
    work("push", "-q", "ssh", "main:by-ssh")
    assert set(at_once(place, f"/{name}")) == {200}
    pids = place.instance.pids()

    server.stop(signal.SIGQUIT)
    commit(work, "two")
    try:
        if meanwhile == "people ask":
            asked_in_vain(place, work, name)
    finally:
        server.start()

    assert set(at_once(place, f"/{name}")) == {200}
    work("push", "-q", "origin", "main")
    work("push", "-q", "ssh", "main:by-ssh")
    assert len(set(work("ls-remote", "--heads", "origin").split()) & {work("rev-parse", "HEAD")}) == 1
    eventually(lambda: place.instance.get("/readyz")[0] == 200)
    eventually(lambda: jobs_are_done(url), 180)  # a job cut off by the restart comes again after its lease
    assert place.instance.pids() == pids


def asked_in_vain(place: Place, work: Git, name: str) -> None:
    assert set(at_once(place, f"/{name}")) == {503}
    status, headers, body = place.instance.get(f"/{name}", Accept="text/html")
    assert (status, headers["Retry-After"]) == (503, "5")
    assert b"The database does not answer just now" in body
    assert place.instance.get("/healthz")[0] == 200
    assert eventually(lambda: place.instance.get("/readyz")[0] == 503)
    told = work.run("push", "origin", "main", ok=False)
    assert told.returncode != 0
    assert "503" in told.stderr
    for remote in ("origin", "ssh"):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            codes = pool.map(lambda _, r=remote: work.run("ls-remote", r, ok=False).returncode, range(8))
            assert all(codes)
    done = hearth("user", "list", "--data", str(place.instance.data))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "database.url" in done.stderr
