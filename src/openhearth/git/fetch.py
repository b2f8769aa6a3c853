"""Serving fetches: what can be answered in-process is; the rest is a git upload-pack whose wants we checked.

A client that goes away (its `write` raises, or the task is cancelled) takes the git child with it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from openhearth.git import command
from openhearth.git.advertise import ls_refs, upload_advertisement
from openhearth.git.command import CHUNK, Child, Limits
from openhearth.git.errors import GitError, Refused, TimedOut, TooLarge
from openhearth.git.negotiation import MIB, FetchRequest, fetch_v2, read_haves, read_v0, read_v2
from openhearth.git.pktline import AsyncReader, PktReader, Special, packet
from openhearth.git.views import RefView
from openhearth.git.walk import feed, read_some
from openhearth.git.wants import WantStore, check

Write = Callable[[bytes], Awaitable[None]]

# All refs are hidden from git itself: what may be fetched has been decided before it starts.
_UPLOAD = (
    *("-c", "uploadpack.allowAnySHA1InWant=true"),
    *("-c", "uploadpack.allowFilter=true"),
    *("-c", "transfer.hideRefs=refs/"),
    "upload-pack",
    "--strict",
)


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Caps of one fetch: the request's packets and bytes, and what its git child may use."""

    request_packets: int = 200_000
    request_bytes: int = 64 * MIB
    seconds: float = 3600
    memory_bytes: int = 3 << 30
    want_seconds: float = 60


async def serve_stateless(
    directory: Path,
    view: RefView,
    reader: AsyncReader,
    write: Write,
    *,
    version: int,
    limits: FetchLimits,
    wants: WantStore,
) -> None:
    """Answer one `POST git-upload-pack` (protocol 0, 1 or 2).

    What is wrong with the request is answered in the protocol (an ERR packet), not raised. Raises what
    `reader` and `write` raise, and GitError when git failed before its answer began.
    """
    service = _Service(directory, view, _capped(reader, limits), write, limits, wants)
    async with service.errors_answered():
        if version == 2:
            await service.one_v2()
        else:
            await service.stateless_v0(version)


async def serve_connection(
    directory: Path,
    view: RefView,
    reader: AsyncReader,
    write: Write,
    *,
    version: int,
    limits: FetchLimits,
    wants: WantStore,
) -> None:
    """Serve a whole `git-upload-pack` session over a connection (SSH), greeting included."""
    await write(upload_advertisement(view, version=version, service_header=False))
    packets = _capped(reader, limits)
    service = _Service(directory, view, packets, write, limits, wants)
    async with service.errors_answered():
        if version != 2:
            await service.stateful_v0(version)
            return
        while await service.one_v2():
            packets.limit(packets=limits.request_packets, total_bytes=limits.request_bytes)


def _capped(reader: AsyncReader, limits: FetchLimits) -> PktReader:
    return PktReader(reader, packets=limits.request_packets, total_bytes=limits.request_bytes)


_WORDS = {
    "not-our-ref": "upload-pack: not our ref {oid}",
    "unknown-ref": "upload-pack: deepen-not is not a ref: {ref}",
    "filter-not-supported": "filter '{filter}' not supported",
    "unexpected-line": "unexpected line: '{line}'",
    "unknown-command": "unknown command '{command}'",
    "unknown-capability": "unknown capability '{capability}'",
    "object-format": "mismatched object format; this server speaks sha1",
}


def message(error: GitError) -> str:
    """Return the words that a fetching client is told, git's own where git has some."""
    text = _WORDS.get(error.code, "upload-pack: {code}").format(code=error.code, **error.params)
    return "".join(char if char.isprintable() else "?" for char in text)[:1000]


@dataclass(frozen=True, slots=True)
class _Service:
    """One client being served."""

    directory: Path
    view: RefView
    packets: PktReader
    write: Write
    limits: FetchLimits
    known: WantStore

    @contextlib.asynccontextmanager
    async def errors_answered(self) -> AsyncIterator[None]:
        """Answer a refused request with an ERR packet."""
        try:
            yield
        except (Refused, TooLarge, TimedOut) as error:
            await self.write(packet(f"ERR {message(error)}"))

    async def one_v2(self) -> bool:
        """Answer one v2 request; False when the client is done."""
        request = await read_v2(self.packets)
        if request is None:
            return False
        if request.command == "ls-refs":
            await self._in_pieces(ls_refs(self.view, request.arguments))
        elif request.command == "fetch":
            await self._fetch(fetch_v2(request, self.view))
        else:
            raise Refused("unknown-command", command=request.command)
        return True

    async def stateless_v0(self, version: int) -> None:
        """Answer one request of protocol 0 or 1."""
        fetch = await read_v0(self.packets, self.view)
        if fetch is None:
            return
        rest = await read_haves(self.packets)
        await self._fetch(FetchRequest(version, fetch.wants, (*fetch.lines, *rest)))

    async def stateful_v0(self, version: int) -> None:
        """Serve what follows the greeting of protocol 0 or 1: one fetch, negotiated in turns."""
        fetch = await read_v0(self.packets, self.view)
        if fetch is None:
            return
        await self._check(fetch)
        child = await self._start(version)
        async with child:
            await _skip_greeting(child)
            talking = asyncio.create_task(self._relay(child, fetch.body()))
            try:
                await self._stream(child)
            finally:
                await _stop(talking)

    async def _fetch(self, fetch: FetchRequest) -> None:
        """Answer one stateless fetch. Here, behind the check, is where a store of answers can step in."""
        await self._check(fetch)
        child = await self._start(fetch.version, "--stateless-rpc")
        async with child:
            feeding = asyncio.create_task(feed(child, fetch.body()))
            try:
                await self._stream(child)
            finally:
                await _stop(feeding)

    async def _check(self, fetch: FetchRequest) -> None:
        limits = Limits(seconds=self.limits.want_seconds, memory_bytes=self.limits.memory_bytes)
        await check(self.directory, self.view, fetch.wants, self.known, limits=limits)

    async def _start(self, version: int, *options: str) -> Child:
        return await command.start(
            self.directory,
            *_UPLOAD,
            *options,
            str(self.directory),
            limits=Limits(seconds=self.limits.seconds, memory_bytes=self.limits.memory_bytes),
            protocol=version or None,
        )

    async def _stream(self, child: Child) -> None:
        """Pass the child's answer on, piece by piece, and see that it ended well."""
        complaints = asyncio.create_task(read_some(child.stderr))
        try:
            while piece := await child.stdout.read(CHUNK):
                await self.write(piece)
            status = await child.wait()
            said = await complaints
        finally:
            complaints.cancel()
        # A client may end a round early: it only wanted the shallow boundary, or has all it needs.
        if status and (child.timed_out or b"hung up unexpectedly" not in said):
            raise child.error(said)

    async def _relay(self, child: Child, body: bytes) -> None:
        """Give the child its wants, then whatever the client says, to the end."""
        stdin = child.stdin
        if stdin is None:
            return
        with contextlib.suppress(ConnectionError):
            stdin.write(body)
            await stdin.drain()
            while piece := await self.packets.read(CHUNK):
                stdin.write(piece)
                await stdin.drain()
        stdin.close()

    async def _in_pieces(self, data: bytes) -> None:
        for start in range(0, len(data), CHUNK):
            await self.write(data[start : start + CHUNK])


async def _skip_greeting(child: Child) -> None:
    """Read past the child's own list of refs: the client has had ours."""
    greeting = PktReader(child.stdout)
    while (data := await greeting.packet()) is not Special.FLUSH:
        if data is Special.END:
            raise child.error(await read_some(child.stderr))


async def _stop(task: asyncio.Task[None]) -> None:
    """End a task that is no longer needed; its own error, if it had one, counts."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
