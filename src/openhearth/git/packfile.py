"""What a pack holds, read from its index and its object headers without inflating the objects."""

from __future__ import annotations

import mmap
import struct
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from openhearth.git.errors import GitError

KINDS = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
_OFS_DELTA, _REF_DELTA = 6, 7


@dataclass(frozen=True, slots=True)
class PackInfo:
    """A pack: its name without extension ("pack-<40 hex>"), its objects, the bytes of its .pack file."""

    name: str
    objects: int
    size: int


class PackIndex:
    """A pack's .idx file, version 2, mapped. Use as a context manager."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if self._map[:8] != b"\xfftOc\x00\x00\x00\x02":
            self._map.close()
            raise GitError("bad-pack-index", path=str(path))
        self._fan = struct.unpack_from(">256I", self._map, 8)
        self.count = self._fan[255]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._map.close()

    def oid(self, position: int) -> bytes:
        """Return the 20 bytes of the id at `position` (ids are sorted)."""
        start = 1032 + 20 * position
        return self._map[start : start + 20]

    def oids(self) -> Iterator[bytes]:
        """Yield every id, sorted, 20 bytes each."""
        data = self._map[1032 : 1032 + 20 * self.count]
        return (data[start : start + 20] for start in range(0, len(data), 20))

    def position(self, oid: bytes) -> int | None:
        """Return where `oid` (20 bytes) stands, None when the pack lacks it."""
        low = self._fan[oid[0] - 1] if oid[0] else 0
        high = self._fan[oid[0]]
        found = bisect_left(range(high), oid, low, high, key=self.oid)
        return found if found < high and self.oid(found) == oid else None

    def __contains__(self, oid: bytes) -> bool:
        return self.position(oid) is not None

    def offsets(self) -> list[int]:
        """Return where each object begins in the pack, in the order of the ids."""
        table = 1032 + 24 * self.count
        small = struct.unpack_from(f">{self.count}I", self._map, table)
        large = table + 4 * self.count
        return [
            value if value < 0x80000000 else struct.unpack_from(">Q", self._map, large + 8 * (value & 0x7FFFFFFF))[0]
            for value in small
        ]


@dataclass(frozen=True, slots=True)
class Header:
    """The head of one packed object: kind 1-4 or a delta (6, 7), its base's offset, its inflated size."""

    kind: int
    base: int | None
    size: int


class PackScan:
    """Walks the object headers of a pack that git has indexed already (its data is known to be sound).

    `deepest` is the longest chain of deltas, `largest` the bytes of the biggest object once
    unpacked, `largest_oid` its id.
    """

    def __init__(self, pack: Path, index: PackIndex) -> None:
        self._index = index
        self._offsets = index.offsets()
        self._place = {offset: position for position, offset in enumerate(self._offsets)}
        self._kinds = bytearray(index.count)  # the kind at the end of the chain, by position
        self._depths = array("L", [0]) * index.count
        self.deepest = 0
        self.largest = 0
        self.largest_oid = ""
        with pack.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            self._walk(data)

    def holds(self, oid: bytes) -> bool:
        """Return whether this id (20 bytes) is in the pack."""
        return oid in self._index

    def last(self, count: int) -> list[bytes]:
        """Return the ids (20 bytes) of the `count` objects that stand last in the pack's file."""
        offsets = sorted(self._offsets)[len(self._offsets) - count :]
        return [self._index.oid(self._place[offset]) for offset in offsets]

    def kind(self, oid: bytes) -> str | None:
        """Return "commit", "tree", "blob" or "tag" for an id in this pack, None when it is not in it."""
        position = self._index.position(oid)
        return None if position is None else KINDS.get(self._kinds[position])

    def _walk(self, data: mmap.mmap) -> None:
        later: dict[int, int] = {}  # a delta that stands before its base
        for offset in sorted(self._offsets):
            header = self._header(data, offset)
            position = self._place[offset]
            if header.size > self.largest:
                self.largest, self.largest_oid = header.size, self._index.oid(position).hex()
            if header.base is None:
                self._kinds[position] = header.kind
            elif self._kinds[base := self._place[header.base]]:
                self._kinds[position] = self._kinds[base]
                self._depths[position] = self._depths[base] + 1
                self.deepest = max(self.deepest, self._depths[position])
            else:
                later[position] = base
        for position in later:
            self._settle(position, later)

    def _settle(self, position: int, later: dict[int, int]) -> None:
        chain = []
        while not self._kinds[position]:
            chain.append(position)
            position = later[position]
            if len(chain) > len(later):
                raise GitError("bad-pack", reason="delta-cycle")
        for link in reversed(chain):
            base = later[link]
            self._kinds[link] = self._kinds[base]
            self._depths[link] = self._depths[base] + 1
            self.deepest = max(self.deepest, self._depths[link])

    def _header(self, data: mmap.mmap, offset: int) -> Header:
        byte = data[offset]
        kind, size, shift, at = byte >> 4 & 7, byte & 15, 4, offset + 1
        while byte & 0x80:
            byte = data[at]
            size |= (byte & 0x7F) << shift
            shift += 7
            at += 1
        if kind == _OFS_DELTA:
            byte = data[at]
            at += 1
            back = byte & 0x7F
            while byte & 0x80:
                byte = data[at]
                at += 1
                back = (back + 1 << 7) | byte & 0x7F
            return Header(kind, offset - back, _delta_result_size(data[at : at + 64]))
        if kind == _REF_DELTA:
            position = self._index.position(data[at : at + 20])
            if position is None:
                raise GitError("bad-pack", reason="base-missing")
            return Header(kind, self._offsets[position], _delta_result_size(data[at + 20 : at + 84]))
        return Header(kind, None, size)


def _delta_result_size(deflated: bytes) -> int:
    """Return the size of what a delta makes: the second number at its start."""
    head = zlib.decompressobj().decompress(deflated, 20)
    at = size = 0
    for _number in range(2):
        size = shift = 0
        while at < len(head):
            byte = head[at]
            at += 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
    return size
