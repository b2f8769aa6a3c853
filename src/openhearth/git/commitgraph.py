"""Reading git's commit-graph files: ids, parents, trees, levels and changed-path filters, memory mapped."""

from __future__ import annotations

import mmap
import os
import re
import struct
import threading
from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

_NONE: Final = 0x70000000
_TOP: Final = 0x80000000
_MASK: Final = 0xFFFFFFFF
_ROW: Final = 36
_BLOOM_HEADER: Final = 12
_SEED_A: Final = 0x293AE76F
_SEED_B: Final = 0x7E646E2C
_KEPT: Final = 64
_CHAIN_NAME = re.compile(r"[0-9a-f]{40}")

_PAIR = struct.Struct(">II")
_WORD = struct.Struct(">I")
_CHUNK = struct.Struct(">4sQ")


class _BrokenGraphError(Exception):
    """The file is no commit-graph that we understand; reading goes on without it."""


def murmur3(data: bytes, seed: int, *, signed: bool) -> int:
    """MurmurHash3, 32 bits. `signed` widens bytes above 127 as negative numbers do."""
    words = [byte | 0xFFFFFF00 if signed and byte > 127 else byte for byte in data]
    state = seed
    whole = len(words) // 4 * 4
    for at in range(0, whole, 4):
        block = words[at] | words[at + 1] << 8 | words[at + 2] << 16 | words[at + 3] << 24
        state ^= _scramble(block & _MASK)
        state = ((state << 13 | state >> 19) & _MASK) * 5 + 0xE6546B64 & _MASK
    rest = 0
    for shift, byte in enumerate(words[whole:]):
        rest ^= byte << 8 * shift
    if len(words) > whole:
        state ^= _scramble(rest & _MASK)
    state ^= len(words)
    state = (state ^ state >> 16) * 0x85EBCA6B & _MASK
    state = (state ^ state >> 13) * 0xC2B2AE35 & _MASK
    return state ^ state >> 16


def _scramble(block: int) -> int:
    block = block * 0xCC9E2D51 & _MASK
    block = block << 15 & _MASK | block >> 17
    return block * 0x1B873593 & _MASK


@dataclass(frozen=True, slots=True)
class Filter:
    """One commit's changed-path filter. `bits` is its bytes as one little-endian number."""

    bits: int
    size: int
    version: int
    hashes: int


class PathKey:
    """The hashes of one path (no slash at its end), as bit masks for filters of each length met."""

    __slots__ = ("_hashes", "_masks", "_path")

    def __init__(self, path: bytes) -> None:
        self._path = path
        self._hashes: dict[bool, tuple[int, int]] = {}
        self._masks: dict[tuple[int, int, int], tuple[int, ...]] = {}

    def may_be_in(self, filtered: Filter) -> bool:
        """False only when the path did certainly not change against the first parent."""
        shape = (filtered.size, filtered.version, filtered.hashes)
        masks = self._masks.get(shape)
        if masks is None:
            masks = self._masks[shape] = self._make(*shape)
        return any(filtered.bits & mask == mask for mask in masks)

    def _make(self, size: int, version: int, hashes: int) -> tuple[int, ...]:
        """One mask, or two where the file does not say how its writer widened bytes above 127.

        Version 1 follows the sign of `char` of the machine that wrote it (signed on x86, not on ARM).
        """
        ascii_only = all(byte < 128 for byte in self._path)
        signs = [False] if ascii_only or version != 1 else [True, False]
        made = []
        for signed in signs:
            first, second = self._pair(signed=signed)
            mask = 0
            for n in range(hashes):
                mask |= 1 << (first + n * second & _MASK) % (8 * size)
            made.append(mask)
        return tuple(made)

    def _pair(self, *, signed: bool) -> tuple[int, int]:
        pair = self._hashes.get(signed)
        if pair is None:
            first = murmur3(self._path, _SEED_A, signed=signed)
            pair = self._hashes[signed] = (first, murmur3(self._path, _SEED_B, signed=signed))
        return pair


class _Layer:
    """One graph file. Positions inside it begin at 0; parents are positions in the whole chain."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            try:
                self.data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except ValueError as problem:
                raise _BrokenGraphError from problem
        chunks = self._chunks()
        try:
            fan, ids, rows = (chunks[name] for name in (b"OIDF", b"OIDL", b"CDAT"))
        except KeyError as problem:
            raise _BrokenGraphError from problem
        if fan[1] - fan[0] < 1024:
            raise _BrokenGraphError
        self.fan: tuple[int, ...] = struct.unpack_from(">256I", self.data, fan[0])
        self.count: int = self.fan[255]
        self.ids, self.rows = ids[0], rows[0]
        self.edges = chunks.get(b"EDGE", (0, 0))
        if (
            ids[1] - ids[0] < 20 * self.count
            or rows[1] - rows[0] < _ROW * self.count
            or list(self.fan) != sorted(self.fan)
        ):
            raise _BrokenGraphError
        self._read_filters(chunks)

    def _chunks(self) -> dict[bytes, tuple[int, int]]:
        data = self.data
        if len(data) < 8 + 12 or data[:4] != b"CGPH" or data[4] != 1 or data[5] != 1:
            raise _BrokenGraphError
        rows = data[6] + 1
        if len(data) < 8 + 12 * rows:
            raise _BrokenGraphError
        table = [_CHUNK.unpack_from(data, 8 + 12 * n) for n in range(rows)]
        found: dict[bytes, tuple[int, int]] = {}
        for (name, start), (_, end) in pairwise(table):
            if not start <= end <= len(data):
                raise _BrokenGraphError
            found[bytes(name)] = (start, end)
        return found

    def _read_filters(self, chunks: dict[bytes, tuple[int, int]]) -> None:
        index, bits = chunks.get(b"BIDX", (0, 0)), chunks.get(b"BDAT", (0, 0))
        self.filters = self.filter_end = self.version = self.hashes = 0
        self.filter_index = index[0]
        if index[1] - index[0] < 4 * self.count or bits[1] - bits[0] < _BLOOM_HEADER:
            return
        self.version, self.hashes, _ = struct.unpack_from(">III", self.data, bits[0])
        if self.version in {1, 2} and 0 < self.hashes <= 64:
            self.filters, self.filter_end = bits[0] + _BLOOM_HEADER, bits[1]

    def find(self, oid: bytes) -> int | None:
        """The place of an id inside this file."""
        low = self.fan[oid[0] - 1] if oid[0] else 0
        high = self.fan[oid[0]]
        while low < high:
            middle = (low + high) // 2
            at = self.ids + 20 * middle
            here = self.data[at : at + 20]
            if here == oid:
                return middle
            if here < oid:
                low = middle + 1
            else:
                high = middle
        return None

    def filter_at(self, place: int) -> Filter | None:
        """The filter of a commit; None when the file has none for it."""
        if not self.filters:
            return None
        at = self.filter_index + 4 * place
        end = _WORD.unpack_from(self.data, at)[0]
        start = _WORD.unpack_from(self.data, at - 4)[0] if place else 0
        size = end - start
        if size <= 0 or self.filters + end > self.filter_end:
            return None
        raw = self.data[self.filters + start : self.filters + end]
        return Filter(int.from_bytes(raw, "little"), size, self.version, self.hashes)


@dataclass(frozen=True)
class CommitGraph:
    """A graph file or a chain of them, the oldest first; a commit is its position in the whole."""

    layers: tuple[_Layer, ...]
    starts: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        starts, total = [], 0
        for layer in self.layers:
            starts.append(total)
            total += layer.count
        object.__setattr__(self, "starts", tuple(starts))

    @property
    def count(self) -> int:
        """How many commits the whole graph knows."""
        return self.starts[-1] + self.layers[-1].count

    def find(self, oid: bytes) -> int | None:
        """The position of a commit by its 20 bytes."""
        for start, layer in zip(reversed(self.starts), reversed(self.layers), strict=True):
            place = layer.find(oid)
            if place is not None:
                return start + place
        return None

    def _at(self, position: int) -> tuple[_Layer, int]:
        if len(self.layers) == 1:
            return self.layers[0], position
        number = bisect_right(self.starts, position) - 1
        return self.layers[number], position - self.starts[number]

    def oid(self, position: int) -> bytes:
        """The id of the commit at a position, 20 bytes."""
        layer, place = self._at(position)
        at = layer.ids + 20 * place
        return layer.data[at : at + 20]

    def tree(self, position: int) -> bytes:
        """The id of its root tree, 20 bytes."""
        layer, place = self._at(position)
        at = layer.rows + _ROW * place
        return layer.data[at : at + 20]

    def level(self, position: int) -> int:
        """Its topological level: greater than that of every ancestor (0 when the writer knew none)."""
        layer, place = self._at(position)
        word: int = _WORD.unpack_from(layer.data, layer.rows + _ROW * place + 28)[0]
        return word >> 2

    def date(self, position: int) -> int:
        """Its committer date in seconds, the lowest 34 bits of it."""
        layer, place = self._at(position)
        high, low = _PAIR.unpack_from(layer.data, layer.rows + _ROW * place + 28)
        return int((high & 3) << 32 | low)

    def parents(self, position: int) -> tuple[int, ...]:
        """The positions of its parents, in order."""
        layer, place = self._at(position)
        first, second = _PAIR.unpack_from(layer.data, layer.rows + _ROW * place + 20)
        if first == _NONE:
            return ()
        if second == _NONE:
            return (first,)
        if not second & _TOP:
            return (first, second)
        found = [first]
        at, end = layer.edges[0] + 4 * (second ^ _TOP), layer.edges[1]
        while at + 4 <= end:
            word = _WORD.unpack_from(layer.data, at)[0]
            found.append(word & ~_TOP)
            if word & _TOP:
                break
            at += 4
        return tuple(found)

    def changed_paths(self, position: int) -> Filter | None:
        """The filter over the paths that differ from the first parent; None when not known."""
        layer, place = self._at(position)
        return layer.filter_at(place)


_Stamp = tuple[tuple[str, int, int, int], ...]
_lock = threading.Lock()
_loaded: OrderedDict[str, tuple[_Stamp, CommitGraph | None]] = OrderedDict()


def load(directory: Path) -> CommitGraph | None:
    """The graph of a bare repository (or of the first store that it borrows from), kept while unchanged.

    None when there is none or it cannot be understood. Safe to use from several threads.
    """
    key = os.fspath(directory)
    stores = _stores(directory / "objects")
    stamp = tuple(_mark(path) for store in stores for path in _heads(store))
    with _lock:
        held = _loaded.get(key)
        if held is not None and held[0] == stamp:
            _loaded.move_to_end(key)
            return held[1]
    graph = next((made for store in stores if (made := _open(store, stores)) is not None), None)
    with _lock:
        _loaded[key] = (stamp, graph)
        _loaded.move_to_end(key)
        while len(_loaded) > _KEPT:
            _loaded.popitem(last=False)
    return graph


def _heads(store: Path) -> tuple[Path, Path]:
    return store / "info" / "commit-graph", store / "info" / "commit-graphs" / "commit-graph-chain"


def _mark(path: Path) -> tuple[str, int, int, int]:
    try:
        seen = path.stat()
    except OSError:
        return (str(path), 0, 0, 0)
    return (str(path), seen.st_ino, seen.st_size, seen.st_mtime_ns)


def _open(store: Path, stores: list[Path]) -> CommitGraph | None:
    single, chain = _heads(store)
    try:
        if single.exists():
            return CommitGraph((_Layer(single),))
        if not chain.exists():
            return None
        names = chain.read_text("ascii").split()
        return CommitGraph(tuple(_Layer(_member(name, stores)) for name in names)) if names else None
    except (OSError, _BrokenGraphError, struct.error, UnicodeDecodeError):
        return None


def _member(name: str, stores: list[Path]) -> Path:
    """A chain of a borrowing store may begin in the store that it borrows from."""
    if _CHAIN_NAME.fullmatch(name) is None:
        raise _BrokenGraphError
    for store in stores:
        path = store / "info" / "commit-graphs" / f"graph-{name}.graph"
        if path.exists():
            return path
    raise _BrokenGraphError


def _stores(objects: Path) -> list[Path]:
    """The object directory itself, then those that it borrows from, nearest first."""
    found, waiting = [objects], [objects]
    while waiting and len(found) < 8:
        here = waiting.pop(0)
        try:
            lines = (here / "info" / "alternates").read_text("utf-8", "surrogateescape").splitlines()
        except OSError:
            continue
        for line in lines:
            if line and not line.startswith("#"):
                other = Path(os.path.normpath(here / line))
                if other not in found:
                    found.append(other)
                    waiting.append(other)
    return found
