"""What the page shell asks of layers above it, which it may not import: they answer from `apps.ready`.

A page shows no link to what does not exist, so every question has an answer that means "not here".
"""

from __future__ import annotations

from collections.abc import Callable

from django.urls import NoReverseMatch, reverse

from openhearth.kernel import config
from openhearth.web.requests import Request

Remember = Callable[[Request, dict[str, str]], None]

_remember: list[Remember] = []
_may_register: list[Callable[[Request], bool]] = []


def link(name: str, /, **arguments: object) -> str:
    """Return the address of a named page, or "" where this instance has no such page."""
    try:
        return reverse(name, kwargs=arguments)
    except NoReverseMatch:
        return ""


def remember_choices(keep: Remember) -> None:
    """Register who keeps a signed-in person's `theme` and `lang` beyond the cookie (`people.accounts`)."""
    _remember.append(keep)


def keep_choices(request: Request, choices: dict[str, str]) -> None:
    """Hand the reader's choices to whoever registered for them."""
    for keep in _remember:
        keep(request, choices)


def registration_judged_by(judge: Callable[[Request], bool]) -> None:
    """Register who knows whether a stranger may make an account now (`people.accounts`)."""
    _may_register[:] = [judge]


def may_register(request: Request) -> bool:
    """Tell whether "Create account" is shown to a stranger."""
    if not link("account_signup"):
        return False
    if _may_register:
        return _may_register[0](request)
    return config.current().registration != "closed"
