"""Finding repositories and people. Everything here is filtered by policy before it is counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet

from openhearth.code.browse.rules.addresses import Addresses
from openhearth.code.places.models import MainLanguage
from openhearth.code.repos import queries as repos
from openhearth.code.repos.models import Repository
from openhearth.kernel.policy.actors import Actor
from openhearth.kernel.text.languages import LANGUAGES
from openhearth.people.accounts import queries as accounts
from openhearth.people.accounts.models import Account

WORDS_MOST = 8


@dataclass(frozen=True, slots=True)
class Row:
    """One repository of a list; `language` is "" where it is not known, `colour` is its dot."""

    repository: Repository
    href: str
    language: str
    colour: str


def ordered(rows: QuerySet[Repository], sort: str) -> QuerySet[Repository]:
    """Return them by `rules.SORTS`; what was never pushed to comes last."""
    if sort == "name":
        return rows.order_by("name_key", "owner__name_key")
    if sort == "newest":
        return rows.order_by("-created_at", "-id")
    return rows.order_by(F("pushed_at").desc(nulls_last=True), "-id")


def search_repositories(actor: Actor, text: str, language: str = "") -> QuerySet[Repository]:
    """Return the repositories that `actor` may see and that hold every word of `text`."""
    found = repos.search_repositories(actor, text)
    if language:
        found = found.filter(pk__in=MainLanguage.objects.filter(name=language).values("repository_id"))
    return found


def search_people(actor: Actor, text: str, sort: str) -> QuerySet[Account]:
    """Return the accounts that `actor` may see and whose name holds every word of `text`. Never by mail address."""
    found = accounts.visible_accounts(actor).filter(is_active=True)
    for word in text.split()[:WORDS_MOST]:
        found = found.filter(Q(name_key__contains=word.casefold()) | Q(display_name__icontains=word))
    return found.order_by("-created_at", "-id") if sort == "newest" else found.order_by("name_key")


def languages_of(found: QuerySet[Repository], most: int = 12) -> list[tuple[str, int]]:
    """Return (language, repositories) of a result, the most frequent first."""
    rows = MainLanguage.objects.filter(repository__in=found.order_by())
    return list(rows.values_list("name").annotate(times=Count("pk")).order_by("-times", "name")[:most])


def repositories_of(actor: Actor, account: Account, text: str) -> QuerySet[Repository]:
    """Return an account's repositories as far as `actor` may see them, last pushed first."""
    found = repos.repositories_of(actor, account)
    for word in text.split()[:WORDS_MOST]:
        found = found.filter(Q(name__icontains=word) | Q(description__icontains=word))
    return ordered(found, "pushed")


def rows(repositories: Sequence[Repository]) -> tuple[Row, ...]:
    """Return repositories as lists show them, with one question for all languages."""
    keys = [repository.pk for repository in repositories]
    known = dict(MainLanguage.objects.filter(pk__in=keys).values_list("pk", "name"))
    return tuple(_row(repository, known.get(repository.pk, "")) for repository in repositories)


def _row(repository: Repository, language: str) -> Row:
    facts = LANGUAGES.get(language)
    home = Addresses(repository.owner.name, repository.name).home
    return Row(repository, home, language if facts else "", facts.colour if facts else "")
