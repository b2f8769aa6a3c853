"""A person's repositories in their settings: what they own, where they have a role, what they can bring back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse

from openhearth.code.repos import actions, forms, queries
from openhearth.code.repos.models import Repository
from openhearth.code.repos.web.frame import address, done, see
from openhearth.kernel.errors import Invalid
from openhearth.people.accounts.forms import Form, posted
from openhearth.people.accounts.models import Account
from openhearth.people.accounts.web.frame import settings_nav
from openhearth.web import pages
from openhearth.web.parts import Nav, Pager
from openhearth.web.requests import Request

PER_PAGE = 50
MOST_ROLES = 200
MOST_DELETED = 100


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A repository of somebody else, and the own role in it."""

    repository: Repository
    href: str
    role: str


@dataclass(frozen=True, slots=True)
class Deleted:
    """A deleted repository. `renames`: its name is taken, so it comes back under another one."""

    repository: Repository
    until: datetime
    renames: bool
    name: str


@dataclass(frozen=True, slots=True)
class MinePage:
    """The three lists. `form` and `which` belong to a restoration that was refused."""

    nav: Nav
    done: str
    form: Form
    which: int
    own: tuple[Repository, ...]
    total: int
    bytes: int
    elsewhere: tuple[Elsewhere, ...]
    deleted: tuple[Deleted, ...]
    pager: Pager


def mine(request: Request, account: Account) -> HttpResponse:
    """Show the lists."""
    return _page(request, account, Form())


def restore(request: Request, repository: Repository) -> HttpResponse:
    """Bring a deleted repository back, under another name where its own is taken."""
    form = posted(request.POST, "name")
    try:
        actions.restore_repository(actor=request.actor, repository=repository, name=form.value("name").strip())
    except Invalid as refused:
        form = form.with_faults(refused.faults)
        return _page(request, request.me, form, which=repository.pk, status=422)
    return see(reverse("settings_repositories"), "restored")


def _page(request: Request, account: Account, form: Form, which: int = 0, status: int = 200) -> HttpResponse:
    slices = Paginator(queries.own_repositories(account), PER_PAGE)
    shown = slices.get_page(request.GET.get("page", 1))
    roles = forms.role_names()
    elsewhere = tuple(
        Elsewhere(row.repository, address("repository", row.repository), roles[row.word])
        for row in queries.roles_elsewhere(account)[:MOST_ROLES]
    )
    page = MinePage(
        nav=settings_nav("repositories"),
        done=done(request),
        form=form,
        which=which,
        own=tuple(shown.object_list),
        total=slices.count,
        bytes=queries.own_bytes(account),
        elsewhere=elsewhere,
        deleted=_deleted(request, account, form, which),
        pager=Pager(shown.number, slices.num_pages, reverse("settings_repositories")),
    )
    return pages.render(request, "repos/mine.html", page, status=status)


def _deleted(request: Request, account: Account, form: Form, which: int) -> tuple[Deleted, ...]:
    rows = list(queries.deleted_repositories(request.actor)[:MOST_DELETED])
    taken = queries.taken_keys(account, [row.name_key for row in rows])
    found = []
    for row in rows:
        renames = row.name_key in taken or row.pk == which
        name = form.value("name") if row.pk == which else f"{row.name[:90]}-restored" if renames else row.name
        until = actions.undo_until(row.deleted_at) if row.deleted_at else row.updated_at
        found.append(Deleted(row, until, renames, name))
    return tuple(found)
