"""Accounts and signed-in browsers for tests."""

from __future__ import annotations

from typing import Any

from django.test import Client

from openhearth.people.accounts.models import Account
from openhearth.people.sessions.models import seat

PASSWORD = "correct horse battery"
HTML = {"HTTP_ACCEPT": "text/html"}


def make_account(name: str = "linyue", *, password: str | None = None, **values: Any) -> Account:
    """Store an account directly; with a password only where the test needs one, since hashing takes time."""
    account = Account(name=name, email=values.pop("email", f"{name}@example.org"), **values)
    account.set_password(password)
    account.save()
    return account


def browser(account: Account | None = None, **extra: Any) -> Client:
    """Return a browser, signed in as the account."""
    client = Client(**{**HTML, **extra})
    if account is not None:
        client.force_login(account)
        session = client.session
        seat(session, user_agent="Mozilla/5.0 (X11; Linux) Firefox/140.0", address="192.0.2.7")
        session.save()
    return client


def faults_of(response: Any) -> str:
    """Return the error summary of a refused form as text."""
    text = response.content.decode()
    start = text.index('<div class="flash bad"')
    return text[start : text.index("</ul></div></div>", start)]


def codes(refused: Any) -> set[tuple[str, str]]:
    """Return (field, code) of the faults in an `Invalid`."""
    return {(fault.field, fault.code) for fault in refused.value.faults}
