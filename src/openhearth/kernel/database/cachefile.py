"""The cache database file: written without waiting for the disk, not trusted after the machine went down."""

from __future__ import annotations

import uuid
from pathlib import Path

from openhearth.kernel.config import Paths

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def discard_after_reboot(paths: Paths) -> bool:
    """Delete the cache when the machine was started anew since it was last used; whether it was deleted.

    To be called at start, before anything opens it and while nothing else runs on this data directory.
    Where the system does not tell its boots apart, every start counts as one.
    """
    mark = paths.tmp / "cache-boot"
    try:
        boot = _BOOT.read_text("ascii").strip()
    except OSError:
        boot = str(uuid.uuid4())
    if mark.exists() and mark.read_text("ascii") == boot:
        return False
    for ending in ("", "-wal", "-shm", "-journal"):
        paths.cache.with_name(paths.cache.name + ending).unlink(missing_ok=True)
    mark.write_text(boot, "ascii")
    return True
