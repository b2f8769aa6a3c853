"""Folders for work in progress below DATA/tmp: gone at the end, and gone after a kill as soon as somebody sweeps."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from openhearth.kernel.config import Paths

_PREFIX = "scratch-"
_LOCK = "lock"
_UPLOADS = "*.upload*"
_YOUNG_SECONDS = 60.0
_UPLOAD_SECONDS = 24 * 3600.0


@contextmanager
def folder(paths: Paths, purpose: str) -> Iterator[Path]:
    """Give an empty folder on the disk of the data; `purpose` is a word that its name shows."""
    paths.tmp.mkdir(mode=0o700, parents=True, exist_ok=True)
    outer = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{purpose}-", dir=paths.tmp))
    lock = os.open(outer / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        inner = outer / "work"
        inner.mkdir(mode=0o700)
        yield inner
    finally:
        shutil.rmtree(outer, ignore_errors=True)
        os.close(lock)


def sweep(paths: Paths) -> list[str]:
    """Remove the folders whose process has died, and uploads of long ago; returns their names.

    A living process holds a lock in its folder, so this may run at any time.
    """
    removed = []
    for outer in sorted(paths.tmp.glob(f"{_PREFIX}*")):
        if _abandoned(outer):
            shutil.rmtree(outer, ignore_errors=True)
            removed.append(outer.name)
    for upload in sorted(paths.tmp.glob(_UPLOADS)):
        if upload.is_file() and _age(upload) > _UPLOAD_SECONDS:
            upload.unlink(missing_ok=True)
            removed.append(upload.name)
    return removed


def _abandoned(outer: Path) -> bool:
    try:
        lock = os.open(outer / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return _age(outer) > _YOUNG_SECONDS  # the moment between making the folder and taking its lock
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(lock)
    return True


def _age(path: Path) -> float:
    with contextlib.suppress(FileNotFoundError):
        return time.time() - path.stat().st_mtime
    return 0.0
