"""Whether an object may be read: it is a visible tip, or reachable from one.

git itself gives any object of the store to a protocol v2 client that names its id, so every door asks here
first: fetches, and every read by id.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from openhearth.git import store
from openhearth.git.command import Limits
from openhearth.git.errors import GitError, Refused
from openhearth.git.views import RefView
from openhearth.git.walk import each_line

DEFAULT_LIMITS = Limits(seconds=60)
OBJECTS = ("rev-list", "--objects", "--no-object-names")


class WantStore(Protocol):
    """Remembers answers for one repository.

    `key` names the set of refs they hold for: another set of refs has another key, so no answer grows old.
    """

    async def get(self, key: str, oids: Sequence[str]) -> Mapping[str, bool]:
        """Return the known answers among `oids`: True means reachable."""

    async def put(self, key: str, answers: Mapping[str, bool]) -> None:
        """Keep answers."""


class NoStore:
    """A `WantStore` that remembers nothing."""

    async def get(self, key: str, oids: Sequence[str]) -> Mapping[str, bool]:  # noqa: ARG002
        """Return no answer."""
        return {}

    async def put(self, key: str, answers: Mapping[str, bool]) -> None:
        """Forget the answers."""


def key_of(view: RefView) -> str:
    """Return the key under which answers for what this actor may see are kept."""
    digest = hashlib.sha256(f"{view.version}\n".encode())
    digest.update("".join(ref.oid for ref in view.refs).encode())
    return f"{view.version}-{digest.hexdigest()[:32]}"


async def check(
    directory: Path,
    view: RefView,
    wants: Iterable[str],
    known: WantStore,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> None:
    """Return when every want may be read; Refused("not-our-ref", oid=…) names the first that may not.

    An object that is absent, reachable from a hidden ref only, or from a deleted branch only is refused
    alike. Raises TimedOut when the answer takes too long.
    """
    tips = view.tips()
    asked = [oid for oid in dict.fromkeys(wants) if oid not in tips]
    if not asked:
        return
    key = key_of(view)
    answers = dict(await known.get(key, asked))
    unknown = [oid for oid in asked if oid not in answers]
    if unknown:
        refused = await unreachable(directory, unknown, _tips(view), limits=limits)
        fresh = {oid: oid not in refused for oid in unknown}
        await known.put(key, fresh)
        answers |= fresh
    for oid in asked:
        if not answers[oid]:
            raise Refused("not-our-ref", oid=oid)


def _tips(view: RefView) -> list[str]:
    """Return the ids of the visible refs, HEAD's first."""
    head = view.head_ref()
    first = [] if head is None else [head.oid]
    return list(dict.fromkeys(first + [ref.oid for ref in view.refs]))


async def unreachable(
    directory: Path,
    oids: Collection[str],
    tips: Sequence[str],
    *,
    limits: Limits = DEFAULT_LIMITS,
    quarantine: Path | None = None,
) -> set[str]:
    """Return those of `oids` that are missing or cannot be reached from `tips` (the likeliest first)."""
    kinds = None
    try:
        suspects = await _not_below(directory, set(oids), tips, limits, quarantine)
        missing: set[str] = set()
    except GitError as error:
        if error.code != "git-failed":
            raise
        kinds = await asyncio.to_thread(store.kinds, directory, list(oids), quarantine=quarantine)
        missing = {oid for oid, kind in kinds.items() if kind is None}
        if not missing:
            raise
        suspects = await _not_below(directory, set(oids) - missing, tips, limits, quarantine)
    if not suspects:
        return missing
    if kinds is None:
        kinds = await asyncio.to_thread(store.kinds, directory, list(suspects), quarantine=quarantine)
    commits = {oid for oid in suspects if kinds[oid] == "commit"}
    if commits:
        commits = await search(directory, commits, tips, ("rev-list",), limits)
    others = {oid for oid in suspects if kinds[oid] != "commit"}
    if others:
        # A partial clone that checks out asks for the present files of its branch, most often the first
        # tip: that look costs milliseconds, the complete walk seconds.
        others = await search(directory, others, tips[:1], (*OBJECTS, "--no-walk"), limits)
    if others:
        others = await search(directory, others, tips, OBJECTS, limits)
    return missing | commits | others


async def _not_below(
    directory: Path, oids: set[str], tips: Sequence[str], limits: Limits, quarantine: Path | None
) -> set[str]:
    """Return the objects that a walk which stops at `tips` met.

    For trees and blobs that is only a suspicion: without a bitmap such a walk knows but a part of what lies
    below the tips.
    """
    if not oids:
        return set()
    if not tips:
        return oids
    met: set[str] = set()

    def consume(lines: list[bytes]) -> bool:
        met.update(oids.intersection(line.decode("ascii") for line in lines))
        return False

    rows = [*oids, *(f"^{tip}" for tip in dict.fromkeys(tips))]
    await each_line(
        directory,
        (*OBJECTS, "--use-bitmap-index", "--stdin"),
        stdin=("\n".join(rows) + "\n").encode(),
        consume=consume,
        limits=limits,
        quarantine=quarantine,
    )
    return met


async def search(directory: Path, oids: set[str], tips: Sequence[str], walk: Sequence[str], limits: Limits) -> set[str]:
    """Return what a complete walk down from `tips` does not meet; it ends when everything was met."""
    if not tips:
        return oids
    left = {oid.encode() for oid in oids}

    def consume(lines: list[bytes]) -> bool:
        left.difference_update(lines)
        return not left

    rows = "\n".join(dict.fromkeys(tips)) + "\n"
    await each_line(directory, (*walk, "--stdin"), stdin=rows.encode(), consume=consume, limits=limits)
    return {oid.decode("ascii") for oid in left}
