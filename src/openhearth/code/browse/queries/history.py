"""Histories: pages of commits of a ref or of a path."""

from __future__ import annotations

from dataclasses import dataclass

from openhearth.code.browse.queries.authors import Author, Authors
from openhearth.code.browse.queries.places import NoSuchPlace, Opened, Place, readable_commit
from openhearth.code.browse.rules.addresses import is_full_id
from openhearth.git import log
from openhearth.git.objects import Commit

PAGE = 30
MOST_SKIPPED = 1_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """One commit of a list."""

    commit: Commit
    author: Author


@dataclass(frozen=True, slots=True)
class History:
    """One page of a history that begins at `start`; `skip` commits come before it."""

    lines: tuple[Line, ...]
    start: str
    skip: int
    has_older: bool


def history(opened: Opened, place: Place, *, at: str = "", skip: int = 0) -> History:
    """Return a page. `at` holds the start still while others push; it must be visible. Raises `NoSuchPlace`."""
    start = place.commit
    if at:
        if not is_full_id(at):
            raise NoSuchPlace
        start = readable_commit(opened, at)
    skip = min(max(skip, 0), MOST_SKIPPED)
    found = log.log(opened.directory, start, skip=skip, limit=PAGE + 1, path=place.path or None)
    if place.path and not found and not skip:
        raise NoSuchPlace
    return History(lines(found[:PAGE]), start, skip, len(found) > PAGE)


def lines(commits: list[Commit]) -> tuple[Line, ...]:
    """Return commits with their authors, looked up in one go."""
    authors = Authors(commits)
    return tuple(Line(commit, authors.of(commit.author)) for commit in commits)
