"""The files of a commit as an archive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from openhearth.git import command
from openhearth.kernel import config


def pieces(directory: Path, commit: str, *, suffix: str, prefix: str) -> Iterator[bytes]:
    """Yield a `zip` or `tar.gz` of a commit, its files below `prefix`; closing the iterator ends git."""
    limits = config.current().limits
    yield from command.stream(
        directory,
        "archive",
        f"--format={suffix}",
        f"--prefix={prefix}",
        "--end-of-options",
        commit,
        limits=command.Limits(seconds=limits.git_seconds, memory_bytes=limits.git_memory),
    )
