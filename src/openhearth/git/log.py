"""Commit lists in git's own order, counts, and how far branches are apart."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import count as numbers
from pathlib import Path
from typing import Final

from openhearth.git import command, objects, odb, parse
from openhearth.git.errors import GitError
from openhearth.git.history import History, Node
from openhearth.git.objects import Commit

# Up to here the walk in this process is cheaper than a child.
_WALKED: Final = 500
_MOST_COMMITS: Final = 5000
_LIMITS: Final = command.Limits(seconds=30)
# The graph keeps 34 bits of a date; where a date is beyond, git's order depends on who wrote what.
_LAST_PLAIN_DATE: Final = 1 << 34


def log(directory: Path, start: str, *, skip: int = 0, limit: int = 50, path: str | None = None) -> list[Commit]:
    """Commits reachable from a commit, in the order of `git log`; with `path`, those that changed it.

    `limit` counts at most 5,000. An unknown path gives an empty list. Raises ObjectMissing, TimedOut.
    """
    return objects.commits(directory, log_ids(directory, start, skip=skip, limit=limit, path=path))


def log_ids(directory: Path, start: str, *, skip: int = 0, limit: int = 50, path: str | None = None) -> list[str]:
    """As `log`, ids only."""
    _require_commits(directory, [start])
    skip, limit = max(skip, 0), min(max(limit, 0), _MOST_COMMITS)
    if not limit:
        return []
    if not path and skip + limit <= _WALKED:
        walked = _walk(directory, start, skip + limit)
        if walked is not None:
            return walked[skip:]
    window = (f"--skip={skip}", f"--max-count={limit}")
    return _listed(directory, *window, start, path=path)


def count(directory: Path, start: str, *, exclude: Sequence[str] = (), path: str | None = None) -> int:
    """How many commits are reachable from a commit and from none of `exclude`; with `path`, change it."""
    _require_commits(directory, [start, *exclude])
    lines = _listed(directory, "--count", start, *(f"^{oid}" for oid in exclude), path=path)
    return int(lines[0]) if lines else 0


def between(directory: Path, base: str, head: str, *, skip: int = 0, limit: int = 250) -> list[Commit]:
    """Commits reachable from `head` and not from `base`, in the order of `git log base..head`."""
    _require_commits(directory, [base, head])
    window = (f"--skip={max(skip, 0)}", f"--max-count={min(max(limit, 0), _MOST_COMMITS)}")
    return objects.commits(directory, _listed(directory, *window, head, f"^{base}"))


def merge_base(directory: Path, one: str, other: str) -> str | None:
    """The best common ancestor of two commits (git's choice among several); None for strangers."""
    _require_commits(directory, [one, other])
    out = command.run(directory, "merge-base", one, other, limits=_LIMITS, ok_codes=(0, 1))
    return out.decode("ascii").strip() or None


def ahead_behind(directory: Path, base: str, heads: Sequence[str]) -> dict[str, tuple[int, int]]:
    """For each head how many commits it has that `base` lacks, and how many it lacks that `base` has."""
    _require_commits(directory, [base, *heads])
    found: dict[str, tuple[int, int]] = {}
    for head in dict.fromkeys(heads):
        if head == base:
            found[head] = (0, 0)
            continue
        out = command.run(directory, "rev-list", "--left-right", "--count", f"{base}...{head}", "--", limits=_LIMITS)
        behind, ahead = (int(number) for number in out.split())
        found[head] = (ahead, behind)
    return found


def _require_commits(directory: Path, oids: Sequence[str]) -> None:
    """Only full ids of commits that exist reach a command line."""
    for oid in oids:
        kind = odb.header(directory, oid)[0]
        if kind != "commit":
            raise GitError("not-a-commit", oid=oid, kind=kind)


def _listed(directory: Path, *arguments: str, path: str | None = None) -> list[str]:
    scope: list[str] = []
    if path:
        clean = parse.path_text(parse.path_bytes(path.strip("/")))
        if not clean or "\0" in clean:
            return []
        scope = [f":(literal){clean}"]
    out = command.run(directory, "rev-list", *arguments, "--", *scope, limits=_LIMITS)
    return out.decode("ascii").split()


def _walk(directory: Path, start: str, wanted: int) -> list[str] | None:
    """The first commits in git's default order; None where a date makes that order uncertain.

    That order: always the latest known commit by committer date, of several the one met first.
    """
    history = History(directory, odb.Reader(directory))
    first = history.node(bytes.fromhex(start))
    ticket = numbers()
    seen: set[Node] = set()
    heap: list[tuple[int, int, Node]] = []
    found: list[str] = []
    fresh: tuple[Node, ...] = (first,)
    while len(found) < wanted:
        for node in fresh:
            if node in seen:
                continue
            date = history.date(node)
            if not 0 < date < _LAST_PLAIN_DATE:
                return None
            seen.add(node)
            heapq.heappush(heap, (-date, next(ticket), node))
        if not heap:
            break
        node = heapq.heappop(heap)[2]
        found.append(history.oid(node).hex())
        fresh = history.parents(node)
    return found
