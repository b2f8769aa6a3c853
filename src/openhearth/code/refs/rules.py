"""Rules of a push that need no database: which refs clash, which branch becomes the default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

ZERO = "0" * 40
HEADS = "refs/heads/"


@dataclass(frozen=True, slots=True)
class Move:
    """One ref to move: `old` is what the pusher believes it points to, `new` where it shall point."""

    ref: str
    old: str
    new: str

    @property
    def creates(self) -> bool:
        """Whether the ref must not exist yet."""
        return self.old == ZERO

    @property
    def deletes(self) -> bool:
        """Whether the ref goes away."""
        return self.new == ZERO


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one ref was not moved: a code and what its sentence needs."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)


def stale(move: Move, current: str | None) -> Refusal | None:
    """Return the refusal of a move whose `old` is not what the ref points to now."""
    if move.creates and current is not None:
        return Refusal("exists")
    if not move.creates and current is None:
        return Refusal("gone") if not move.deletes else Refusal("no-such-ref")
    if current is not None and move.old != current:
        return Refusal("stale", {"current": current[:10]})
    return None


def clashes(moves: Sequence[Move], existing: Iterable[str]) -> dict[str, Refusal]:
    """Return the created refs that would be a folder of, or inside, another ref (`a` and `a/b`)."""
    gone = {move.ref for move in moves if move.deletes}
    created = [move.ref for move in moves if move.creates and not move.deletes]
    names = (set(existing) - gone) | set(created)
    folders: dict[str, str] = {}
    for name in names:
        parts = name.split("/")
        for length in range(1, len(parts)):
            folders.setdefault("/".join(parts[:length]), name)
    found: dict[str, Refusal] = {}
    for ref in created:
        if ref in folders:
            found[ref] = Refusal("clash", {"other": folders[ref]})
        parts = ref.split("/")
        for length in range(1, len(parts)):
            if (parent := "/".join(parts[:length])) in names:
                found[ref] = Refusal("clash", {"other": parent})
    return found


def default_after_first_push(current: str, pushed: Sequence[str]) -> str:
    """Return the default branch of a repository whose first branches are `pushed` (short names, in order)."""
    if not pushed or current in pushed:
        return current
    for usual in ("main", "master", "trunk", "develop"):
        if usual in pushed:
            return usual
    return pushed[0]
