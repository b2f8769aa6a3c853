"""The page of a person's access tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from openhearth.kernel import clock
from openhearth.kernel.errors import Fault, Invalid
from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import Actor
from openhearth.people.accounts.forms import Form
from openhearth.people.accounts.models import Account
from openhearth.people.accounts.web import authorize_with
from openhearth.people.accounts.web.frame import done, private, see, settings_nav
from openhearth.people.tokens import actions, queries, rules
from openhearth.people.tokens.models import Token
from openhearth.web import pages
from openhearth.web.parts import Choice, Nav
from openhearth.web.requests import Request

_HIDDEN = engine.Decision(allowed=False, action="account.manage_tokens", reason="missing", hidden=True)
STANDARD = "30"


@dataclass(frozen=True, slots=True)
class TokensPage:
    """The tokens; right after one was made, its name and text."""

    nav: Nav
    done: str
    lines: list[queries.Line]
    made: str = ""
    secret: str = ""


@dataclass(frozen=True, slots=True)
class NewTokenPage:
    """The form for a token."""

    nav: Nav
    form: Form
    scopes: tuple[Choice, ...]
    chosen: tuple[str, ...]
    ends: tuple[Choice, ...]
    first_day: date
    last_day: date


def register() -> None:
    """Let pages be read with `Authorization`."""
    authorize_with(_authorize)


def _authorize(header: str, address: str) -> Actor | None:
    return actions.authenticate_header(header, address=address)


def tokens_page(request: Request, account: Account) -> HttpResponse:
    """Show the tokens."""
    page = TokensPage(settings_nav("tokens"), done(request), queries.lines_of(account))
    return pages.render(request, "tokens/tokens.html", page)


def new(request: Request, account: Account) -> HttpResponse:
    """Show the form, or make a token and show its text this once."""
    if request.method != "POST":
        return _form_page(request, Form({"ends": STANDARD}), ())
    data = request.POST
    form = Form({name: data.get(name, "") for name in ("name", "ends", "day")})
    scopes = tuple(data.getlist("scopes"))
    try:
        ends = rules.end_of(form.value("ends"), form.value("day"), clock.now())
    except ValueError as wrong:
        faults = [*actions.faults_of(form.value("name"), list(scopes)), _end_fault(str(wrong))]
        return _form_page(request, form.with_faults(faults), scopes, status=422)
    try:
        token, secret = actions.create_token(
            actor=request.actor, account=account, name=form.value("name"), scopes=scopes, expires_at=ends
        )
    except Invalid as refused:
        return _form_page(request, form.with_faults(refused.faults), scopes, status=422)
    lines = queries.lines_of(account)
    page = TokensPage(settings_nav("tokens"), "", lines, made=token.name, secret=secret)
    return private(pages.render(request, "tokens/tokens.html", page))


def _end_fault(code: str) -> Fault:
    texts = {
        "unknown": _("End: choose one of the offered times."),
        "no-date": _("End: give a day, for example 2027-03-31."),
        "past": _("End: this day is over. Choose a later one."),
        "too-far": _("End: at most one year from now. Choose an earlier day, or no end."),
    }
    return Fault("ends" if code == "unknown" else "day", code, texts[code])


def _form_page(request: Request, form: Form, chosen: tuple[str, ...], status: int = 200) -> HttpResponse:
    today = clock.now().date()
    scopes = tuple(Choice(name, name, note) for name, note in queries.offered_scopes(request.actor))
    days = tuple(Choice(n, _("%(count)s days") % {"count": n}) for n in rules.CHOICES if n.isdigit())
    ends = (*days, Choice("custom", _("On a day of your choice")), Choice("none", _("Never")))
    page = NewTokenPage(settings_nav("tokens"), form, scopes, chosen, ends, today, today + rules.LIFE_MAX)
    return pages.render(request, "tokens/new.html", page, status=status)


def revoke(request: Request, account: Account, number: int) -> HttpResponse:
    """Revoke a token of the person."""
    token = Token.objects.filter(account=account, pk=number).first()
    if token is None:
        raise engine.Hidden(_HIDDEN)
    actions.revoke_token(actor=request.actor, token=token)
    return see(reverse("settings_tokens"), "token-revoked")
