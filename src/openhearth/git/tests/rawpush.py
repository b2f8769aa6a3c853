"""Pushes made byte by byte, for what no real client sends."""

import hashlib
import os
import struct
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from openhearth.git import store
from openhearth.git.pktline import FLUSH, PktReader, packet
from openhearth.git.receive import Command, Quarantine, ReceiveLimits, ingest, read_push_request
from openhearth.git.tests.sample import Sample

__all__ = ["Command"]

ZERO = "0" * 40
KIND = {"commit": 1, "tree": 2, "blob": 3, "tag": 4}


class Bytes:
    """A reader over bytes that gives them in small, uneven pieces."""

    def __init__(self, data: bytes, piece: int = 7001) -> None:
        self._data = data
        self._piece = piece
        self._at = 0

    async def read(self, n: int, /) -> bytes:
        piece = self._data[self._at : self._at + min(n, self._piece)]
        self._at += len(piece)
        return piece


def oid_of(kind: str, data: bytes) -> str:
    return hashlib.sha1(b"%s %d\0" % (kind.encode(), len(data)) + data, usedforsecurity=False).hexdigest()


def _head(kind: int, size: int) -> bytes:
    byte, size = kind << 4 | size & 15, size >> 4
    out = bytearray()
    while size:
        out.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    out.append(byte)
    return bytes(out)


def whole(kind: str, data: bytes) -> bytes:
    return _head(KIND[kind], len(data)) + zlib.compress(data)


def ref_delta(base: str, delta: bytes) -> bytes:
    return _head(7, len(delta)) + bytes.fromhex(base) + zlib.compress(delta)


def _number(value: int) -> bytes:
    out = bytearray()
    while True:
        byte, value = value & 0x7F, value >> 7
        out.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(out)


def delta(base_size: int, *, copy: int, add: bytes = b"") -> bytes:
    """A delta that copies the first `copy` bytes (< 64 KiB) of its base, then adds up to 127 bytes."""
    ops = b"\xb0" + struct.pack("<H", copy) if copy else b""
    ops += bytes([len(add)]) + add if add else b""
    return _number(base_size) + _number(copy + len(add)) + ops


def pack(objects: Iterable[bytes], *, count: int | None = None) -> bytes:
    rows = list(objects)
    body = b"PACK" + struct.pack(">II", 2, len(rows) if count is None else count) + b"".join(rows)
    return body + hashlib.sha1(body, usedforsecurity=False).digest()


def commit(tree: str, *parents: str, message: str = "x", author: str = "A <a@x> 1 +0000") -> bytes:
    lines = [f"tree {tree}", *(f"parent {p}" for p in parents), f"author {author}", "committer B <b@x> 1 +0000"]
    return ("\n".join(lines) + f"\n\n{message}\n").encode()


def tree(*rows: tuple[str, str, bytes]) -> bytes:
    return b"".join(f"{mode} ".encode() + name + b"\0" + bytes.fromhex(oid) for mode, oid, name in rows)


def request(
    *commands: tuple[str, str, str], caps: str = "report-status", extra: Sequence[bytes] = (), after: bytes = b""
) -> bytes:
    rows = [f"{old} {new} {ref}" for old, new, ref in commands]
    lines = [packet(row + (f"\0 {caps}" if not at else "")) for at, row in enumerate(rows)]
    return b"".join((*extra, *lines, FLUSH, after))


async def push(
    directory: Path,
    refs: dict[str, str],
    data: bytes,
    *,
    tips: Sequence[str] = (),
    limits: ReceiveLimits | None = None,
    shallow: Sequence[str] = (),
) -> Quarantine:
    """Push `data` as the pack for new refs."""
    limits = limits or ReceiveLimits()
    extra = [packet(f"shallow {oid}") for oid in shallow]
    head = request(*((ZERO, oid, ref) for ref, oid in refs.items()), extra=extra)
    reader = PktReader(Bytes(head + data))
    wanted = await read_push_request(reader, limits=limits)
    return await ingest(directory, wanted, reader, tips=tips, limits=limits)


def repository(tmp_path: Path) -> Path:
    directory = store.storage_path(tmp_path, 7)
    store.create(directory)
    return directory


def pack_of(sample: Sample, *oids: str) -> bytes:
    """A pack of exactly these objects."""
    return sample.git("pack-objects", "--stdout", "-q", data="".join(f"{oid}\n" for oid in oids).encode())


def abandon(quarantine: Quarantine) -> None:
    """Drop a quarantine's lock, as the death of its process does."""
    lock = quarantine._lock
    assert lock is not None
    os.close(lock)
    quarantine._lock = None
