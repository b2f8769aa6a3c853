"""Lists of branches and tags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from openhearth.code.browse.queries.authors import Author, Authors
from openhearth.code.browse.queries.places import HEADS, Opened
from openhearth.code.refs import queries as refs
from openhearth.git import log, objects
from openhearth.git.errors import GitError, TimedOut
from openhearth.git.objects import Commit, Tag
from openhearth.git.views import AdvertisedRef
from openhearth.kernel import store

T = TypeVar("T")

PAGE = 30
_DATED = 1000
"""Up to so many names are put in order by date; more are put in order by name."""
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch with its newest commit; `ahead` and `behind` of the default branch are None where unknown."""

    name: str
    commit: Commit
    author: Author
    is_default: bool
    ahead: int | None = None
    behind: int | None = None


@dataclass(frozen=True, slots=True)
class TagRow:
    """A tag; `note` is there for annotated ones, `commit` for those that point to one."""

    name: str
    oid: str
    when: datetime | None
    note: Tag | None
    tagger: Author | None
    commit: Commit | None


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """One numbered page of a list."""

    rows: tuple[T, ...]
    total: int
    page: int
    pages: int


def branches(opened: Opened, *, search: str = "", page: int = 1) -> Listing[Branch]:
    """Return branches, the default one first, then by the date of their newest commit."""
    default = (opened.view.head or "").removeprefix(HEADS)
    tips = {name: oid for name, oid in refs.branches(opened.view).items() if search.casefold() in name.casefold()}
    order = sorted(tips, key=_natural)
    if len(tips) <= _DATED:
        dates = {name: objects.commit(opened.directory, oid).committer.when for name, oid in tips.items()}
        order.sort(key=lambda name: dates[name], reverse=True)
    order.sort(key=lambda name: name != default)
    part, page, pages = _cut(order, page)
    commits = {name: objects.commit(opened.directory, tips[name]) for name in part}
    authors = Authors(commits.values())
    base = refs.branches(opened.view).get(default)
    apart = _apart(opened, base, [tips[name] for name in part]) if base else {}
    rows = tuple(
        Branch(
            name, commits[name], authors.of(commits[name].author), name == default, *apart.get(tips[name], (None, None))
        )
        for name in part
    )
    return Listing(rows, len(order), page, pages)


def _apart(opened: Opened, base: str, heads: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return (ahead, behind) of each head; stored for each pair, worked out together where some are missing."""
    found: dict[str, tuple[int, int]] = {}
    for head in heads:
        kept = store.get(_pair(opened, base, head))
        if kept is not None:
            found[head] = msgspec.json.decode(kept, type=tuple[int, int])
    missing = [head for head in heads if head not in found]
    if missing:
        try:
            fresh = log.ahead_behind(opened.directory, base, missing)
        except TimedOut:
            return found
        for head, numbers in fresh.items():
            store.put(_pair(opened, base, head), msgspec.json.encode(numbers))
        found |= fresh
    return found


def _pair(opened: Opened, base: str, head: str) -> str:
    return f"browse.apart:{opened.repository.pk}:{base}:{head}"


def tags(opened: Opened, *, search: str = "", page: int = 1) -> Listing[TagRow]:
    """Return tags, the newest first."""
    found = {name: ref for name, ref in refs.tags(opened.view).items() if search.casefold() in name.casefold()}
    order = sorted(found, key=_natural, reverse=True)
    if len(order) <= _DATED:
        looked = {name: _look(opened, name, ref) for name, ref in found.items()}
        order.sort(key=lambda name: _timestamp(looked[name].when), reverse=True)
    part, page, pages = _cut(order, page)
    rows = [_look(opened, name, found[name]) for name in part]
    authors = Authors([], (row.note.tagger if row.note else None for row in rows))
    named = tuple(_named(row, authors) for row in rows)
    return Listing(named, len(order), page, pages)


def _look(opened: Opened, name: str, ref: AdvertisedRef) -> TagRow:
    note: Tag | None = None
    commit: Commit | None = None
    try:
        if objects.kind_of(opened.directory, ref.oid) == "tag":
            note = objects.tag(opened.directory, ref.oid)
        commit = objects.commit(opened.directory, objects.peel_to_commit(opened.directory, ref.oid))
    except GitError as error:
        if error.code not in {"not-a-commit", "object-missing"}:
            raise
    when = note.tagger.when if note and note.tagger else commit.committer.when if commit else None
    return TagRow(name, ref.oid, when, note, None, commit)


def _named(row: TagRow, authors: Authors) -> TagRow:
    tagger = authors.of(row.note.tagger) if row.note and row.note.tagger else None
    return TagRow(row.name, row.oid, row.when, row.note, tagger, row.commit)


def _timestamp(when: datetime | None) -> float:
    return when.timestamp() if when else 0.0


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Return a key under which `v10` comes after `v9`."""
    return [(1, int(part), "") if part.isdecimal() and part.isascii() else (0, 0, part) for part in _DIGITS.split(name)]


def _cut(names: Sequence[str], page: int) -> tuple[Sequence[str], int, int]:
    pages = max(1, -(-len(names) // PAGE))
    page = min(max(page, 1), pages)
    return names[(page - 1) * PAGE : page * PAGE], page, pages


def for_menu(names: Iterable[str], first: str, most: int) -> list[str]:
    """Return the first names for a menu, `first` in front where it is among them."""
    found = sorted(names, key=_natural)
    return sorted(found, key=lambda name: name != first)[:most]


def newest_first(names: Iterable[str], most: int) -> list[str]:
    """Return names of tags for a menu, the highest versions first."""
    return sorted(names, key=_natural, reverse=True)[:most]
