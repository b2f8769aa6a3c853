"""The shape of a history, read as cheaply as the repository allows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from openhearth.git import commitgraph, odb, parse
from openhearth.git.commitgraph import CommitGraph
from openhearth.git.errors import GitError

_INFINITE_LEVEL: Final = 1 << 31
_DATE_BITS: Final = 40
_DATE_MAX: Final = (1 << _DATE_BITS) - 1

# A commit in the graph is its position, any other its 20 bytes.
Node = int | bytes


@dataclass(frozen=True, slots=True)
class _Facts:
    tree: bytes
    parents: tuple[Node, ...]
    date: int


class History:
    """Commits with their parents and trees, from the graph where it knows them, else from the objects."""

    def __init__(self, directory: Path, reader: odb.Reader) -> None:
        self._reader = reader
        self._roots = _shallow(directory)
        # Where history was cut off the graph may know more than the objects, so git ignores it too.
        self._graph: CommitGraph | None = None if self._roots else commitgraph.load(directory)
        self._read: dict[bytes, _Facts] = {}

    def node(self, oid: bytes) -> Node:
        """The handle of a commit."""
        place = None if self._graph is None else self._graph.find(oid)
        return oid if place is None else place

    def oid(self, node: Node) -> bytes:
        """Its id, 20 bytes."""
        return node if isinstance(node, bytes) else self._known().oid(node)

    def parents(self, node: Node) -> tuple[Node, ...]:
        """Its parents in order; those that were cut off are left out."""
        return self._facts(node).parents if isinstance(node, bytes) else self._known().parents(node)

    def tree(self, node: Node) -> bytes:
        """The id of its root tree, 20 bytes."""
        return self._facts(node).tree if isinstance(node, bytes) else self._known().tree(node)

    def order(self, node: Node) -> int:
        """A number greater than that of any ancestor, as far as the graph and sane dates tell."""
        if isinstance(node, bytes):
            return _INFINITE_LEVEL << _DATE_BITS | min(max(self._facts(node).date, 0), _DATE_MAX)
        return self._known().level(node) << _DATE_BITS

    def date(self, node: Node) -> int:
        """Its committer date in seconds, as git orders by it (the graph keeps 34 bits)."""
        return self._facts(node).date if isinstance(node, bytes) else self._known().date(node)

    def filter(self, node: Node) -> commitgraph.Filter | None:
        """Its changed-path filter, if there is one."""
        return None if isinstance(node, bytes) else self._known().changed_paths(node)

    def _known(self) -> CommitGraph:
        if self._graph is None:
            raise GitError("no-commit-graph")
        return self._graph

    def _facts(self, oid: bytes) -> _Facts:
        facts = self._read.get(oid)
        if facts is None:
            facts = self._read[oid] = self._look(oid)
        return facts

    def _look(self, oid: bytes) -> _Facts:
        kind, raw = self._reader.raw(oid)
        if kind != "commit":
            raise GitError("not-a-commit", oid=oid.hex(), kind=kind)
        tree, parents, date = parse.commit_links(raw)
        kept = [] if oid.hex() in self._roots else [p for p in parents if self._exists(p)]
        return _Facts(tree, tuple(self.node(parent) for parent in kept), date)

    def _exists(self, oid: bytes) -> bool:
        in_graph = self._graph is not None and self._graph.find(oid) is not None
        return in_graph or self._reader.exists(oid)


def _shallow(directory: Path) -> frozenset[str]:
    """Ids of the commits whose parents git pretends not to know."""
    try:
        return frozenset((directory / "shallow").read_text("ascii").split())
    except (OSError, UnicodeDecodeError):
        return frozenset()
