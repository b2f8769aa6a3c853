"""The page of an account, and its public keys as text."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse

from openhearth.code.places import queries, rules
from openhearth.code.places.queries import Row
from openhearth.kernel.policy import engine
from openhearth.people.accounts.models import Account
from openhearth.people.keys.queries import keys_of
from openhearth.web import pages
from openhearth.web.parts import Pager
from openhearth.web.requests import Request

PER_PAGE = 20
SEARCH_FROM = 8
"""From so many repositories on, a list is easier with a search field."""


@dataclass(frozen=True, slots=True)
class ProfilePage:
    """An account with its repositories as far as the reader may see them."""

    account: Account
    is_mine: bool
    rows: tuple[Row, ...]
    total: int
    search: str
    has_search: bool
    pager: Pager
    may_create: bool


def profile(request: Request, account: Account) -> HttpResponse:
    """Show who this is, what they host, and what they did lately in public."""
    search = rules.text(request.GET.get("q", ""))
    found = Paginator(queries.repositories_of(request.actor, account, search), PER_PAGE)
    shown = found.get_page(request.GET.get("page"))
    is_mine = request.actor.account_id == account.pk
    page = ProfilePage(
        account=account,
        is_mine=is_mine,
        rows=queries.rows(list(shown.object_list)),
        total=found.count,
        search=search,
        has_search=bool(search) or found.count >= SEARCH_FROM,
        pager=Pager(
            shown.number,
            found.num_pages,
            reverse("profile", kwargs={"name": account.name}),
            (("q", search),) if search else (),
        ),
        may_create=is_mine and engine.decide(request.actor, "account.create_repository", account).allowed,
    )
    return pages.render(request, "places/profile.html", page)


def keys(_request: Request, account: Account) -> HttpResponse:
    """Give the account's public SSH keys, one a line: for servers that let people in by them."""
    text = "".join(f"{key.line}\n" for key in keys_of(account))
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
