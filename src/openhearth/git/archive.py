"""A commit's files as one archive, streamed from a child of git while it is being made."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final, Literal

from openhearth.git import command, odb
from openhearth.git.errors import GitError

Format = Literal["zip", "tar.gz"]

_FORMATS: Final = frozenset({"zip", "tar.gz"})
_LIMITS: Final = command.Limits(seconds=3600)
_LONGEST_PREFIX: Final = 200
_COMPLAINTS: Final = 65536
_UNSAFE = re.compile(r"[^\w.+@-]+", re.ASCII)


def clean_prefix(prefix: str) -> str:
    """One folder name for the top of an archive, safe wherever it is unpacked; may come out empty."""
    plain = _UNSAFE.sub("-", prefix).strip("-").lstrip(".-")[:_LONGEST_PREFIX].rstrip(".-")
    return f"{plain}/" if plain else ""


async def archive(
    directory: Path,
    commit_oid: str,
    *,
    format: Format,  # noqa: A002  git's own word
    prefix: str,
) -> AsyncGenerator[bytes, None]:
    """The archive in pieces of at most 64 KiB. The same commit gives the same bytes with one git version.

    The child waits while nobody takes the pieces, and is killed when the generator is closed, so close it
    (`contextlib.aclosing`). Raises ObjectMissing, GitError("not-a-commit"), GitError("bad-format") before
    the first piece; a failure of git later on is raised after pieces were given: cut the connection then.
    """
    if format not in _FORMATS:
        raise GitError("bad-format", format=format)
    kind = (await asyncio.to_thread(odb.header, directory, commit_oid))[0]
    if kind != "commit":
        raise GitError("not-a-commit", oid=commit_oid, kind=kind)
    arguments = ("archive", f"--format={format}", f"--prefix={clean_prefix(prefix)}", commit_oid)
    async with await command.start(directory, *arguments, stdin=None, limits=_LIMITS) as child:
        complaints = asyncio.create_task(_drained(child.stderr))
        try:
            while piece := await child.stdout.read(command.CHUNK):
                yield piece
            status = await child.wait()
            text = await complaints
        finally:
            complaints.cancel()
        if status:
            raise child.error(text)


async def _drained(stream: asyncio.StreamReader) -> bytes:
    """Everything a stream says, of which only the beginning is kept."""
    kept = b""
    while piece := await stream.read(4096):
        if len(kept) < _COMPLAINTS:
            kept += piece
    return kept
