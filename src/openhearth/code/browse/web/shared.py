"""What all code pages share: the frame of a repository, the menu of branches and tags, lines about commits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, unquote_to_bytes

from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from markupsafe import Markup

from openhearth.code.browse.queries import names, places
from openhearth.code.browse.queries.authors import Author
from openhearth.code.browse.queries.places import HEADS, TAGS, Opened, Place
from openhearth.code.browse.rules.addresses import plain
from openhearth.code.repos import queries as repos
from openhearth.code.repos.models import Repository
from openhearth.git import objects
from openhearth.git.errors import TimedOut
from openhearth.git.objects import Commit
from openhearth.kernel.policy import engine
from openhearth.kernel.text import guess, marks
from openhearth.people.accounts.models import Account
from openhearth.web import errors, parts, shell, templating
from openhearth.web.requests import Request

MENU_BRANCHES = 20
MENU_TAGS = 10
_PREFIX_PARTS = 4
"""Slashes before REF in /OWNER/REPO/KIND/REF."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One branch or tag of the menu."""

    name: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class RefMenu:
    """The menu to change the branch or tag. Counts are those of all, not only of the ones in it."""

    label: str
    kind: str
    branches: tuple[Choice, ...]
    tags: tuple[Choice, ...]
    branches_count: int
    tags_count: int
    branches_href: str
    tags_href: str


@dataclass(frozen=True, slots=True)
class Who:
    """An author as templates show them: `picture` is an account or a bare name for the avatar macro."""

    name: str
    href: str
    picture: Account | str


@dataclass(frozen=True, slots=True)
class CommitLine:
    """One commit in a line. `lang` is set where the subject's language differs from the page's."""

    oid: str
    short: str
    href: str
    subject: Markup
    plain_subject: str
    lang: str | None
    who: Who
    when: datetime


def rest_of(request: Request, rest: str) -> str:
    """Return what stands behind /OWNER/REPO/KIND/ in the address, byte for byte (lone surrogates for no UTF-8)."""
    raw = request.META.get("RAW_PATH")
    if raw is None:
        return rest
    path = unquote_to_bytes(raw.split("?", 1)[0]).decode("utf-8", "surrogateescape")
    pieces = path.split("/", _PREFIX_PARTS)
    return pieces[_PREFIX_PARTS] if len(pieces) > _PREFIX_PARTS else rest


def path_in_query(request: Request, name: str) -> str:
    """Return a path out of the query, byte for byte (lone surrogates for no UTF-8); "" where there is none."""
    query = str(request.META.get("QUERY_STRING", ""))
    return parse_qs(query, errors="surrogateescape", max_num_fields=100).get(name, [""])[0]


def opened(request: Request, repository: Repository) -> Opened:
    """Open the repository for who asks."""
    return places.open_repository(request.actor, repository)


def found(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Answer a view's `NoSuchPlace` as if the whole repository were hidden: one 404 for all."""

    def guarded(request: Request, *arguments: object, **named: object) -> HttpResponseBase:
        try:
            return view(request, *arguments, **named)
        except places.NoSuchPlace:
            raise repos.hidden() from None
        except TimedOut:
            return errors.respond(
                request,
                500,
                title=_("This took too long"),
                body=_("The server gave up reading this part of the repository. A smaller part, or a clone, will do."),
            )

    return guarded


def may_push(request: Request, repository: Repository) -> bool:
    """Tell whether who asks may push here."""
    return engine.decide(request.actor, "repo.push", repository).allowed


def ref_menu(code: Opened, place: Place, address: Callable[[str], str]) -> RefMenu:
    """Return the menu; `address` gives the page for another ref."""
    branches = [ref.name.removeprefix(HEADS) for ref in code.view.refs if ref.name.startswith(HEADS)]
    tags = [ref.name.removeprefix(TAGS) for ref in code.view.refs if ref.name.startswith(TAGS)]
    default = (code.view.head or "").removeprefix(HEADS)

    def choices(listed: list[str], kind: str) -> tuple[Choice, ...]:
        return tuple(Choice(name, address(name), place.kind == kind and place.ref == name) for name in listed)

    return RefMenu(
        label=place.label,
        kind=place.kind,
        branches=choices(names.for_menu(branches, default, MENU_BRANCHES), "branch"),
        tags=choices(names.newest_first(tags, MENU_TAGS), "tag"),
        branches_count=len(branches),
        tags_count=len(tags),
        branches_href=code.addresses.branches,
        tags_href=code.addresses.tags,
    )


def who(author: Author) -> Who:
    """Return an author for templates."""
    account = author.account
    href = shell.link("profile", name=account.name) if account else ""
    return Who(author.shown, href, account or author.shown)


def commit_line(code: Opened, commit: Commit, author: Author) -> CommitLine:
    """Return one commit for a list."""
    subject = commit.subject or _("(no message)")
    return CommitLine(
        oid=commit.oid,
        short=objects.abbreviate(commit.oid),
        href=code.addresses.commit(commit.oid),
        subject=marks.mark(subject),
        plain_subject=plain(subject),
        lang=language_of(subject),
        who=who(author),
        when=commit.committer.when,
    )


def language_of(text: str) -> str | None:
    """Return the `lang` of a text where it differs from the page's language."""
    language = guess.script(text)
    return language if language and language != templating.lang() else None


def crumbs(code: Opened, place: Place) -> list[parts.Crumb]:
    """Return the way from the repository to a path."""
    pieces = place.path.split("/") if place.path else []
    steps = [parts.Crumb(code.repository.name, code.addresses.tree(place.ref))]
    for at, piece in enumerate(pieces, 1):
        last = at == len(pieces)
        steps.append(parts.Crumb(piece, "" if last else code.addresses.tree(place.ref, "/".join(pieces[:at]))))
    return steps


def number_of(text: str, default: int = 0) -> int:
    """Return a figure out of an address, `default` for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else default
