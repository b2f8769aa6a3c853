"""One commit and what it changed."""

from __future__ import annotations

from dataclasses import dataclass

from openhearth.code.browse.queries.authors import Author, Authors
from openhearth.code.browse.queries.places import NoSuchPlace, Opened
from openhearth.code.browse.rules.addresses import can_exist
from openhearth.git import diff, objects
from openhearth.git.objects import Commit
from openhearth.kernel import config

_ONE_FILE_BYTES = 4 * 1024 * 1024


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
    limits = config.current().limits
    found = diff.commit_diff(
        opened.directory, oid, limits=diff.DiffLimits(files=limits.diff_files, lines=limits.diff_lines)
    )
    if only:
        found = _one_file(opened, commit, only, found)
    committer = None if same else authors.of(commit.committer)
    return Change(commit, authors.of(commit.author), committer, found, only)


def _one_file(opened: Opened, commit: Commit, path: str, whole: diff.Diff) -> diff.Diff:
    """Return the diff of one file with wider limits, a renamed one with its old name."""
    if not can_exist(path):
        raise NoSuchPlace
    paths = {path, *(file.old_path for file in whole.files if file.new_path == path)}
    lines = config.current().limits.diff_lines
    wide = diff.DiffLimits(lines=lines, file_lines=lines, file_bytes=_ONE_FILE_BYTES)
    base = commit.parents[0] if commit.parents else diff.EMPTY_TREE
    found = diff.between_trees(opened.directory, base, commit.oid, limits=wide, paths=sorted(paths))
    if not found.files:
        raise NoSuchPlace
    return found
