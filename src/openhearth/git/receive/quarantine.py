"""New objects that nobody can see yet, and the way they become visible: whole, and on the disk."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from openhearth.git.errors import GitError
from openhearth.git.packfile import PackInfo
from openhearth.git.store import packs_in, sync

PREFIX = "incoming-"
_LOCK = "lock"
# The index makes a pack visible, so it moves last.
_ORDER = (".pack", ".rev", ".bitmap", ".idx")


class Quarantine:
    """A folder of objects beside the repository's own, read together with them by its maker alone.

    `directory` is None when there is nothing to keep (a push that only deletes). `notes` are the findings
    of git's check that were let through, "<check> <object id>" each. A quarantine that is left without
    `publish` is removed: by `discard`, at the end of a `with`, or by `sweep` when its process died.
    """

    def __init__(self, repository: Path, directory: Path | None) -> None:
        self.repository = repository
        self.directory = directory
        self.packs: tuple[PackInfo, ...] = ()
        self.notes: tuple[str, ...] = ()
        self._lock: int | None = None

    @classmethod
    def create(cls, repository: Path) -> Self:
        """Open an empty quarantine in a repository."""
        directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir=repository / "objects"))
        quarantine = cls(repository, directory)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        quarantine._lock = os.open(directory / _LOCK, flags, 0o600)
        fcntl.flock(quarantine._lock, fcntl.LOCK_EX)
        (directory / "pack").mkdir(mode=0o700)
        return quarantine

    @classmethod
    def empty(cls, repository: Path) -> Self:
        """Return a quarantine without objects."""
        return cls(repository, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.discard()

    def collect(self) -> None:
        """Note the packs that lie in the folder now; only they will be published."""
        if self.directory is not None:
            self.packs = tuple(packs_in(self.directory / "pack"))

    def publish(self) -> tuple[PackInfo, ...]:
        """Make the packs part of the repository, durable when this returns. Calling it again is harmless."""
        for _step in self.steps():
            pass
        return self.packs

    def steps(self) -> Iterator[str]:
        """Publish in single steps, naming each one that was done. It may stop anywhere and be begun anew."""
        if self.directory is None:
            return
        source, target = self.directory / "pack", self.repository / "objects" / "pack"
        files = [f"{pack.name}{suffix}" for suffix in _ORDER for pack in self.packs]
        for name in files:
            with contextlib.suppress(FileNotFoundError):
                sync(source / name)
                yield f"synced {name}"
        for name in files:
            if _move(source / name, target / name):
                yield f"moved {name}"
        if files:
            sync(target)
            yield "synced folder"
        self.discard()

    def discard(self) -> None:
        """Remove the folder with what is still in it. Calling it again is harmless."""
        if self.directory is not None:
            shutil.rmtree(self.directory, ignore_errors=True)
            self.directory = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _move(source: Path, target: Path) -> bool:
    try:
        source.replace(target)
    except FileNotFoundError:
        if target.exists() or source.suffix in {".rev", ".bitmap"}:
            return False
        raise GitError("pack-lost", name=source.name) from None
    return True


def sweep(repository: Path) -> tuple[str, ...]:
    """Remove the quarantines whose process has died, and other remains; return their names.

    A living process holds a lock in its quarantine, so this may run at any time.
    """
    removed = []
    for folder in sorted((repository / "objects").glob(f"{PREFIX}*")):
        if _abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)
            removed.append(folder.name)
    for remains in sorted((repository / "objects" / "pack").glob("tmp_*")):
        remains.unlink(missing_ok=True)  # nothing of ours writes here directly
        removed.append(remains.name)
    return tuple(removed)


def _abandoned(folder: Path) -> bool:
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return _age(folder) > 60  # the moment between making the folder and taking its lock
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _age(folder: Path) -> float:
    try:
        return time.time() - folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0
