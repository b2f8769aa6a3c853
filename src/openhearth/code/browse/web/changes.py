"""One commit: its message, its facts, what it changed."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponseBase, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from markupsafe import Markup

from openhearth.code.browse.queries import changes, places
from openhearth.code.browse.queries.authors import Author
from openhearth.code.browse.queries.changes import Change
from openhearth.code.browse.queries.places import Opened
from openhearth.code.browse.render import lines
from openhearth.code.browse.rules.addresses import is_full_id, plain
from openhearth.code.browse.web import shared
from openhearth.code.browse.web.shared import CommitLine, Who
from openhearth.code.repos.models import Repository
from openhearth.code.repos.web.frame import Frame, frame
from openhearth.git import objects
from openhearth.git.diff import FileDiff
from openhearth.kernel.text import links
from openhearth.web import formats, pages
from openhearth.web.requests import Request

_OPEN_LINES = 1000
"""A file with more changed lines is folded at first."""
_PAGE_LINES = 5000
"""Once a page holds so many lines, further files are only named, with a link to each."""


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One file of a diff. `body` is None where it is not shown here; `why` says so in words."""

    anchor: str
    path: str
    old_path: str
    plain_path: str
    status: str
    status_label: str
    adds: int
    dels: int
    notes: tuple[str, ...]
    why: str
    body: Markup | None
    is_open: bool
    load_href: str
    file_href: str


@dataclass(frozen=True, slots=True)
class TreeFolder:
    """Changed files of one folder in the list beside the diff."""

    path: str
    files: tuple[ChangedFile, ...]


@dataclass(frozen=True, slots=True)
class CommitPage:
    """A commit. `only` is the path of the one file asked for, "" for all."""

    repo: Frame
    line: CommitLine
    title: str
    body: Markup
    body_lang: str | None
    committer: Who | None
    committer_line: Author | None
    author_line: Author
    parents: tuple[tuple[str, str], ...]
    tree_href: str
    files: tuple[ChangedFile, ...]
    folders: tuple[TreeFolder, ...]
    files_words: str
    adds: int
    dels: int
    truncated: bool
    only: str
    all_href: str


@shared.found
def commit(request: Request, repository: Repository, sha: str) -> HttpResponseBase:
    """Show a commit; a short id leads to the full one."""
    code = shared.opened(request, repository)
    sha = sha.lower()
    if not is_full_id(sha):
        return HttpResponseRedirect(code.addresses.commit(places.expand(code, sha)))
    oid = places.readable_commit(code, sha)
    if oid != sha:
        return HttpResponseRedirect(code.addresses.commit(oid))
    only = shared.path_in_query(request, "file")
    change = changes.change(code, oid, only=only)
    files = _files(code, change)
    line = shared.commit_line(code, change.commit, change.author)
    page = CommitPage(
        repo=frame(request, repository),
        line=line,
        title=line.plain_subject,
        body=links.commit_message(change.commit.body),
        body_lang=shared.language_of(change.commit.body),
        committer=shared.who(change.committer) if change.committer else None,
        committer_line=change.committer,
        author_line=change.author,
        parents=tuple((objects.abbreviate(p), code.addresses.commit(p)) for p in change.commit.parents),
        tree_href=code.addresses.tree(oid),
        files=files,
        folders=_folders(files),
        files_words=_files_words(len(files)),
        adds=change.diff.adds,
        dels=change.diff.dels,
        truncated=change.diff.truncated,
        only=plain(only),
        all_href=code.addresses.commit(oid),
    )
    return pages.render(request, "browse/commit.html", page)


def _files_words(count: int) -> str:
    words = ngettext("%(shown)s changed file", "%(shown)s changed files", count)
    return words % {"shown": formats.number(count)}


def _files(code: Opened, change: Change) -> tuple[ChangedFile, ...]:
    shown: list[ChangedFile] = []
    budget = _PAGE_LINES
    for number, file in enumerate(change.diff.files, 1):
        size = sum(len(hunk.rows) for hunk in file.hunks)
        fits = bool(change.only) or size <= budget
        shown.append(_file(code, change, file, f"file-{number}", fits=fits))
        budget -= size if fits else 0
    return tuple(shown)


def _file(code: Opened, change: Change, file: FileDiff, anchor: str, *, fits: bool) -> ChangedFile:
    path = file.new_path or file.old_path
    oid = change.commit.oid
    why = _why(file, fits=fits)
    gone = file.status == "removed"
    at = change.commit.parents[0] if gone and change.commit.parents else oid
    return ChangedFile(
        anchor=anchor,
        path=path,
        old_path=file.old_path if file.status in {"renamed", "copied"} else "",
        plain_path=plain(path),
        status=file.status,
        status_label=_status(file.status),
        adds=file.adds,
        dels=file.dels,
        notes=_notes(file),
        why=why,
        body=None if why or not file.hunks else lines.unified(file),
        is_open=bool(change.only) or file.adds + file.dels <= _OPEN_LINES,
        load_href="" if change.only or not (file.too_large or not fits) else code.addresses.commit(oid, path),
        file_href=code.addresses.blob(at, path),
    )


def _why(file: FileDiff, *, fits: bool) -> str:
    if file.binary:
        return _("A binary file: its change cannot be shown as lines.")
    if file.too_large:
        return _("The change of this file is too large to show with the others.")
    if not fits:
        return _("This page holds many lines already.")
    if not file.hunks and file.status in {"added", "removed"}:
        return _("An empty file.")
    return ""


def _status(status: str) -> str:
    return {
        "added": _("added"),
        "removed": _("removed"),
        "modified": _("changed"),
        "renamed": _("renamed"),
        "copied": _("copied"),
        "mode": _("mode changed"),
    }.get(status, status)


def _notes(file: FileDiff) -> tuple[str, ...]:
    """Return what else happened to a file: its mode."""
    if file.old_mode and file.new_mode and file.old_mode != file.new_mode:
        modes = {"old": f"{file.old_mode:06o}", "new": f"{file.new_mode:06o}"}
        return (_("Mode changed from %(old)s to %(new)s") % modes,)
    return ()


def _folders(files: tuple[ChangedFile, ...]) -> tuple[TreeFolder, ...]:
    found: dict[str, list[ChangedFile]] = {}
    for file in files:
        found.setdefault(file.path.rpartition("/")[0], []).append(file)
    order = sorted(found, key=lambda path: (not path, path))
    return tuple(TreeFolder(path, tuple(found[path])) for path in order)
