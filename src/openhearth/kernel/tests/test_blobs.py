"""Blobs on the local disk."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import threading
from pathlib import Path

import pytest

from openhearth.kernel import blobs
from openhearth.kernel.blobs import BlobMismatch, BlobMissing, BlobRef, BlobTooLarge, Store

HELLO = hashlib.sha256(b"hello").hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "blobs")


@pytest.mark.parametrize("source", [b"hello", io.BytesIO(b"hello"), [b"he", b"", b"llo"], iter([b"hello"])])
def test_put_and_read(store: Store, source: object) -> None:
    ref = store.put(source)  # type: ignore[arg-type]
    assert ref == BlobRef(HELLO, 5)
    assert (store.root / HELLO[:2] / HELLO[2:4] / HELLO).read_bytes() == b"hello"
    assert (store.read(HELLO), store.size(HELLO), store.exists(HELLO), store.verify(HELLO)) == (b"hello", 5, True, True)
    assert b"".join(store.stream(HELLO, start=1, length=3)) == b"ell"
    assert list((store.root / "incoming").iterdir()) == []


def test_large_streams(store: Store) -> None:
    data = os.urandom(300_000)
    ref = store.put(io.BytesIO(data))
    assert b"".join(store.stream(ref.sha256)) == data
    with store.open(ref.sha256) as file:
        file.seek(299_999)
        assert file.read() == data[-1:]


def test_same_bytes_are_kept_once(store: Store) -> None:
    store.put(b"hello")
    before = (store.root / HELLO[:2] / HELLO[2:4] / HELLO).stat().st_ino
    store.put(b"hello")
    assert (store.root / HELLO[:2] / HELLO[2:4] / HELLO).stat().st_ino == before
    assert list(store.all()) == [BlobRef(HELLO, 5)]


def test_failures_keep_nothing(store: Store) -> None:
    with pytest.raises(BlobTooLarge):
        store.put([b"12345", b"6"], limit=5)
    with pytest.raises(BlobMismatch):
        store.put(b"hullo", expected=HELLO)

    def broken() -> object:
        yield b"x"
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        store.put(broken())  # type: ignore[arg-type]
    assert list(store.all()) == []
    assert list((store.root / "incoming").iterdir()) == []


def test_missing_and_deleted(store: Store) -> None:
    for ask in (store.open, store.read, store.size, store.verify):
        with pytest.raises(BlobMissing):
            ask(HELLO)
    assert not store.exists(HELLO)
    assert not store.delete(HELLO)
    store.put(b"hello")
    assert store.delete(HELLO)
    assert not store.exists(HELLO)
    assert list(store.all()) == []


@pytest.mark.parametrize("name", ["", "../x", HELLO.upper(), HELLO[:-1], HELLO + "\n", "/etc/passwd"])
def test_names_are_names(store: Store, name: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        store.exists(name)


def test_damage_is_found(store: Store) -> None:
    store.put(b"hello")
    path = store.root / HELLO[:2] / HELLO[2:4] / HELLO
    path.chmod(0o600)
    path.write_bytes(b"hellO")
    assert not store.verify(HELLO)


def test_files_are_closed_to_others(store: Store) -> None:
    store.put(b"hello")
    path = store.root / HELLO[:2] / HELLO[2:4] / HELLO
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0


def test_synced_before_named(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    sync, replace = os.fsync, Path.replace

    def note_sync(descriptor: int) -> None:
        done.append("directory" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        sync(descriptor)

    def note_replace(path: Path, target: Path) -> Path:
        done.append("named")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "replace", note_replace)
    store.put(b"hello")
    assert done == ["file", "directory", "directory", "named", "directory"]


def test_many_writers_of_one_blob(store: Store) -> None:
    threads = [threading.Thread(target=store.put, args=(b"x" * 100_000,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [ref.size for ref in store.all()] == [100_000]


def test_sweep(store: Store) -> None:
    store.put(b"hello")
    left = store.root / "incoming" / "tmpabc"
    left.write_bytes(b"half")
    os.utime(left, (100, 100))
    assert store.sweep(50) == 0
    assert store.sweep(200) == 1
    assert store.exists(HELLO)


def test_the_instance_has_a_store() -> None:
    assert blobs.store().root.name == "blobs"
