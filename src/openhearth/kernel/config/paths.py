"""Where everything of an instance lies below its data directory."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

_OURS = frozenset({"hearth.toml", "hearth.sqlite3", "cache.sqlite3", "repositories", "blobs", "secrets", "tmp"})


class DataDirectoryError(Exception):
    """The data directory cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The fixed places below the data directory `root`."""

    root: Path

    @property
    def config_file(self) -> Path:
        """The optional configuration file."""
        return self.root / "hearth.toml"

    @property
    def database(self) -> Path:
        """The main database, where it is SQLite."""
        return self.root / "hearth.sqlite3"

    @property
    def cache(self) -> Path:
        """The cache database: may be deleted while nothing runs."""
        return self.root / "cache.sqlite3"

    @property
    def repositories(self) -> Path:
        """Bare repositories by number."""
        return self.root / "repositories"

    @property
    def blobs(self) -> Path:
        """Blobs by SHA-256."""
        return self.root / "blobs"

    @property
    def secrets(self) -> Path:
        """Signing and sealing keys; left out of backups unless asked for."""
        return self.root / "secrets"

    @property
    def tmp(self) -> Path:
        """Files that nothing needs after a restart, on the same disk as the rest."""
        return self.root / "tmp"

    @property
    def locks(self) -> Path:
        """Lock files by name."""
        return self.tmp / "locks"

    @property
    def metrics(self) -> Path:
        """Counters of the running processes."""
        return self.tmp / "metrics"

    @property
    def folders(self) -> tuple[Path, ...]:
        """Every folder that must exist before work starts."""
        return (self.repositories, self.blobs, self.secrets, self.tmp, self.locks, self.metrics)


def prepare(root: Path) -> Paths:
    """Make the data directory and its folders, closed to other users of the machine (0700).

    An existing directory is closed too, unless it holds things that are not ours: then
    `DataDirectoryError`, because closing somebody's shared directory would hurt them.
    """
    paths = Paths(root)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    _close(root)
    for folder in paths.folders:
        folder.mkdir(mode=0o700, exist_ok=True)
    return paths


def _close(root: Path) -> None:
    if not stat.S_IMODE(root.stat().st_mode) & 0o077:
        return
    inside = {entry.name for entry in root.iterdir()} - {"lost+found"}
    if inside and not inside & _OURS:
        raise DataDirectoryError(
            f"The data directory {root} can be opened by other users of this machine and holds files that "
            f"are not OpenHearth's. Choose another directory with --data, or run: chmod 700 {root}",
        )
    try:
        root.chmod(0o700)
    except PermissionError:  # a mounted volume of somebody else's; the folders inside are closed all the same
        return
