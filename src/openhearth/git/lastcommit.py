"""The commit that last changed each entry of a folder, the answer `git log -1 -- path` gives for each.

One walk answers all entries. A set of entries is one integer, a bit each. Every open entry sits at
exactly one commit: from there it goes on to the first parent that holds the same thing under that
name, and where no parent does, that commit is its answer. Changed-path filters of the commit-graph
spare most of the trees; a stored answer met on the way ends the walk for the entries that reach it.
"""

from __future__ import annotations

import heapq
import time
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Final, Protocol

from openhearth.git import odb, parse
from openhearth.git.commitgraph import PathKey
from openhearth.git.errors import GitError, ObjectMissing, TimedOut
from openhearth.git.history import History, Node

# Above this many open entries testing the filter for each costs more than the two trees it may spare.
_TESTED_ENTRIES: Final = 64
# A short walk (after one push, say) ends before the hashes of all entries have paid for themselves.
_EAGER_STEPS: Final = 64
# Listings of both sides of waiting merges; small, since several walks may run at once.
_CACHED_BYTES: Final = 16 * 1024 * 1024
_CACHED_FOLDERS: Final = 4096
_STEPS_PER_LOOK: Final = 256


class AnswerStore(Protocol):
    """Where one repository's answers are kept; they never change, so nothing is ever invalidated."""

    def get(self, folder: str, commit: str) -> Mapping[str, str] | None:
        """The whole answer for a folder at a commit: entry name to commit id."""

    def put(self, folder: str, commit: str, answers: Mapping[str, str]) -> None:
        """Keep a whole answer."""

    def commits(self, folder: str) -> Collection[str]:
        """Ids of commits with a stored answer for a folder; the newest few are enough."""


def last_commits(
    directory: Path, commit_oid: str, path: str = "", *, store: AnswerStore | None = None, seconds: float = 30
) -> dict[str, str]:
    """Entry name to the id of the commit that last changed it, for all entries of a folder at a commit.

    Raises ObjectMissing, GitError("no-such-path"), GitError("not-a-folder") and TimedOut. One cold
    computation at a time for a key is the caller's business.
    """
    folder = path.strip("/")
    if store is not None:
        known = store.get(folder, commit_oid)
        if known is not None:
            return dict(known)
    walk = _Walk(directory, folder, store, time.monotonic() + seconds)
    answers = walk.run(commit_oid)
    if store is not None:
        store.put(folder, commit_oid, answers)
    return answers


class _Listing:
    """One folder's tree: its bytes, and lazily the rows that answer which entries differ."""

    __slots__ = ("_number", "_rows", "layout", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.layout: _Layout | None = None
        self._number: int | None = None
        self._rows: dict[bytes, tuple[int, bytes]] | None = None

    @property
    def number(self) -> int:
        """The bytes as one number, so that one exclusive-or finds all places of difference."""
        if self._number is None:
            self._number = int.from_bytes(self.raw, "big")
        return self._number

    @property
    def rows(self) -> dict[bytes, tuple[int, bytes]]:
        """Name to type-and-permission and id."""
        if self._rows is None:
            self._rows = {name: (_plain(mode), oid) for name, mode, oid in parse.raw_entries(self.raw)}
        return self._rows


class _Layout:
    """Where the rows of a tree begin and which bit of the walk each has (0 for names it does not ask for)."""

    __slots__ = ("bits", "ends")

    def __init__(self, raw: bytes, bit_of: Mapping[bytes, int]) -> None:
        self.ends: list[int] = []
        self.bits: list[int] = []
        at = 0
        for name, mode, _ in parse.raw_entries(raw):
            at += len(b"%o " % mode) + len(name) + 21
            self.ends.append(at)
            self.bits.append(bit_of.get(name, 0))
        if at != len(raw):  # modes with leading zeros: places cannot be counted this way
            self.ends = []


class _Walk:
    """One computation for one folder at one commit."""

    def __init__(self, directory: Path, folder: str, store: AnswerStore | None, deadline: float) -> None:
        self._reader = odb.Reader(directory)
        self._folder = folder
        self._parts = [parse.path_bytes(part) for part in folder.split("/")] if folder else []
        self._key = PathKey(parse.path_bytes(folder)) if folder else None
        self._deadline = deadline
        self._history = History(directory, self._reader)
        self._stored = _Stored(store, folder, self._history)
        self._listings: dict[bytes, _Listing] = {}
        self._held = 0
        self._pattern: _Listing | None = None
        self._folders: dict[bytes, bytes | None] = {}
        self._names: list[bytes] = []
        self._bit_of: dict[bytes, int] = {}
        self._keys: list[PathKey] = []
        self._answers: dict[bytes, bytes] = {}
        self._waiting: dict[Node, int] = {}
        self._heap: list[tuple[int, int, Node]] = []
        self._pushed = 0
        self._steps = 0

    def run(self, commit_oid: str) -> dict[str, str]:
        """Walk until every entry is answered."""
        if not odb.is_full_id(commit_oid):
            raise ObjectMissing("object-missing", oid=commit_oid)
        start = self._history.node(bytes.fromhex(commit_oid))
        self._begin(start)
        while self._heap:
            node: Node | None = heapq.heappop(self._heap)[2]
            while node is not None:
                node = self._visit(node, self._waiting.pop(node))
                self._steps += 1
                if self._steps % _STEPS_PER_LOOK == 0 and time.monotonic() > self._deadline:
                    raise TimedOut("last-commits-timed-out", path=self._folder, steps=self._steps)
        return {parse.path_text(name): self._answers[name].hex() for name in self._names}

    def _begin(self, start: Node) -> None:
        tree = self._folder_at(start)
        if tree is None:
            raise GitError("no-such-path", path=self._folder, oid=self._history.oid(start).hex())
        listing = self._listing(tree)
        self._names = list(listing.rows)
        self._bit_of = {name: 1 << n for n, name in enumerate(self._names)}
        listing.layout = _Layout(listing.raw, self._bit_of)
        prefix = parse.path_bytes(self._folder) + b"/" if self._folder else b""
        self._keys = [PathKey(prefix + name) for name in self._names]
        if self._names:
            self._push(start, (1 << len(self._names)) - 1)

    def _push(self, node: Node, bits: int) -> None:
        if node in self._waiting:
            self._waiting[node] |= bits
            return
        self._waiting[node] = bits
        self._pushed += 1
        heapq.heappush(self._heap, (-self._history.order(node), self._pushed, node))

    def _visit(self, node: Node, bits: int) -> Node | None:
        """Answer or hand on the entries at one commit. Returns the next commit to visit at once, if any."""
        bits = self._take_stored(node, bits)
        if not bits:
            return None
        parents = self._history.parents(node)
        if not parents:
            self._answer(node, bits)
            return None
        changed = self._changed_against_first(node, parents[0], bits)
        kept = bits & ~changed
        for parent in parents[1:]:
            if not changed:
                break
            same = changed & ~self._differing(node, parent, changed)
            if same:
                self._push(parent, same)
                changed ^= same
        if changed:
            self._answer(node, changed)
        return self._follow(parents[0], kept) if kept else None

    def _follow(self, parent: Node, bits: int) -> Node | None:
        """Go on directly where the heap would give this parent next anyway; most of history is a chain."""
        if parent in self._waiting or (self._heap and -self._heap[0][0] >= self._history.order(parent)):
            self._push(parent, bits)
            return None
        self._waiting[parent] = bits
        return parent

    def _answer(self, node: Node, bits: int) -> None:
        oid = self._history.oid(node)
        for number in _numbers(bits):
            self._answers[self._names[number]] = oid

    def _take_stored(self, node: Node, bits: int) -> int:
        """Take the answers stored for this commit; returns the entries that it had none for."""
        stored = self._stored.at(node)
        if stored is None:
            return bits
        for number in _numbers(bits):
            answer = stored.get(self._names[number])
            if answer is not None:
                self._answers[self._names[number]] = answer
                bits &= ~(1 << number)
        return bits

    def _changed_against_first(self, node: Node, parent: Node, bits: int) -> int:
        """Which entries differ from the first parent, asking the filter before any tree is read."""
        tested = bits
        filtered = None
        each = bits.bit_count() <= _TESTED_ENTRIES and self._steps > _EAGER_STEPS
        if self._key is not None or each:
            filtered = self._history.filter(node)
        if filtered is not None:
            if self._key is not None and not self._key.may_be_in(filtered):
                return 0
            if each:
                tested = 0
                for number in _numbers(bits):
                    if self._keys[number].may_be_in(filtered):
                        tested |= 1 << number
        return self._differing(node, parent, tested) if tested else 0

    def _differing(self, node: Node, parent: Node, bits: int) -> int:
        """Which of these entries are not the same thing in both commits (name, kind, permission, id)."""
        here, there = self._folder_at(node), self._folder_at(parent)
        if here == there:
            return 0
        if here is None or there is None:
            return bits
        mine, other = self._listing(here), self._listing(there)
        quick = self._by_places(mine, other)
        if quick is not None:
            return quick & bits
        changed = 0
        for name, row in mine.rows.items() - other.rows.items():
            del row
            changed |= self._bit_of.get(name, 0)
        return changed & bits

    def _by_places(self, mine: _Listing, other: _Listing) -> int | None:
        """The bits of the changed entries, if the two trees differ in nothing but ids; None if they may."""
        if len(mine.raw) != len(other.raw):
            return None
        if mine.layout is None and self._pattern is not None and len(self._pattern.raw) == len(mine.raw):
            # Most versions of a folder have the same rows: their places need not be counted again.
            _compare_places(self._pattern, mine)
        if mine.layout is None:
            mine.layout = _Layout(mine.raw, self._bit_of)
            self._pattern = mine
        return _compare_places(mine, other)

    def _listing(self, tree: bytes) -> _Listing:
        found = self._listings.get(tree)
        if found is None:
            found = self._listings[tree] = _Listing(self._reader.raw(tree)[1])
            self._held += len(found.raw)
            while self._held > _CACHED_BYTES and len(self._listings) > 2:
                self._held -= len(self._listings.pop(next(iter(self._listings))).raw)
        return found

    def _folder_at(self, node: Node) -> bytes | None:
        """The id of the folder's tree at a commit; None where there is no folder of that name."""
        tree: bytes | None = self._history.tree(node)
        for part in self._parts:
            if tree is None:
                break
            tree = self._child(tree, part)
        return tree

    def _child(self, tree: bytes, name: bytes) -> bytes | None:
        key = tree + name
        if key not in self._folders:
            self._folders[key] = _find_folder(self._reader.raw(tree)[1], name)
            if len(self._folders) > _CACHED_FOLDERS:
                del self._folders[next(iter(self._folders))]
        return self._folders[key]


class _Stored:
    """The answers of a store at the commits that a walk meets."""

    def __init__(self, store: AnswerStore | None, folder: str, history: History) -> None:
        self._store = store
        self._folder = folder
        self._at: dict[Node, str] = {}
        if store is not None:
            self._at = {history.node(bytes.fromhex(oid)): oid for oid in store.commits(folder)}

    def at(self, node: Node) -> dict[bytes, bytes] | None:
        """Name to commit id, in bytes, or None."""
        oid = self._at.get(node)
        if oid is None or self._store is None:
            return None
        found = self._store.get(self._folder, oid)
        if found is None:
            return None
        return {parse.path_bytes(name): bytes.fromhex(answer) for name, answer in found.items()}


def _compare_places(mine: _Listing, other: _Listing) -> int | None:
    """The bits of the rows whose ids differ in two trees of one length; None if anything else differs.

    On success the second tree is known to have the layout of the first.
    """
    layout = mine.layout
    if layout is None or not layout.ends:
        return None
    size = len(mine.raw)
    difference = mine.number ^ other.number
    changed = 0
    while difference:
        place = size - (difference.bit_length() + 7) // 8
        row = bisect_right(layout.ends, place)
        end = layout.ends[row]
        if place < end - 20:
            return None
        changed |= layout.bits[row]
        difference &= (1 << 8 * (size - end)) - 1
    other.layout = layout
    return changed


def _find_folder(raw: bytes, name: bytes) -> bytes | None:
    for found, mode, oid in parse.raw_entries(raw):
        if found == name:
            return oid if parse.kind_of(mode) == "folder" else None
    return None


def _plain(mode: int) -> int:
    """A mode without what git itself does not tell apart."""
    kind = mode & 0o170000
    return kind | mode & 0o100 if kind == 0o100000 else kind


def _numbers(bits: int) -> Iterator[int]:
    """The places of the set bits, lowest first."""
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low
