"""Runs a git command whose output is lines, on the loop, handing the lines over as they come."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

from openhearth.git import command
from openhearth.git.command import CHUNK, Child, Limits


async def each_line(
    directory: Path,
    args: Sequence[str],
    *,
    stdin: bytes,
    consume: Callable[[list[bytes]], bool],
    limits: Limits,
    quarantine: Path | None = None,
) -> None:
    """Feed `stdin` to git and give every complete line of its answer, in batches, to `consume`.

    The child is killed as soon as `consume` returns True, and when this coroutine is cancelled. Raises the
    error of a child that failed.
    """
    child = await command.start(directory, *args, limits=limits, quarantine=quarantine)
    async with child:
        complaints = asyncio.create_task(read_some(child.stderr))
        try:
            await feed(child, stdin)
            if await _batches(child, consume):
                return
            if await child.wait():
                raise child.error(await complaints)
        finally:
            complaints.cancel()


async def feed(child: Child, data: bytes) -> None:
    """Write the whole input of a child and close it; a child that has stopped reading is no error here."""
    if child.stdin is None:
        return
    with contextlib.suppress(ConnectionError):
        for start in range(0, len(data), CHUNK):
            child.stdin.write(data[start : start + CHUNK])
            await child.stdin.drain()
    child.stdin.close()


async def read_some(stream: asyncio.StreamReader) -> bytes:
    """Read a stream to its end and return its beginning, at most 64 KiB."""
    kept = b""
    while piece := await stream.read(CHUNK):
        kept += piece[: CHUNK - len(kept)]
    return kept


async def _batches(child: Child, consume: Callable[[list[bytes]], bool]) -> bool:
    rest = b""
    while piece := await child.stdout.read(CHUNK):
        *lines, rest = (rest + piece).split(b"\n")
        if consume(lines):
            return True
    return bool(rest) and consume([rest])
