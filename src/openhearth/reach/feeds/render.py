"""Activity as sentences, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from markupsafe import Markup

from openhearth.code.browse.rules.addresses import Addresses
from openhearth.code.repos.models import Repository
from openhearth.kernel.text import marks
from openhearth.people.accounts.models import Account
from openhearth.reach.feeds import rules
from openhearth.reach.feeds.models import Activity
from openhearth.reach.feeds.rules import Move
from openhearth.web import formats, shell

NAMED_MOST = 3
"""Branches and tags that a line names where a push moved several."""


@dataclass(frozen=True, slots=True)
class Line:
    """One activity: `text` is the sentence with its links, `more` names refs where there are several."""

    who: Account | None
    text: Markup
    more: tuple[Markup, ...]
    hidden_more: int
    is_private: bool
    when: datetime


def lines(rows: Iterable[Activity]) -> tuple[Line, ...]:
    """Return activity as sentences. Asks the database nothing."""
    return tuple(_line(row) for row in rows)


def _line(row: Activity) -> Line:
    text, more, hidden = _push(row) if row.kind == Activity.Kind.PUSH else (_change(row), (), 0)
    return Line(
        who=row.actor,
        text=text,
        more=more,
        hidden_more=hidden,
        is_private=row.repository.is_private,
        when=row.at,
    )


def _who(row: Activity) -> Markup:
    if row.actor is None:
        return Markup("<b>{}</b>").format(_("The instance"))
    href = shell.link("profile", name=row.actor.name) if row.actor.is_active else ""
    return _link(href, row.actor.name, strong=True)


def _link(href: str, text: str | Markup, *, strong: bool = False) -> Markup:
    inner = Markup("<b>{}</b>").format(text) if strong else Markup("{}").format(text)
    return Markup('<a class="ink" href="{}">{}</a>').format(href, inner) if href else inner


def _addresses(repository: Repository) -> Addresses:
    return Addresses(repository.owner.name, repository.name)


def _place(repository: Repository) -> Markup:
    return _link(_addresses(repository).home, repository.full_name)


def _say(template: str, **values: Markup) -> Markup:
    """Fill a translated sentence; the catalogue is ours, what is filled in is escaped."""
    return Markup(template) % values  # noqa: S704  the sentence comes from the catalogue


def _change(row: Activity) -> Markup:
    values = {"who": _who(row), "repository": _place(row.repository)}
    if row.kind == Activity.Kind.RENAMED:
        values["old"] = Markup("{}").format(row.details.get("old", ""))
        return _say(_("%(who)s renamed %(old)s to %(repository)s"), **values)
    texts = {
        "created": _("%(who)s created the repository %(repository)s"),
        "published": _("%(who)s made %(repository)s public"),
        "archived": _("%(who)s archived %(repository)s"),
        "unarchived": _("%(who)s made %(repository)s writable again"),
    }
    return _say(texts[row.kind], **values)


def _push(row: Activity) -> tuple[Markup, tuple[Markup, ...], int]:
    moves = rules.read(row.details["moves"])
    total = int(row.details["total"])
    if total == 1:
        return _single(row, moves[0]), (), 0
    text = ngettext(
        "%(who)s pushed %(count)s branch or tag to %(repository)s",
        "%(who)s pushed %(count)s branches and tags to %(repository)s",
        total,
    )
    count = Markup("{}").format(formats.number(total))
    named = tuple(_named(row.repository, move) for move in moves[:NAMED_MOST])
    return _say(text, who=_who(row), count=count, repository=_place(row.repository)), named, total - len(named)


def _single(row: Activity, move: Move) -> Markup:
    """Return the sentence of a push that moved one ref."""
    values = {"who": _who(row), "repository": _place(row.repository), "ref": _ref(row.repository, move)}
    if move.kind == "branch" and move.change != "deleted" and move.commits:
        values["commits"] = _commits(row.repository, move)
        return _say(_branch_sentence(move), **values)
    sentences = {
        ("branch", "created"): _("%(who)s created the branch %(ref)s in %(repository)s"),
        ("branch", "moved"): _("%(who)s rewrote the branch %(ref)s in %(repository)s"),
        ("branch", "deleted"): _("%(who)s deleted the branch %(ref)s in %(repository)s"),
        ("tag", "created"): _("%(who)s added the tag %(ref)s to %(repository)s"),
        ("tag", "moved"): _("%(who)s moved the tag %(ref)s in %(repository)s"),
        ("tag", "deleted"): _("%(who)s deleted the tag %(ref)s in %(repository)s"),
    }
    usual = _("%(who)s pushed to %(ref)s in %(repository)s")
    if move.kind == "branch" and move.change == "moved" and not move.lost:
        return _say(usual, **values)  # not counted yet
    return _say(sentences.get((move.kind, move.change), usual), **values)


def _branch_sentence(move: Move) -> str:
    if move.lost:
        return _("%(who)s rewrote %(ref)s in %(repository)s with %(commits)s")
    if move.change == "created":
        return _("%(who)s pushed %(commits)s to the new branch %(ref)s in %(repository)s")
    return _("%(who)s pushed %(commits)s to %(ref)s in %(repository)s")


def _commits(repository: Repository, move: Move) -> Markup:
    """Return "3 commits" with the way to them: one commit itself, a comparison, or the history."""
    count = move.commits or 0
    text = ngettext("%(count)s commit", "%(count)s commits", count) % {"count": formats.number(count)}
    addresses = _addresses(repository)
    if count == 1:
        return _link(addresses.commit(move.new), text)
    if move.change == "moved" and _can_compare():
        return _link(f"{addresses.home}/compare/{move.old}...{move.new}", text)
    return _link(addresses.commits(move.new), text)


@cache
def _can_compare() -> bool:
    """Tell whether this instance has pages that compare."""
    try:
        resolve("/owner/name/compare/a...b")
    except Resolver404:
        return False
    return True


def _ref(repository: Repository, move: Move) -> Markup:
    name = marks.mark(move.name)
    addresses = _addresses(repository)
    if move.kind == "ref" or move.change == "deleted":
        return _link("", name, strong=True)
    return _link(addresses.tree(move.name), name, strong=True)


def _named(repository: Repository, move: Move) -> Markup:
    """Return one of several refs: its name, and what became of it where that is not plain."""
    name = _ref(repository, move)
    if move.change == "deleted":
        return _say(_("%(ref)s (deleted)"), ref=name)
    if move.change == "created":
        return _say(_("%(ref)s (new)"), ref=name)
    return name
