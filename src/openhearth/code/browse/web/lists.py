"""The lists of branches and tags."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from markupsafe import Markup

from openhearth.code.browse.queries import names
from openhearth.code.browse.queries.authors import Author
from openhearth.code.browse.queries.places import HEADS, TAGS, Opened
from openhearth.code.browse.rules.addresses import plain
from openhearth.code.browse.web import shared
from openhearth.code.browse.web.shared import Who
from openhearth.code.repos.models import Repository
from openhearth.code.repos.web.frame import Frame, frame
from openhearth.git import objects
from openhearth.kernel import clock
from openhearth.kernel.text import links, marks
from openhearth.web import pages, parts
from openhearth.web.requests import Request

STALE_AFTER = timedelta(days=90)
_BAR = 46
"""Longest side of a behind-and-ahead bar, in its own units."""


@dataclass(frozen=True, slots=True)
class Apart:
    """How far a branch is from the default one, with the lengths of its bar."""

    behind: int
    ahead: int
    left: int
    right: int


@dataclass(frozen=True, slots=True)
class BranchRow:
    """One branch."""

    name: str
    plain_name: str
    href: str
    commits_href: str
    zip: str
    who: Who
    when: datetime
    is_default: bool
    apart: Apart | None


@dataclass(frozen=True, slots=True)
class BranchGroup:
    """Branches under one heading."""

    title: str
    note: str
    rows: tuple[BranchRow, ...]


@dataclass(frozen=True, slots=True)
class BranchesPage:
    """A page of branches; `search` is what the reader looked for."""

    repo: Frame
    search: str
    total: int
    groups: tuple[BranchGroup, ...]
    pager: parts.Pager
    default: str


@dataclass(frozen=True, slots=True)
class TagLine:
    """One tag; `note` is the message of an annotated one."""

    name: str
    plain_name: str
    href: str
    when: datetime | None
    who: Who | None
    subject: Markup
    note: Markup
    lang: str | None
    commit_short: str
    commit_href: str
    zip: str
    tar: str


@dataclass(frozen=True, slots=True)
class TagsPage:
    """A page of tags; `search` is what the reader looked for."""

    repo: Frame
    search: str
    total: int
    rows: tuple[TagLine, ...]
    pager: parts.Pager


def branches(request: Request, repository: Repository) -> HttpResponseBase:
    """Show the branches, the default one first."""
    code = shared.opened(request, repository)
    search, number = _asked(request)
    found = names.branches(code, search=search, page=number)
    page = BranchesPage(
        repo=frame(request, repository),
        search=search,
        total=found.total,
        groups=_groups(code, found.rows),
        pager=_pager(code.addresses.branches, found, search),
        default=(code.view.head or "").removeprefix(HEADS),
    )
    return pages.render(request, "browse/branches.html", page)


def tags(request: Request, repository: Repository) -> HttpResponseBase:
    """Show the tags, the newest first."""
    code = shared.opened(request, repository)
    search, number = _asked(request)
    found = names.tags(code, search=search, page=number)
    page = TagsPage(
        repo=frame(request, repository),
        search=search,
        total=found.total,
        rows=tuple(_tag(code, row) for row in found.rows),
        pager=_pager(code.addresses.tags, found, search),
    )
    return pages.render(request, "browse/tags.html", page)


def _asked(request: Request) -> tuple[str, int]:
    return request.GET.get("q", "").strip()[:200], shared.number_of(request.GET.get("page", ""), 1)


def _pager(address: str, found: names.Listing[Any], search: str) -> parts.Pager:
    return parts.Pager(found.page, found.pages, address, (("q", search),) if search else ())


def _groups(code: Opened, rows: tuple[names.Branch, ...]) -> tuple[BranchGroup, ...]:
    now = clock.now()
    groups: dict[str, list[BranchRow]] = {"default": [], "active": [], "stale": []}
    for row in rows:
        fresh = now - row.commit.committer.when <= STALE_AFTER
        groups["default" if row.is_default else "active" if fresh else "stale"].append(_branch(code, row))
    titles = {
        "default": (_("Default"), ""),
        "active": (pgettext("branches", "Active"), _("changed in the last three months")),
        "stale": (_("Stale"), _("no change for three months")),
    }
    return tuple(BranchGroup(*titles[name], tuple(listed)) for name, listed in groups.items() if listed)


def _branch(code: Opened, row: names.Branch) -> BranchRow:
    apart = None
    if row.ahead is not None and row.behind is not None and not row.is_default:
        apart = Apart(row.behind, row.ahead, min(row.behind, _BAR), min(row.ahead, _BAR))
    author: Author = row.author
    return BranchRow(
        name=row.name,
        plain_name=plain(row.name),
        href=code.addresses.tree(row.name),
        commits_href=code.addresses.commits(row.name),
        zip=code.addresses.archive(HEADS + row.name, "zip"),
        who=shared.who(author),
        when=row.commit.committer.when,
        is_default=row.is_default,
        apart=apart,
    )


def _tag(code: Opened, row: names.TagRow) -> TagLine:
    subject = row.note.subject if row.note else ""
    body = row.note.body if row.note else ""
    oid = row.commit.oid if row.commit else ""
    return TagLine(
        name=row.name,
        plain_name=plain(row.name),
        href=code.addresses.tree(row.name) if oid else "",
        when=row.when,
        who=shared.who(row.tagger) if row.tagger else None,
        subject=marks.mark(subject),
        note=links.commit_message(body),
        lang=shared.language_of(f"{subject} {body}") if row.note else None,
        commit_short=objects.abbreviate(oid),
        commit_href=code.addresses.commit(oid) if oid else "",
        zip=code.addresses.archive(TAGS + row.name, "zip") if oid else "",
        tar=code.addresses.archive(TAGS + row.name, "tar.gz") if oid else "",
    )
