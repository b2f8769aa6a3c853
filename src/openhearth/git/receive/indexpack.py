"""Streams a pack from a client into `git index-pack` and says in codes what was wrong with it."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from openhearth.git import command
from openhearth.git.command import CHUNK, Child, Limits
from openhearth.git.errors import GitError, Refused, TimedOut, TooLarge
from openhearth.git.pktline import AsyncReader
from openhearth.git.receive.request import ReceiveLimits

Progress = Callable[[bytes], Awaitable[None]]

# Faults of old public history that hurt nobody: taken, and noted. Nothing about names in trees belongs here.
ACCEPTED = (
    "zeroPaddedFilemode",
    "zeroPaddedDate",
    "missingSpaceBeforeDate",
    "missingSpaceBeforeEmail",
    "missingNameBeforeEmail",
    "missingEmail",
    "badEmail",
    "badTimezone",
    "multipleAuthors",
)
HEADER_BYTES = 12
_MOST_NOTES = 1000
_MOST_TEXT = 65536

_FINDING = re.compile(r"object ([0-9a-f]{40}): (\w+): (.*)")
_EXPECTED = re.compile(r"did not receive expected object ([0-9a-f]{40})", re.IGNORECASE)
_PIECES = re.compile(rb"[^\r\n]*[\r\n]+")

_SIGNALS = {signal.SIGXFSZ.value: "pack-too-large", signal.SIGKILL.value: "pack-needs-too-much-memory"}
_WORDS: tuple[tuple[str, Callable[[], GitError]], ...] = (
    ("exceeds maximum allowed size", lambda: TooLarge("pack-too-large")),
    ("ut of memory", lambda: TooLarge("pack-needs-too-much-memory")),
    ("No space left", lambda: GitError("disk-full")),
    ("unresolved delta", lambda: Refused("delta-base-missing")),
    ("early EOF", lambda: Refused("pack-truncated")),
)


@dataclass
class Outcome:
    """What index-pack said: the pack's name, findings it let through, and its complaints."""

    name: str = ""
    notes: list[str] = field(default_factory=list)
    complaints: str = ""


async def read_header(reader: AsyncReader, limits: ReceiveLimits) -> tuple[bytes, int]:
    """Read a pack's header and return it with the number of objects it declares."""
    header = b""
    while len(header) < HEADER_BYTES:
        piece = await reader.read(HEADER_BYTES - len(header))
        if not piece:
            raise Refused("pack-truncated" if header else "pack-missing")
        header += piece
    magic, version, objects = struct.unpack(">4sII", header)
    if magic != b"PACK" or version not in {2, 3}:
        raise Refused("bad-pack", reason="header")
    if objects > limits.objects:
        raise TooLarge("too-many-objects", limit=limits.objects, objects=objects)
    return header, objects


async def index_pack(
    directory: Path,
    quarantine: Path,
    header: bytes,
    reader: AsyncReader,
    *,
    limits: ReceiveLimits,
    progress: Progress | None,
) -> Outcome:
    """Store the pack that begins with `header` in `quarantine`, completed and checked by git.

    Raises Refused, TooLarge or TimedOut, and whatever `reader` and `progress` raise; no child is left.
    """
    severities = ",".join(f"{check}=warn" for check in ACCEPTED)
    args = ["index-pack", "--stdin", "--fix-thin", "--rev-index", f"--strict={severities}"]
    args.append(f"--max-input-size={limits.pack_bytes}")
    if progress is not None:
        args.append("--show-resolving-progress")
    allowed = Limits(
        seconds=limits.seconds,
        memory_bytes=limits.memory_bytes,
        # index-pack may add the bases of a thin pack, whole
        file_bytes=limits.pack_bytes * 2 + (64 << 20),
        output_bytes=4096,
    )
    outcome = Outcome()
    child = await command.start(directory, *args, limits=allowed, quarantine=quarantine)
    async with child:
        pump = asyncio.create_task(_pump(child, header, reader, limits))
        try:
            await _messages(child, outcome, progress)
            outcome.name = (await child.stdout.read()).decode("ascii", "replace").strip()
            status = await child.wait()
        finally:
            if not pump.done():
                pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await pump
    if status:
        raise _fault(child, status, outcome.complaints)
    return outcome


async def _pump(child: Child, header: bytes, reader: AsyncReader, limits: ReceiveLimits) -> None:
    """Feed the pack to the child until the child or the input ends; a fault of the input ends the child."""
    try:
        await _pour(child, header, reader, limits)
    except BaseException:
        child.kill()
        raise


async def _pour(child: Child, header: bytes, reader: AsyncReader, limits: ReceiveLimits) -> None:
    stdin = child.stdin
    if stdin is None:
        return
    seen = len(header)
    stdin.write(header)
    while piece := await reader.read(CHUNK):
        seen += len(piece)
        if seen > limits.pack_bytes:
            raise TooLarge("pack-too-large", limit=limits.pack_bytes)
        with contextlib.suppress(ConnectionError):
            stdin.write(piece)
            await stdin.drain()
    stdin.close()


async def _messages(child: Child, outcome: Outcome, progress: Progress | None) -> None:
    """Sort what index-pack says: progress to the client, findings and complaints to the outcome."""
    buffer = b""
    while piece := await child.stderr.read(CHUNK):
        buffer += piece
        shown = []
        end = 0
        for match in _PIECES.finditer(buffer):
            end = match.end()
            if not _kept(match[0], outcome):
                shown.append(match[0])
        buffer = buffer[end:][-_MOST_TEXT:]
        if shown and progress is not None:
            await progress(b"".join(shown))
    if buffer:
        _kept(buffer, outcome)


def _kept(line: bytes, outcome: Outcome) -> bool:
    """Keep a line that is a finding or a complaint; False for progress."""
    text = line.decode("utf-8", "replace").strip()
    if text.startswith("warning: "):
        if (found := _FINDING.search(text)) and len(outcome.notes) < _MOST_NOTES:
            outcome.notes.append(f"{found[2]} {found[1]}")
        return True
    if text.startswith(("error: ", "fatal: ")):
        if len(outcome.complaints) < _MOST_TEXT:
            outcome.complaints += text + "\n"
        return True
    return False


def _fault(child: Child, status: int, complaints: str) -> GitError:
    """Turn the end of an index-pack that failed into a code."""
    if child.timed_out:
        return TimedOut("timed-out", seconds=child.limits.seconds)
    if -status in _SIGNALS:
        return TooLarge(_SIGNALS[-status])
    for words, error in _WORDS:
        if words in complaints:
            return error()
    if found := _FINDING.search(complaints):
        return Refused("fsck", oid=found[1], check=found[2], detail=found[3])
    if found := _EXPECTED.search(complaints):
        return Refused("object-missing", oid=found[1])
    lines = complaints.strip().splitlines()
    return Refused("bad-pack", reason=lines[-1].partition(": ")[2] if lines else f"status {status}")
