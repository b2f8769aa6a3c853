"""One commit and what it changed."""

from __future__ import annotations

from dataclasses import dataclass

from openhearth.code.browse.queries.authors import Author, Authors
from openhearth.code.browse.queries.places import NoSuchPlace, Opened
from openhearth.git import diff, objects
from openhearth.git.objects import Commit
from openhearth.kernel import config


@dataclass(frozen=True, slots=True)
class Change:
    """A commit with its people and its diff against the first parent; `only` names the one file asked for."""

    commit: Commit
    author: Author
    committer: Author | None
    """Who put it there, where that was somebody else."""
    diff: diff.Diff
    only: str = ""


def change(opened: Opened, oid: str, *, only: str = "") -> Change:
    """Return a commit that is known to be visible. Raises `NoSuchPlace` where it does not touch the file `only`."""
    commit = objects.commit(opened.directory, oid)
    authors = Authors([commit])
    same = (commit.author.name, commit.author.email) == (commit.committer.name, commit.committer.email)
    found = diff.commit_diff(opened.directory, oid, limits=_limits(only))
    if only and not found.files:
        raise NoSuchPlace
    committer = None if same else authors.of(commit.committer)
    return Change(commit, authors.of(commit.author), committer, found, only)


def _limits(only: str) -> diff.DiffLimits:
    limits = config.current().limits
    del only
    return diff.DiffLimits(files=limits.diff_files, lines=limits.diff_lines)
