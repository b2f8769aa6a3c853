"""Limits on attempts that hold across processes: so many within a sliding window, counted in the shared cache.

An attempt takes a numbered slot *before* its outcome is known and gives it back when it went well. `cache.add` is
atomic in every backend, so parallel guesses cannot slip past the limit as they would with read-then-write.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.cache import cache


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` attempts named `kind` for one `key` (a name, an address) within `seconds`."""

    kind: str
    key: str
    most: int
    seconds: int

    def slots(self) -> list[str]:
        """Return the cache keys of the window's slots; the key itself is hashed, it may be long or secret."""
        hashed = hashlib.sha256(self.key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return [f"attempt:{self.kind}:{hashed}:{number}" for number in range(self.most)]


class TooMany(Exception):
    """The limit is reached; the next attempt may be made in `retry_after` seconds (at least 1)."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many attempts, next in {retry_after} s")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Attempt:
    """A counted attempt."""

    slots: tuple[str, ...]

    def forgive(self) -> None:
        """Give the slots back: the attempt went well and shall not count."""
        cache.delete_many(self.slots)


def attempt(*limits: Limit) -> Attempt:
    """Count one attempt against every limit. Raises `TooMany`, counting nothing, where one of them is reached."""
    taken: list[str] = []
    for limit in limits:
        slot, retry_after = _take(limit.slots(), limit.seconds)
        if not slot:
            cache.delete_many(taken)
            raise TooMany(retry_after)
        taken.append(slot)
    return Attempt(tuple(taken))


def _take(slots: Sequence[str], seconds: int) -> tuple[str, int]:
    """Return the slot that was free, or "" and how long until one is."""
    now = time.time()
    ends = cache.get_many(slots)
    for slot in slots:
        if slot not in ends and cache.add(slot, now + seconds, timeout=seconds):
            return slot, 0
    return "", max(1, int(min(ends.values(), default=now + seconds) - now) + 1)
