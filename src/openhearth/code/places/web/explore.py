"""The search page: repositories and people that the reader may see."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from openhearth.code.places import queries, rules
from openhearth.code.places.queries import Row
from openhearth.code.repos.models import Repository
from openhearth.people.accounts.models import Account
from openhearth.web import formats, pages
from openhearth.web.parts import Choice, Pager, Tab
from openhearth.web.requests import Request

PER_PAGE = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """What the reader looks for."""

    text: str
    kind: str
    sort: str
    language: str

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Return what an address must say of it; what is usual is left out."""
        usual = {"kind": rules.KINDS[0], "sort": rules.SORTS[0]}
        named = (("q", self.text), ("kind", self.kind), ("sort", self.sort), ("language", self.language))
        return tuple((name, value) for name, value in named if value and value != usual.get(name))

    @property
    def href(self) -> str:
        """Return the address of the results."""
        pairs = self.pairs()
        return reverse("explore") + (f"?{urlencode(pairs)}" if pairs else "")


@dataclass(frozen=True, slots=True)
class Facet:
    """One language to narrow the results by; the current one leads back to all."""

    name: str
    count: int
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class ExplorePage:
    """Results of one kind; `sorts` are (words, address), the first of their `Choice` is the address."""

    asked: Asked
    tabs: tuple[Tab, ...]
    summary: str
    sorts: tuple[Choice, ...]
    sort_text: str
    facets: tuple[Facet, ...]
    repositories: tuple[Row, ...]
    people: tuple[Account, ...]
    pager: Pager
    kept: tuple[tuple[str, str], ...]


def explore(request: Request) -> HttpResponse:
    """Show what there is, or what holds all the words asked for."""
    asked = Asked(
        text=rules.text(request.GET.get("q", "")),
        kind=rules.kind(request.GET.get("kind", "")),
        sort=rules.sort(request.GET.get("sort", "")),
        language=rules.text(request.GET.get("language", "")),
    )
    every = queries.search_repositories(request.actor, asked.text)
    repositories = queries.search_repositories(request.actor, asked.text, asked.language)
    people = queries.search_people(request.actor, asked.text, asked.sort)
    is_people = asked.kind == "people"
    found = Paginator(people if is_people else queries.ordered(repositories, asked.sort), PER_PAGE)
    other = every.count() if is_people else people.count()
    shown = found.get_page(request.GET.get("page"))
    listed = list(shown.object_list)
    sorts = _sorts(asked)
    page = ExplorePage(
        asked=asked,
        tabs=_tabs(asked, *((other, found.count) if is_people else (found.count, other))),
        summary=_summary(asked, found.count),
        sorts=sorts,
        sort_text=next(choice.text for choice in sorts if choice.note),
        facets=() if is_people else _facets(asked, queries.languages_of(every)),
        repositories=() if is_people else queries.rows([row for row in listed if isinstance(row, Repository)]),
        people=tuple(row for row in listed if isinstance(row, Account)),
        pager=Pager(shown.number, found.num_pages, reverse("explore"), asked.pairs()),
        kept=tuple(pair for pair in asked.pairs() if pair[0] not in {"q", "language"}),
    )
    return pages.render(request, "places/explore.html", page)


def _tabs(asked: Asked, repositories: int, people: int) -> tuple[Tab, ...]:
    return (
        Tab("repositories", _("Repositories"), replace(asked, kind="repositories").href, count=repositories),
        Tab("people", _("People"), replace(asked, kind="people", language="", sort="").href, count=people),
    )


def _sorts(asked: Asked) -> tuple[Choice, ...]:
    """Return the orders of a kind as (address, words); the note of the current one is not empty."""
    names = {"pushed": _("Recently pushed"), "name": _("By name"), "newest": _("Newest")}
    current = asked.sort
    if asked.kind == "people":
        names.pop("pushed")
        current = "name" if current == "pushed" else current
    return tuple(
        Choice(replace(asked, sort=key).href, words, note="current" if key == current else "")
        for key, words in names.items()
    )


def _summary(asked: Asked, count: int) -> str:
    if asked.kind == "people":
        return ngettext("%(shown)s person", "%(shown)s people", count) % {"shown": formats.number(count)}
    return ngettext("%(shown)s repository", "%(shown)s repositories", count) % {"shown": formats.number(count)}


def _facets(asked: Asked, languages: list[tuple[str, int]]) -> tuple[Facet, ...]:
    return tuple(
        Facet(
            name,
            count,
            replace(asked, language="" if name == asked.language else name).href,
            name == asked.language,
        )
        for name, count in languages
    )
