"""Backups under pushes, damaged archives, planted faults: what was acknowledged comes back, nothing broken passes."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import sqlite3
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.faults.raw import Pusher, Server
from tests.instance import hearth

pytestmark = pytest.mark.server

BACKUPS = int(os.environ.get("OPENHEARTH_TEST_BACKUPS", "3"))


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with two repositories, one of them with a few packs."""
    made = Server(tmp_path_factory.mktemp("backup"))
    try:
        made.user("lin")
        for name in ("lin/one", "lin/two"):
            made.cli("repo", "add", name)
        pusher = Pusher(made, "lin/one", "lin", "main", pause=0)
        pusher.start()
        while len(pusher.acknowledged) < 6:
            time.sleep(0.02)
        pusher.finish()
        yield made
    finally:
        made.instance.stop()


@pytest.fixture(scope="module")
def archive(busy: Server) -> Path:
    """A good backup."""
    path = busy.folder / "good.tar"
    busy.cli("backup", str(path))
    return path


def restore(archive: Path, data: Path) -> subprocess.CompletedProcess[str]:
    return hearth("restore", str(archive), "--data", str(data))


def test_backups_under_pushes_hold_all_that_was_acknowledged(busy: Server, tmp_path: Path) -> None:
    pushers = [Pusher(busy, "lin/two", "lin", f"b{number}") for number in range(2)]
    for pusher in pushers:
        pusher.start()
    taken = []
    for number in range(BACKUPS):
        while not all(len(pusher.acknowledged) > number * 3 + 2 for pusher in pushers):
            time.sleep(0.02)
        before = {pusher.branch: [oid for _at, oid in pusher.acknowledged] for pusher in pushers}
        busy.cli("backup", str(tmp_path / f"{number}.tar"))
        taken.append(before)
    for pusher in pushers:
        pusher.finish()
        assert pusher.faults == []
    for number, before in enumerate(taken):
        data = tmp_path / f"restored-{number}"
        done = restore(tmp_path / f"{number}.tar", data)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "0 faults" in done.stdout
        look_into(data, before)
    print(f"\n{len(taken)} backups, {sum(len(oids) for oids in taken[-1].values())} acknowledged before the last one")
    starts_and_serves(tmp_path, BACKUPS - 1, taken[-1])


def look_into(data: Path, before: dict[str, list[str]]) -> None:
    """Compare the restored rows and packs with what was acknowledged before the backup began."""
    with closing(sqlite3.connect(f"file:{data / 'hearth.sqlite3'}?mode=ro", uri=True)) as rows:
        refs = dict(rows.execute("SELECT name, oid FROM refs_ref"))
        number = rows.execute("SELECT id FROM repos_repository WHERE name = 'two'").fetchone()[0]
    folder = data / "repositories" / f"{number % 256:02x}" / f"{number}.git"
    for branch, oids in before.items():
        tip = refs[f"refs/heads/{branch}"]
        done = subprocess.run(
            ["git", "--git-dir", str(folder), "rev-list", "--objects", tip], capture_output=True, text=True, check=True
        )
        assert set(oids) <= set(done.stdout.split())


def starts_and_serves(tmp_path: Path, number: int, before: dict[str, list[str]]) -> None:
    """The restored data is an instance: it starts, gives clones and takes pushes."""
    home = tmp_path / "again"
    home.mkdir()
    (tmp_path / f"restored-{number}").rename(home / "data")
    again = Server(home)
    try:
        tips = again.tips("lin/two")
        again.tokens["lin"] = again.cli("token", "add", "lin", "--scopes", "repo").stdout.strip()
        pusher = Pusher(again, "lin/two", "lin", "after", pause=0)
        pusher.start()
        while not pusher.acknowledged and pusher.is_alive():
            time.sleep(0.02)
        pusher.finish()
        assert pusher.faults == []
        assert set(tips) >= {f"refs/heads/{branch}" for branch in before}
    finally:
        again.instance.stop()


# --- damaged archives ---


def truncated(good: Path, bad: Path) -> None:
    bad.write_bytes(good.read_bytes()[: good.stat().st_size // 2])


def cut_at_the_end(good: Path, bad: Path) -> None:
    bad.write_bytes(good.read_bytes()[:-20480])


def flipped(good: Path, bad: Path) -> None:
    """Flip one byte of a pack's content."""
    with tarfile.open(good) as tar:
        member = next(m for m in tar if m.name.endswith(".pack"))
    data = bytearray(good.read_bytes())
    data[member.offset_data + member.size // 2] ^= 1
    bad.write_bytes(data)


def rewritten(good: Path, bad: Path, change: Callable[[tarfile.TarInfo, bytes], tuple[str, bytes] | None]) -> None:
    with tarfile.open(good) as source, tarfile.open(bad, "w") as target:
        for member in source:
            opened = source.extractfile(member)
            assert opened is not None
            kept = change(member, opened.read())
            if kept is not None:
                add(target, *kept)


def add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def without_a_pack(good: Path, bad: Path) -> None:
    gone = []

    def change(member: tarfile.TarInfo, data: bytes) -> tuple[str, bytes] | None:
        if member.name.endswith(".pack") and not gone:
            gone.append(member.name)
            return None
        return member.name, data

    rewritten(good, bad, change)


def without_a_pack_that_the_manifest_hides(good: Path, bad: Path) -> None:
    """The manifest is whole in itself, but the rows name a pack that is not there."""
    with tarfile.open(good) as tar:
        stem = next(m.name for m in tar if m.name.endswith(".pack")).removesuffix(".pack")

    def change(member: tarfile.TarInfo, data: bytes) -> tuple[str, bytes] | None:
        if member.name.startswith(stem):
            return None
        if member.name == "manifest.json":
            manifest = json.loads(data)
            manifest["files"] = {k: v for k, v in manifest["files"].items() if not k.startswith(stem)}
            data = json.dumps(manifest).encode()
        return member.name, data

    rewritten(good, bad, change)


def with_a_way_out(good: Path, bad: Path) -> None:
    rewritten(good, bad, lambda member, data: (member.name, data))
    with tarfile.open(bad, "a") as tar:
        add(tar, "../outside", b"x")


def with_an_absolute_name(good: Path, bad: Path) -> None:
    rewritten(good, bad, lambda member, data: (member.name, data))
    with tarfile.open(bad, "a") as tar:
        add(tar, f"{bad.parent}/outside", b"x")


def with_a_link(good: Path, bad: Path) -> None:
    with tarfile.open(good) as source, tarfile.open(bad, "w") as target:
        info = tarfile.TarInfo("blobs/" + "a" * 64)
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        target.addfile(info)
        for member in source:
            target.addfile(member, source.extractfile(member))


def with_a_name_twice(good: Path, bad: Path) -> None:
    rewritten(good, bad, lambda member, data: (member.name, data))
    with tarfile.open(bad, "a") as tar:
        add(tar, "manifest.json", b"{}")


def no_archive(_good: Path, bad: Path) -> None:
    bad.write_bytes(b"hello\n" * 5000)


def empty(_good: Path, bad: Path) -> None:
    bad.touch()


DAMAGES = {
    truncated: "cut off",
    cut_at_the_end: "cut off",
    flipped: "damaged",
    without_a_pack: "lacks",
    without_a_pack_that_the_manifest_hides: "pack-missing",
    with_a_way_out: "no backup has",
    with_an_absolute_name: "no backup has",
    with_a_link: "no backup has",
    with_a_name_twice: "no backup has",
    no_archive: "no backup",
    empty: "no backup",
}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_archive_is_refused_and_leaves_nothing(
    damage: Callable[[Path, Path], None], archive: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.tar"
    damage(archive, bad)
    done = restore(bad, tmp_path / "data")
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert DAMAGES[damage] in said, said
    assert "Traceback" not in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.tar"]


def test_random_bytes_changed_anywhere_are_noticed(archive: Path, tmp_path: Path) -> None:
    """Whatever byte is damaged: the archive is refused, or the byte did not matter and all is there."""
    good = archive.read_bytes()
    choose = random.Random(7)
    for number in range(3):
        data = bytearray(good)
        data[choose.randrange(len(data))] ^= 1 << choose.randrange(8)
        bad = tmp_path / f"{number}.tar"
        bad.write_bytes(data)
        done = restore(bad, tmp_path / f"data-{number}")
        said = done.stdout + done.stderr
        assert "Traceback" not in said, said
        if done.returncode == 0:
            assert "0 faults" in said
        else:
            assert not (tmp_path / f"data-{number}").exists()


def test_where_a_backup_cannot_go(busy: Server, archive: Path, tmp_path: Path) -> None:
    before = archive.read_bytes()
    done = busy.cli("backup", str(archive), ok=False)
    assert done.returncode == 2
    assert "exists already" in done.stderr
    assert archive.read_bytes() == before
    for target in (tmp_path / "no" / "such" / "folder.tar", Path("/proc/nowhere.tar")):
        done = busy.cli("backup", str(target), ok=False)
        assert done.returncode == 1
        assert "could not be written" in done.stderr
        assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert [path.name for path in archive.parent.glob(".good*")] == []


def test_a_restore_wants_an_empty_place(busy: Server, archive: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    done = restore(archive, tmp_path)
    assert done.returncode != 0
    assert "not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    done = restore(archive, busy.data)
    assert done.returncode != 0
    assert busy.cli("verify").returncode == 0


def test_a_backup_of_a_stopped_instance(archive: Path, tmp_path: Path) -> None:
    """Nothing has the database open then: no write-ahead log is there to read along."""
    assert restore(archive, tmp_path / "data").returncode == 0
    done = hearth("backup", str(tmp_path / "second.tar"), "--data", str(tmp_path / "data"))
    assert done.returncode == 0, done.stderr
    assert restore(tmp_path / "second.tar", tmp_path / "again").returncode == 0


# --- planted faults ---


def rows(data: Path, statement: str, *values: str) -> None:
    with closing(sqlite3.connect(data / "hearth.sqlite3")) as database, database:
        database.execute(statement, values)


def packs(data: Path, suffix: str = ".pack") -> list[Path]:
    return sorted(data.glob(f"repositories/*/*.git/objects/pack/*{suffix}"))


def flip(path: Path, at: int) -> None:
    path.chmod(0o600)
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


ONES = "1" * 40
FILES: dict[str, Callable[[Path], object]] = {
    "pack-damaged": lambda data: flip(packs(data)[0], 40),
    "pack-damaged .idx": lambda data: flip(packs(data, ".idx")[1], 1100),
    "pack-damaged .rev": lambda data: flip(packs(data, ".rev")[2], 14),
    "pack-missing": lambda data: packs(data)[3].unlink(),
    "pack-missing .idx": lambda data: packs(data, ".idx")[4].unlink(),
}
ROWS: dict[str, Callable[[Path], object]] = {
    "log": lambda data: rows(data, "UPDATE refs_ref SET oid = ?", ONES),
    "size": lambda data: rows(data, "UPDATE repos_repository SET size_bytes = size_bytes + 1"),
    "pack-size": lambda data: rows(data, "UPDATE refs_pack SET size = size + 1 WHERE id = 1"),
}
MORE: dict[str, Callable[[Path], object]] = {
    "log": lambda data: rows(data, "UPDATE refs_pushlog SET new = ? WHERE id = 2", ONES),
    "reference": lambda data: rows(data, "UPDATE refs_pack SET repository_id = 999 WHERE id = 1"),
    "objects-missing": lambda data: [path.unlink() for path in packs(data) if hidden(data, path)],
}
GONE: dict[str, Callable[[Path], object]] = {
    "log": lambda data: rows(data, "DELETE FROM refs_ref"),
    "size": lambda data: rows(data, "DELETE FROM refs_pack WHERE id = 1"),
}


def hidden(data: Path, path: Path) -> bool:
    """Whether this is the pack whose row was led astray."""
    with closing(sqlite3.connect(f"file:{data / 'hearth.sqlite3'}?mode=ro", uri=True)) as database:
        return database.execute("SELECT name FROM refs_pack WHERE id = 1").fetchone()[0] == path.stem


@pytest.fixture(scope="module")
def sound(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("sound") / "data"
    done = restore(archive, data)
    assert done.returncode == 0, done.stderr
    return data


@pytest.mark.parametrize("faults", [FILES, ROWS, MORE, GONE], ids=["files", "rows", "more", "gone"])
def test_verify_names_planted_faults(faults: dict[str, Callable[[Path], object]], sound: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(sound, data)
    for plant in faults.values():
        plant(data)
    done = hearth("verify", "--data", str(data))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    found = done.stdout.splitlines()
    for fault in faults:
        code, _space, what = fault.partition(" ")
        assert any(line.startswith(f"{code}: ") and what in line for line in found), f"{fault} in {done.stdout}"
