"""The one-time page on which the administrator of an empty instance makes their account."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponseBase
from django.utils import translation

from openhearth.kernel.errors import Invalid
from openhearth.kernel.policy import engine
from openhearth.people.accounts import actions
from openhearth.people.accounts.forms import Form, posted
from openhearth.people.accounts.models import Registration
from openhearth.people.accounts.web.actor import enter
from openhearth.people.accounts.web.frame import private
from openhearth.web import pages, shell
from openhearth.web.parts import Choice
from openhearth.web.requests import Request


@dataclass(frozen=True, slots=True)
class FirstPage:
    """The page; `modes` are the ways in which others may come in."""

    form: Form
    modes: tuple[Choice, ...]


def registration_choices() -> tuple[Choice, ...]:
    """Return the registration modes with a line of explanation each."""
    icons = {"open": "globe", "approval": "person-add", "closed": "lock"}
    choices = []
    for mode in Registration.Mode:
        text, _colon, note = str(mode.label).replace("：", ":").partition(":")
        choices.append(Choice(mode.value, text, note.strip().capitalize(), icons[mode.value]))
    return tuple(choices)


def first(request: Request, secret: str) -> HttpResponseBase:
    """Show the form, or make the administrator, sign them in and lead them to their first repository."""
    if not actions.first_link_works(secret):
        raise engine.Hidden(engine.Decision(allowed=False, action="site.visit", reason="first-link", hidden=True))
    if request.method != "POST":
        page = FirstPage(Form({"registration": Registration.Mode.CLOSED}), registration_choices())
        return private(pages.render(request, "accounts/first.html", page))
    form = posted(request.POST, "name", "email", "password", "registration")
    try:
        account = actions.use_first_link(
            secret=secret,
            name=form.value("name").strip(),
            email=form.value("email").strip(),
            password=form.value("password"),
            language="zh-Hans" if (translation.get_language() or "").startswith("zh") else "en",
            registration=form.value("registration") or Registration.Mode.CLOSED,
        )
    except Invalid as refused:
        page = FirstPage(form.with_faults(refused.faults), registration_choices())
        return private(pages.render(request, "accounts/first.html", page, status=422))
    return enter(request, account, method="first-link", then=shell.link("repository_new") or "/")
