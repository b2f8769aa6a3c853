"""From a pack on the wire to a quarantine whose every new tip is whole."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from openhearth.git import command, store
from openhearth.git.command import Limits
from openhearth.git.errors import GitError, Refused, TooLarge
from openhearth.git.packfile import PackIndex, PackScan
from openhearth.git.pktline import AsyncReader
from openhearth.git.receive.indexpack import Progress, index_pack, read_header
from openhearth.git.receive.quarantine import Quarantine
from openhearth.git.receive.request import PushRequest, ReceiveLimits
from openhearth.git.walk import each_line
from openhearth.git.wants import OBJECTS, search, unreachable

_OID = re.compile(r"[0-9a-f]{40}")
_COMMITS_ONLY = ("refs/heads/", "refs/notes/")


async def ingest(
    directory: Path,
    request: PushRequest,
    reader: AsyncReader,
    *,
    tips: Sequence[str],
    limits: ReceiveLimits,
    progress: Progress | None = None,
) -> Quarantine:
    """Take the pack of a push into quarantine and prove what its refs will point to.

    `tips` are the ids of the repository's refs that the pusher may see. Every object below a new tip must
    exist, and must have come in this pack or be reachable from `tips` already: a ref can never be used to
    dig out an object that the pusher cannot read. Raises Refused (codes fsck, bad-pack, pack-missing,
    pack-truncated, delta-base-missing, object-missing, object-unreachable, shallow-update, not-a-commit),
    TooLarge or TimedOut; nothing is left behind then. The pack's last byte may not be the stream's last.
    """
    if not request.has_pack:
        return Quarantine.empty(directory)
    header, objects = await read_header(reader, limits)
    proof = _Proof(directory, request, tuple(dict.fromkeys(tips)), limits)
    if not objects:
        await _empty_pack(header, reader)
        await proof.prove()
        return Quarantine.empty(directory)
    quarantine = Quarantine.create(directory)
    try:
        await _take(quarantine, proof, header, reader, progress)
    except BaseException:
        quarantine.discard()
        raise
    return quarantine


async def _empty_pack(header: bytes, reader: AsyncReader) -> None:
    """Read the checksum that ends a pack without objects."""
    checksum = b""
    while len(checksum) < 20:
        piece = await reader.read(20 - len(checksum))
        if not piece:
            raise Refused("pack-truncated")
        checksum += piece
    if hashlib.sha1(header, usedforsecurity=False).digest() != checksum:
        raise Refused("bad-pack", reason="checksum")


async def _take(
    quarantine: Quarantine, proof: _Proof, header: bytes, reader: AsyncReader, progress: Progress | None
) -> None:
    folder, limits = quarantine.directory, proof.limits
    if folder is None:
        return
    try:
        outcome = await index_pack(proof.directory, folder, header, reader, limits=limits, progress=progress)
    except Refused as error:
        raise proof.or_shallow(error) from error
    quarantine.notes = tuple(outcome.notes)
    quarantine.collect()
    if len(quarantine.packs) != 1:
        raise GitError("pack-lost", name=outcome.name)
    pack = folder / "pack" / f"{quarantine.packs[0].name}.pack"
    with PackIndex(pack.with_suffix(".idx")) as index:
        scan = await asyncio.to_thread(PackScan, pack, index)
        _check_scan(scan, limits)
        declared = int.from_bytes(header[8:12], "big")
        await proof.prove(folder, scan, frozenset(scan.last(index.count - declared)))


def _check_scan(scan: PackScan, limits: ReceiveLimits) -> None:
    if scan.deepest > limits.delta_depth:
        raise TooLarge("delta-too-deep", depth=scan.deepest, limit=limits.delta_depth)
    if limits.blob_bytes is not None and scan.largest > limits.blob_bytes:
        raise TooLarge("object-too-large", oid=scan.largest_oid, size=scan.largest, limit=limits.blob_bytes)


@dataclass(frozen=True, slots=True)
class _Proof:
    """Proves that a push is complete and took nothing that its sender could not read."""

    directory: Path
    request: PushRequest
    tips: tuple[str, ...]
    limits: ReceiveLimits

    async def prove(
        self,
        folder: Path | None = None,
        scan: PackScan | None = None,
        borrowed: frozenset[bytes] = frozenset(),
    ) -> None:
        """Check kind and completeness of every new tip.

        `borrowed` are the objects that completed a thin pack: they came out of our own store, and a delta
        on one shows its content, so they must be readable by the sender as well.
        """
        known = set(self.tips)
        new = dict.fromkeys(c.new for c in self.request.commands if not c.is_delete)
        fresh = [oid for oid in new if oid not in known]
        met = _Met(scan, borrowed)
        if fresh:
            await self._walk(fresh, met, folder)
        await self._ask(met)
        await self._check_kinds(folder, scan)

    async def _walk(self, fresh: Sequence[str], met: _Met, folder: Path | None) -> None:
        """Walk from the new tips to the known ones; a hole on the way refuses the push."""
        rows = [*fresh, *(f"^{tip}" for tip in self.tips)]
        try:
            await each_line(
                self.directory,
                ("rev-list", "--objects", "--no-object-names", "--boundary", "--stdin"),
                stdin=("\n".join(rows) + "\n").encode(),
                consume=met.consume,
                limits=self._walk_limits(),
                quarantine=folder,
            )
        except GitError as error:
            if error.code != "git-failed":
                raise
            found = _OID.search(str(error.params["stderr"]))
            oid = found[0] if found else ""
            if oid in self.tips:
                raise GitError("repository-damaged", oid=oid) from error
            raise self.or_shallow(Refused("object-missing", oid=oid)) from error

    async def _ask(self, met: _Met) -> None:
        """Refuse the push when something it stands on cannot be reached from the known tips."""
        strangers = {oid.hex() for oid in met.strangers}
        limits = self._walk_limits()
        if strangers and met.edges:
            # Most often they are files of the very commits that the push was built on.
            strangers = await search(self.directory, strangers, sorted(met.edges), (*OBJECTS, "--no-walk"), limits)
        if strangers:
            lost = await unreachable(self.directory, strangers, self.tips, limits=limits)
            if lost:
                raise Refused("object-unreachable", oid=min(lost))

    def _walk_limits(self) -> Limits:
        return Limits(seconds=self.limits.seconds, memory_bytes=self.limits.memory_bytes)

    def or_shallow(self, error: Refused) -> Refused:
        """Name the likelier cause when history ends too early in a push from a shallow clone."""
        if self.request.shallow and error.code == "object-missing":
            return Refused("shallow-update", **error.params)
        return error

    async def _check_kinds(self, folder: Path | None, scan: PackScan | None) -> None:
        """Branches and notes hold commits, nothing else."""
        commands = [c for c in self.request.commands if not c.is_delete]
        wanted = {c.new: c.ref for c in commands if c.ref.startswith(_COMMITS_ONLY)}
        kinds: dict[str, str | None] = {}
        if scan is not None:
            kinds = {oid: scan.kind(bytes.fromhex(oid)) for oid in wanted}
        others = [oid for oid in wanted if kinds.get(oid) is None]
        if others:
            kinds |= await asyncio.to_thread(store.kinds, self.directory, others, quarantine=folder)
        for oid, ref in wanted.items():
            if kinds[oid] != "commit":
                raise Refused("not-a-commit", ref=ref, oid=oid, kind=kinds[oid])


class _Met:
    """Sorts what a walk meets.

    `strangers` did not come from the client, `edges` are the known commits at which the walk ended.
    """

    def __init__(self, scan: PackScan | None, borrowed: frozenset[bytes]) -> None:
        self._scan = scan
        self._borrowed = borrowed
        self.strangers = set(borrowed)
        self.edges: set[str] = set()

    def consume(self, lines: list[bytes]) -> bool:
        """Take a batch of lines; never asks to stop."""
        for line in lines:
            if line.startswith(b"-"):
                self.edges.add(line[1:].decode("ascii"))
            elif line and not self._came(oid := bytes.fromhex(line.decode("ascii"))):
                self.strangers.add(oid)
        return False

    def _came(self, oid: bytes) -> bool:
        return self._scan is not None and self._scan.holds(oid) and oid not in self._borrowed


def is_fast_forward(directory: Path, old: str, new: str, quarantine: Path | None = None) -> bool:
    """Return whether commit `new` has `old` in its history. GitError when one is missing or no commit."""
    try:
        command.run(directory, "merge-base", "--is-ancestor", "--end-of-options", old, new, quarantine=quarantine)
    except GitError as error:
        if error.params.get("status") == 1:
            return False
        raise
    return True
