"""The first page: for a new instance the way in, for visitors what is here, for people what happened."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from openhearth.code.places import queries as places
from openhearth.code.places import rules as place_rules
from openhearth.code.places.queries import Row
from openhearth.code.repos import queries as repos
from openhearth.kernel import config
from openhearth.kernel.policy import engine
from openhearth.operate.instance.queries import newcomers
from openhearth.operate.instance.queries.newcomers import Step
from openhearth.people.accounts import queries as accounts
from openhearth.people.accounts.models import Account
from openhearth.reach.feeds import queries as feeds
from openhearth.reach.feeds import render
from openhearth.web import pages
from openhearth.web.parts import Choice
from openhearth.web.requests import Request

TILES = 6
PLACES = 10


@dataclass(frozen=True, slots=True)
class BeginPage:
    """A new instance: how its administrator comes in."""

    address: str


@dataclass(frozen=True, slots=True)
class LandingPage:
    """What a visitor sees: the repositories that were pushed last among those for everybody."""

    rows: tuple[Row, ...]
    has_ssh: bool


@dataclass(frozen=True, slots=True)
class DashboardPage:
    """What a signed-in person sees; `steps` are empty once they have pushed."""

    steps: tuple[Step, ...]
    lines: tuple[render.Line, ...]
    older: str
    newest: str
    shows: tuple[Choice, ...]
    show: str
    places: tuple[Row, ...]
    places_total: int
    search: str
    has_search: bool
    may_create: bool
    profile: str


def home(request: Request) -> HttpResponse:
    """Show the first page that fits who asks."""
    if request.actor.is_signed_in and isinstance(request.me, Account):
        return _dashboard(request, request.me)
    if not accounts.has_administrator():
        return pages.render(request, "instance/begin.html", BeginPage(config.current().public_url))
    found = repos.visible_repositories(request.actor).exclude(pushed_at=None)
    page = LandingPage(places.rows(list(places.ordered(found, "pushed")[:TILES])), config.current().ssh.enabled)
    return pages.render(request, "instance/landing.html", page)


def _dashboard(request: Request, me: Account) -> HttpResponse:
    here = reverse("home")
    show = "mine" if request.GET.get("show") == "mine" else "followed"
    before = request.GET.get("before", "")
    number = int(before) if before.isascii() and before.isdecimal() and len(before) < 18 else None
    rows = feeds.mine(request.actor) if show == "mine" else feeds.followed(request.actor)
    found = feeds.cut(rows, before=number)
    search = place_rules.text(request.GET.get("find", ""))
    listed, total = _places(request, search)
    kept = "show=mine&" if show == "mine" else ""
    page = DashboardPage(
        steps=newcomers.steps(request.actor, me),
        lines=render.lines(found.rows),
        older=f"{here}?{kept}before={found.older}" if found.older else "",
        newest=f"{here}?{kept}".rstrip("?&") if number is not None else "",
        shows=(Choice(here, _("Followed")), Choice(f"{here}?show=mine", _("Mine"))),
        show=f"{here}?show=mine" if show == "mine" else here,
        places=listed,
        places_total=total,
        search=search,
        has_search=bool(search) or total > PLACES,
        may_create=engine.decide(request.actor, "account.create_repository", me).allowed,
        profile=reverse("profile", kwargs={"name": me.name}),
    )
    return pages.render(request, "instance/dashboard.html", page)


def _places(request: Request, search: str) -> tuple[tuple[Row, ...], int]:
    """Return the reader's repositories for the left column, and how many there are."""
    found = repos.repositories_with_role(request.actor)
    for word in search.split()[: places.WORDS_MOST]:
        found = found.filter(Q(name__icontains=word) | Q(owner__name__icontains=word))
    total = found.count()
    return places.rows(list(places.ordered(found, "pushed")[:PLACES])), total
