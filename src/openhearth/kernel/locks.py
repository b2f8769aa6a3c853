"""Locks between processes of one machine: flock(2) on files, let go by the kernel when their holder dies."""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PAUSE = 0.005
_STRIPES = 1024


class LockTimeout(Exception):
    """Somebody else held the lock for longer than the caller would wait."""


@contextmanager
def held(path: Path, *, seconds: float | None = None, shared: bool = False) -> Iterator[None]:
    """Hold the lock `path` (made where it is missing) for the block; threads exclude each other as well.

    `seconds` is the longest wait: None waits for ever, 0 does not wait; LockTimeout when it is over.
    `shared` lets other shared holders in.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX, seconds, path)
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)  # a forked copy of the handle must not keep it
    finally:
        os.close(handle)


def stripe(folder: Path, name: str) -> Path:
    """Return the lock file for `name`: one of a fixed number, so that lock files need no clearing away.

    Two names may share one; never hold two of them at once.
    """
    number = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest()) % _STRIPES
    return folder / f"{number:03x}.lock"


def _lock(handle: int, kind: int, seconds: float | None, path: Path) -> None:
    if seconds is None:
        fcntl.flock(handle, kind)
        return
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise LockTimeout(f"{path.name} is held by somebody else") from None
            time.sleep(_PAUSE)
        else:
            return
