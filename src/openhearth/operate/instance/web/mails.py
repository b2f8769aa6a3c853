"""Administrators' pages of mail: without a server to send them, this is where they are read."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from openhearth.kernel import config
from openhearth.kernel.mail import queries as mail
from openhearth.kernel.mail.jobs import KEPT_DAYS
from openhearth.kernel.mail.models import Mail, State
from openhearth.kernel.policy import engine
from openhearth.people.accounts.web import admin_nav
from openhearth.web import pages
from openhearth.web.parts import Nav, Tab
from openhearth.web.requests import Request

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class MailsPage:
    """Mails, newest first; `older` leads on."""

    nav: Nav
    tabs: tuple[Tab, ...]
    state: str
    mails: tuple[Mail, ...]
    older: str
    newer: str
    has_server: bool
    kept_days: int


@dataclass(frozen=True, slots=True)
class MailPage:
    """One mail as text."""

    nav: Nav
    mail: Mail
    receivers: tuple[str, ...]


def mails(request: Request) -> HttpResponse:
    """List the mails."""
    state = next((s for s in State if s.value == request.GET.get("state")), None)
    before = request.GET.get("before", "")
    number = int(before) if before.isascii() and before.isdecimal() and len(before) < 18 else None
    found = mail.recent(limit=PER_PAGE + 1, before=number, state=state)
    shown = found[:PER_PAGE]
    here = reverse("admin_mail")
    kept = f"state={state.value}&" if state else ""
    page = MailsPage(
        nav=admin_nav("mail"),
        tabs=_tabs(here),
        state=state.value if state else "all",
        mails=tuple(shown),
        older=f"{here}?{kept}before={shown[-1].pk}" if len(found) > PER_PAGE else "",
        newer=f"{here}?{kept}".rstrip("?&") if number is not None else "",
        has_server=bool(config.current().mail.host),
        kept_days=KEPT_DAYS,
    )
    return _secret(pages.render(request, "instance/mails.html", page))


def _tabs(here: str) -> tuple[Tab, ...]:
    counts = mail.counts()
    names = {
        State.KEPT: _("Kept here"),
        State.QUEUED: _("Waiting"),
        State.SENT: _("Sent"),
        State.FAILED: _("Failed"),
    }
    tabs = [
        Tab(state.value, text, f"{here}?state={state.value}", count=counts[state.value])
        for state, text in names.items()
    ]
    return (Tab("all", _("All"), here), *tabs)


def one(request: Request, number: int) -> HttpResponse:
    """Show one mail as text."""
    found = mail.mail(number)
    if found is None:
        raise engine.Hidden(engine.Decision(allowed=False, action="site.administer", reason="missing", hidden=True))
    page = MailPage(admin_nav("mail"), found, tuple(found.receivers))
    return _secret(pages.render(request, "instance/mail.html", page))


def _secret(response: HttpResponse) -> HttpResponse:
    """Keep it out of every store: mails hold links that open accounts."""
    response["Cache-Control"] = "no-store"
    return response
