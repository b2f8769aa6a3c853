"""Administrators' first page, the list of repositories, the configuration. All of them only read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

import openhearth
from openhearth.code.places.queries import Row, rows
from openhearth.kernel import config
from openhearth.kernel.jobs.reports import Counts
from openhearth.operate.instance.queries import machine, storage
from openhearth.operate.instance.queries.machine import Check, Disk
from openhearth.operate.instance.queries.settings import Section, sections
from openhearth.operate.instance.queries.storage import Total
from openhearth.people.accounts import queries as accounts
from openhearth.people.accounts.web import admin_nav
from openhearth.web import formats, pages, parts
from openhearth.web.requests import Request

PER_PAGE = 50
LARGEST = 5


@dataclass(frozen=True, slots=True)
class OverviewPage:
    """How the instance does."""

    nav: parts.Nav
    version: str
    started: datetime | None
    processes: tuple[tuple[str, int], ...]
    accounts: int
    waiting: int
    stored: Total
    jobs: Counts
    checks: tuple[Check, ...]
    disk: Disk
    bars: tuple[parts.Bar, ...]
    bars_label: str
    largest: tuple[Row, ...]
    greatest: int


@dataclass(frozen=True, slots=True)
class RepositoriesPage:
    """Repositories by size or by last push; `unseen` counts those whose names policy keeps from the reader."""

    nav: parts.Nav
    rows: tuple[Row, ...]
    total: int
    unseen: Total
    deleted: Total
    undo_days: int
    sorts: tuple[parts.Choice, ...]
    sort: str
    pager: parts.Pager


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """The configuration as it holds."""

    nav: parts.Nav
    sections: tuple[Section, ...]
    file: str
    registration: str


def overview(request: Request) -> HttpResponse:
    """Show four figures, what is well and what is not, and where the room went."""
    space, running, jobs = machine.disk(), machine.running(), machine.job_counts()
    stored = storage.everything()
    largest = rows(list(storage.largest(request.actor)[:LARGEST]))
    page = OverviewPage(
        nav=admin_nav("overview"),
        version=openhearth.__version__,
        started=running.started,
        processes=running.parts,
        accounts=storage.accounts_count(),
        waiting=accounts.count_waiting(),
        stored=stored,
        jobs=jobs,
        checks=machine.checks(space, running, jobs),
        disk=space,
        bars=tuple(parts.bars(_shares(space, stored))),
        bars_label=", ".join(f"{share.name} {share.figure}" for share in _shares(space, stored)),
        largest=largest,
        greatest=max((row.repository.size_bytes for row in largest), default=0),
    )
    return pages.render(request, "instance/overview.html", page)


def _shares(space: Disk, stored: Total) -> list[parts.Share]:
    """Return how the disk is used: git, the database, everything else on it."""
    other = max(space.total - space.free - stored.size - space.database, 0)
    sizes = [
        (_("Repositories"), stored.size),
        (_("Database"), space.database),
        (_("Everything else on the disk"), other),
    ]
    return [parts.Share(name, size / space.total, formats.size(size)) for name, size in sizes]


def repositories(request: Request) -> HttpResponse:
    """List the repositories that policy shows to this administrator, and count the others."""
    here = reverse("admin_repositories")
    sort = "pushed" if request.GET.get("sort") == "pushed" else "size"
    found = Paginator((storage.latest if sort == "pushed" else storage.largest)(request.actor), PER_PAGE)
    shown = found.get_page(request.GET.get("page"))
    page = RepositoriesPage(
        nav=admin_nav("repositories"),
        rows=rows(list(shown.object_list)),
        total=found.count,
        unseen=storage.unseen(request.actor),
        deleted=storage.deleted(),
        undo_days=config.current().repositories.undo_days,
        sorts=(parts.Choice(here, _("Largest")), parts.Choice(f"{here}?sort=pushed", _("Recently pushed"))),
        sort=f"{here}?sort=pushed" if sort == "pushed" else here,
        pager=parts.Pager(shown.number, found.num_pages, here, (("sort", "pushed"),) if sort == "pushed" else ()),
    )
    return pages.render(request, "instance/repositories.html", page)


def settings(request: Request) -> HttpResponse:
    """Show what the configuration says, without its secrets."""
    page = SettingsPage(
        admin_nav("settings"), sections(), str(config.current().paths.config_file), accounts.registration_mode()
    )
    return pages.render(request, "instance/settings.html", page)
