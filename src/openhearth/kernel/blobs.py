"""Blobs: bytes kept under their SHA-256, on the local disk below the data directory.

A blob that `put` has returned survives a power cut: the file is synced before it gets its name, and its directory
after. The same bytes are kept once. Whoever keeps a reference in the database decides when a blob is deleted.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from openhearth.kernel import config

CHUNK = 64 * 1024
_SHA = re.compile(r"[0-9a-f]{64}")
_INCOMING = "incoming"


class BlobMissing(Exception):
    """No blob of this name is kept here."""

    def __init__(self, sha256: str) -> None:
        super().__init__(sha256)
        self.sha256 = sha256


class BlobTooLarge(Exception):
    """The bytes went over the limit of `put`; nothing was kept."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} bytes")
        self.limit = limit


class BlobMismatch(Exception):
    """The bytes are not those that `expected` named; nothing was kept."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"{expected} expected, {found} found")
        self.expected = expected
        self.found = found


@dataclass(frozen=True, slots=True)
class BlobRef:
    """A kept blob: 64 hexadecimal digits and the size in bytes."""

    sha256: str
    size: int


class Store:
    """Blobs below one directory, two levels deep: `ab/cd/abcd…`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(
        self,
        source: bytes | BinaryIO | Iterable[bytes],
        *,
        limit: int | None = None,
        expected: str | None = None,
    ) -> BlobRef:
        """Keep the bytes and return their name. BlobTooLarge, BlobMismatch, OSError keep nothing."""
        incoming = self.root / _INCOMING
        incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=incoming)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                ref = _copy(source, file, limit)
                if expected is not None and ref.sha256 != expected:
                    raise BlobMismatch(expected, ref.sha256)
                file.flush()
                os.fsync(file.fileno())
            self._publish(temporary, self._path(ref.sha256))
        finally:
            temporary.unlink(missing_ok=True)
        return ref

    def open(self, sha256: str) -> BinaryIO:
        """The blob for reading, seekable; close it. BlobMissing."""
        try:
            return self._path(sha256).open("rb")
        except FileNotFoundError:
            raise BlobMissing(sha256) from None

    def stream(self, sha256: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` on, `length` of them or all, in pieces. BlobMissing at the first piece."""
        with self.open(sha256) as file:
            file.seek(start)
            left = length
            while left is None or left > 0:
                piece = file.read(CHUNK if left is None else min(CHUNK, left))
                if not piece:
                    return
                left = None if left is None else left - len(piece)
                yield piece

    def read(self, sha256: str) -> bytes:
        """All bytes of a small blob. BlobMissing."""
        with self.open(sha256) as file:
            return file.read()

    def size(self, sha256: str) -> int:
        """The size in bytes. BlobMissing."""
        try:
            return self._path(sha256).stat().st_size
        except FileNotFoundError:
            raise BlobMissing(sha256) from None

    def exists(self, sha256: str) -> bool:
        """Whether the blob is kept here."""
        return self._path(sha256).is_file()

    def delete(self, sha256: str) -> bool:
        """Forget a blob; False when there was none."""
        path = self._path(sha256)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        _sync_directory(path.parent)
        return True

    def verify(self, sha256: str) -> bool:
        """Whether the kept bytes are still what their name says. BlobMissing."""
        digest = hashlib.sha256()
        for piece in self.stream(sha256):
            digest.update(piece)
        return digest.hexdigest() == sha256

    def all(self) -> Iterator[BlobRef]:
        """Every blob, by name. Blobs that come or go meanwhile may be missed or left out."""
        for first in _folders(self.root):
            for second in _folders(first):
                for path in sorted(second.iterdir()):
                    if _SHA.fullmatch(path.name):
                        with contextlib.suppress(FileNotFoundError):
                            yield BlobRef(path.name, path.stat().st_size)

    def sweep(self, older_than: float) -> int:
        """Delete temporary files last touched before this moment (seconds of the epoch): how many."""
        count = 0
        incoming = self.root / _INCOMING
        for path in list(incoming.iterdir()) if incoming.is_dir() else []:
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < older_than:
                    path.unlink()
                    count += 1
        return count

    def _path(self, sha256: str) -> Path:
        if not _SHA.fullmatch(sha256):
            raise ValueError(f"{sha256!r} is not a SHA-256 in small hexadecimal digits")
        return self.root / sha256[:2] / sha256[2:4] / sha256

    def _publish(self, temporary: Path, final: Path) -> None:
        if not final.exists():
            for folder in (final.parent.parent, final.parent):
                if not folder.is_dir():
                    folder.mkdir(exist_ok=True, mode=0o700)
                    _sync_directory(folder.parent)
            temporary.chmod(0o400)
            temporary.replace(final)
        _sync_directory(final.parent)


def store() -> Store:
    """The blobs of this instance."""
    return Store(config.current().paths.blobs)


def _copy(source: bytes | BinaryIO | Iterable[bytes], file: BinaryIO, limit: int | None) -> BlobRef:
    digest = hashlib.sha256()
    size = 0
    for piece in _pieces(source):
        size += len(piece)
        if limit is not None and size > limit:
            raise BlobTooLarge(limit)
        digest.update(piece)
        file.write(piece)
    return BlobRef(digest.hexdigest(), size)


def _pieces(source: bytes | BinaryIO | Iterable[bytes]) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
    elif isinstance(source, Iterable) and not hasattr(source, "read"):
        yield from source
    else:
        while piece := source.read(CHUNK):
            yield piece


def _folders(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    return sorted(path for path in root.iterdir() if re.fullmatch("[0-9a-f]{2}", path.name) and path.is_dir())


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
