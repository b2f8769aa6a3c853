"""Who sent a request that carries no browser session: tokens and passwords in `Authorization`. Blocking."""

from __future__ import annotations

from django.utils.translation import gettext as _

from openhearth.kernel.attempts import TooMany
from openhearth.kernel.policy.actors import ANONYMOUS, Actor
from openhearth.people.keys import queries as keys
from openhearth.people.tokens import actions as tokens
from openhearth.transport.native import Scope


class Failed(Exception):
    """Credentials that prove nothing (401), or one wrong password too many (429)."""

    def __init__(self, status: int, text: str, retry_after: int = 0) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.retry_after = retry_after


def header(scope: Scope, name: bytes) -> str:
    """Return a request header, "" where it is missing; several of one name count as none."""
    found = [value for key, value in scope["headers"] if key == name]
    return found[0].decode("latin-1") if len(found) == 1 else ""


def authenticate(scope: Scope) -> Actor:
    """Return who sent the request, nobody known without credentials. Raises `Failed`."""
    sent = [value for key, value in scope["headers"] if key == b"authorization"]
    if not sent:
        return ANONYMOUS
    if len(sent) > 1:
        raise Failed(400, _("The request carries two sets of credentials. Send one."))
    address = (scope.get("client") or ("",))[0]
    try:
        actor = tokens.authenticate_header(sent[0].decode("latin-1"), address=address)
    except TooMany as limit:
        text = _("Too many wrong passwords. Try again in %(seconds)d seconds, or use an access token.")
        raise Failed(429, text % {"seconds": limit.retry_after}, limit.retry_after) from None
    if actor is None:
        raise Failed(401, _("Name, password or token is wrong, or the token is over. Make a token in your settings."))
    return actor


def actor_of_key(fingerprint: str) -> Actor | None:
    """Return whom a proven SSH key stands for, None where it opens nothing."""
    return keys.actor_for_key(fingerprint)
