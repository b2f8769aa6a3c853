"""What a push means to a reader. No database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

ZERO = "0" * 40
HEADS = "refs/heads/"
TAGS = "refs/tags/"
KEPT_MOVES = 10
"""Moves of one push that are kept by name; of the others only the number."""

Change = Literal["created", "deleted", "moved"]


@dataclass(frozen=True, slots=True)
class Move:
    """One ref that a push moved. `commits`: new ones, None while not counted; `lost`: those no longer in it."""

    ref: str
    old: str
    new: str
    commits: int | None = None
    lost: int = 0

    @property
    def kind(self) -> Literal["branch", "tag", "ref"]:
        """What the ref is."""
        if self.ref.startswith(HEADS):
            return "branch"
        return "tag" if self.ref.startswith(TAGS) else "ref"

    @property
    def name(self) -> str:
        """The short name."""
        return self.ref.removeprefix(HEADS).removeprefix(TAGS)

    @property
    def change(self) -> Change:
        """What became of it."""
        if self.old == ZERO:
            return "created"
        return "deleted" if self.new == ZERO else "moved"


def stored(moves: Sequence[Move]) -> dict[str, Any]:
    """Return the details of a push: branches first, the first ones by name, and how many there are in all."""
    order = {"branch": 0, "tag": 1, "ref": 2}
    kept = sorted(moves, key=lambda move: order[move.kind])[:KEPT_MOVES]
    return {"total": len(moves), "moves": [packed(move) for move in kept]}


def packed(move: Move) -> dict[str, Any]:
    """Return a move as plain values."""
    return {"ref": move.ref, "old": move.old, "new": move.new, "commits": move.commits, "lost": move.lost}


def read(moves: Iterable[Mapping[str, Any]]) -> tuple[Move, ...]:
    """Return the moves that `stored` kept."""
    return tuple(
        Move(
            ref=str(move["ref"]),
            old=str(move["old"]),
            new=str(move["new"]),
            commits=move.get("commits"),
            lost=int(move.get("lost") or 0),
        )
        for move in moves
    )
