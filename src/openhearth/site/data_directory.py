"""The data directory before anything uses it: usable, local, closed to others, and served by one instance."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from gettext import gettext as _
from pathlib import Path

from openhearth.kernel.config import prepare
from openhearth.kernel.config.paths import DataDirectoryError

NETWORK_FILE_SYSTEMS = frozenset(
    {"9p", "afs", "ceph", "cifs", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "smb2", "smb3", "smbfs"}
    | {"virtiofs", "fuse.ceph", "fuse.glusterfs", "fuse.juicefs", "fuse.rclone", "fuse.s3fs"}
    | {"fuse.seaweedfs", "fuse.sshfs"}
)
"""File locks or fsync are not to be trusted on these; SQLite and git have both lost data there."""

MOUNTS = Path("/proc/self/mountinfo")


class StartRefused(Exception):
    """The instance must not start; the message says why and the way out."""


@dataclass(frozen=True, slots=True)
class Mount:
    """Where a file system is mounted, and its kind."""

    point: Path
    kind: str


def mounts(text: str) -> Iterator[Mount]:
    """Read the text of Linux's mountinfo (proc(5)): the fifth field is the place, the kind follows ` - `."""
    for line in text.splitlines():
        left, separator, right = line.partition(" - ")
        fields = left.split(" ")
        if not separator or len(fields) < 5 or not right:
            continue
        point = fields[4]
        for code in ("\\040", "\\011", "\\012", "\\134"):
            point = point.replace(code, chr(int(code[1:], 8)))
        yield Mount(Path(point), right.split(" ", 1)[0])


def file_system_of(path: Path, text: str) -> str:
    """Return the kind of file system that `path` (absolute, resolved) is or will be on; "" where unknown."""
    best: Mount | None = None
    for mount in mounts(text):
        inside = mount.point == path or mount.point in path.parents
        if inside and (best is None or len(mount.point.parts) >= len(best.point.parts)):  # a later one covers
            best = mount
    return best.kind if best else ""


def refuse_network(path: Path, mount_table: Path = MOUNTS) -> None:
    """Raise `StartRefused` where `path` is on a network file system."""
    if not mount_table.exists():
        return
    kind = file_system_of(path.resolve(), mount_table.read_text("utf-8", "surrogateescape"))
    if kind in NETWORK_FILE_SYSTEMS:
        raise StartRefused(
            _(
                "The data directory %(path)s is on a network file system (%(kind)s). Locks and fsync cannot "
                "be trusted there, and pushes that were acknowledged could be lost. Choose a directory on a "
                "local disk with --data; many machines share one instance through PostgreSQL."
            )
            % {"path": path, "kind": kind}
        )


def open_data(root: Path) -> None:
    """Make `root` ready: exists, local, writable, 0700, with its folders. Raises `StartRefused`."""
    os.umask(0o077)
    refuse_network(root)
    try:
        prepare(root)
        with tempfile.TemporaryFile(dir=root) as probe:
            probe.write(b"x")
            os.fsync(probe.fileno())
    except DataDirectoryError as error:
        raise StartRefused(str(error)) from error
    except OSError as error:
        raise StartRefused(
            _("The data directory %(path)s cannot be written: %(reason)s. Give another one with --data DIR.")
            % {"path": root, "reason": os.strerror(error.errno or errno.EIO)}
        ) from error


class InstanceLock:
    """Says that one supervisor serves this data directory. The kernel lets go of it with the process."""

    def __init__(self, root: Path) -> None:
        self._path = root / "instance.lock"
        self._handle = -1

    @property
    def handle(self) -> int:
        """The open descriptor; children close it, so that the lock ends with the supervisor."""
        return self._handle

    def take(self) -> None:
        """Take the lock for the life of this process. Raises `StartRefused` when another one holds it."""
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(handle, 32, 0).decode("ascii", "replace").strip()
            os.close(handle)
            raise StartRefused(
                _(
                    "Another OpenHearth (process %(pid)s) serves %(path)s already. Stop it first "
                    "(kill %(pid)s), or give another data directory with --data DIR."
                )
                % {"pid": owner or "?", "path": self._path.parent}
            ) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._handle = handle

    def release(self) -> None:
        """Let go of the lock."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def is_taken(self) -> bool:
        """Tell whether a running supervisor holds it."""
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(handle)
        return False
