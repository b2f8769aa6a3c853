"""Histories, by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.http import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from openhearth.code.browse.queries import history, places
from openhearth.code.browse.queries.history import PAGE, History, Line
from openhearth.code.browse.queries.places import NoSuchPlace, Opened, Place
from openhearth.code.browse.rules.addresses import plain
from openhearth.code.browse.web import shared
from openhearth.code.browse.web.shared import CommitLine, RefMenu
from openhearth.code.repos.models import Repository
from openhearth.code.repos.web.frame import Frame, frame
from openhearth.web import pages, parts
from openhearth.web.requests import Request


@dataclass(frozen=True, slots=True)
class Day:
    """The commits of one day on the reader's clock. Days may repeat: the order of the history is kept."""

    day: date
    commits: tuple[CommitLine, ...]


@dataclass(frozen=True, slots=True)
class CommitsPage:
    """One page of a history; `crumbs` only where it is that of a path."""

    repo: Frame
    menu: RefMenu
    title: str
    path: str
    crumbs: list[parts.Crumb]
    days: tuple[Day, ...]
    browse: dict[str, str]
    newer: str
    older: str


@shared.found
def commits(request: Request, repository: Repository, rest: str = "") -> HttpResponseBase:
    """Show a history: of REF, of a path in it, or of the default branch."""
    code = shared.opened(request, repository)
    place = places.locate(code, shared.rest_of(request, rest)) if rest else places.start_place(code)
    if place is None:
        raise NoSuchPlace
    skip = shared.number_of(request.GET.get("skip", ""))
    found = history.history(code, place, at=request.GET.get("at", ""), skip=skip)
    page = CommitsPage(
        repo=frame(request, repository),
        menu=shared.ref_menu(code, place, lambda ref: code.addresses.commits(ref, place.path)),
        title=_title(place),
        path=place.path,
        crumbs=shared.crumbs(code, place) if place.path else [],
        days=_days(code, found.lines),
        browse={line.commit.oid: code.addresses.tree(line.commit.oid) for line in found.lines},
        newer=_step(code, place, found, found.skip - PAGE) if found.skip else "",
        older=_step(code, place, found, found.skip + PAGE) if found.has_older else "",
    )
    return pages.render(request, "browse/commits.html", page)


def _title(place: Place) -> str:
    ref = plain(place.label)
    if place.path:
        return _("History of %(path)s at %(ref)s") % {"path": plain(place.path), "ref": ref}
    return _("Commits of %(ref)s") % {"ref": ref}


def _step(code: Opened, place: Place, found: History, skip: int) -> str:
    if skip <= 0 and found.start == place.commit:
        return code.addresses.commits(place.ref, place.path)
    return code.addresses.commits(place.ref, place.path, at=found.start, skip=max(skip, 0))


def _days(code: Opened, lines: tuple[Line, ...]) -> tuple[Day, ...]:
    def day(line: Line) -> date:
        return timezone.localtime(line.commit.committer.when).date()

    return tuple(
        Day(when, tuple(shared.commit_line(code, line.commit, line.author) for line in group))
        for when, group in groupby(lines, key=day)
    )
