"""The page of a person's SSH keys."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.urls import reverse

from openhearth.kernel.errors import Invalid
from openhearth.kernel.policy import engine
from openhearth.people.accounts.forms import Form, posted
from openhearth.people.accounts.models import Account
from openhearth.people.accounts.web.frame import done, see, settings_nav
from openhearth.people.keys import actions, queries, rules
from openhearth.people.keys.models import Key
from openhearth.web import pages
from openhearth.web.parts import Nav
from openhearth.web.requests import Request

_HIDDEN = engine.Decision(allowed=False, action="account.manage_keys", reason="missing", hidden=True)


@dataclass(frozen=True, slots=True)
class KeysPage:
    """The keys, and the form for one more."""

    nav: Nav
    done: str
    form: Form
    keys: list[Key]


def keys_page(request: Request, account: Account) -> HttpResponse:
    """Show the keys, or add one."""
    if request.method != "POST":
        return _page(request, account, Form())
    form = posted(request.POST, "title", "key")
    try:
        actions.add_key(actor=request.actor, account=account, text=form.value("key"), title=form.value("title").strip())
    except Invalid as refused:
        return _page(request, account, _without_secret(form).with_faults(refused.faults), status=422)
    return see(reverse("settings_keys"), "key-added")


def _without_secret(form: Form) -> Form:
    """Return the form without the private half of a key, should it hold one: it is sent back to nobody."""
    if rules.looks_private(form.value("key")):
        return Form({**form.values, "key": ""})
    return form


def _page(request: Request, account: Account, form: Form, status: int = 200) -> HttpResponse:
    page = KeysPage(settings_nav("keys"), done(request), form, queries.keys_of(account))
    return pages.render(request, "keys/keys.html", page, status=status)


def remove(request: Request, account: Account, number: int) -> HttpResponse:
    """Remove a key of the person."""
    key = Key.objects.filter(account=account, pk=number).first()
    if key is None:
        raise engine.Hidden(_HIDDEN)
    actions.remove_key(actor=request.actor, key=key)
    return see(reverse("settings_keys"), "key-removed")
