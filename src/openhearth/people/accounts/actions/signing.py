"""Checking a name with its password, with limits on wrong ones that hold across all processes."""

from __future__ import annotations

import ipaddress

from django.contrib.auth.hashers import check_password as matches
from django.contrib.auth.hashers import make_password
from django.db import transaction

from openhearth.kernel import attempts, config
from openhearth.kernel.events.emit import emit
from openhearth.kernel.policy.actors import Actor
from openhearth.people.accounts import queries
from openhearth.people.accounts.actions.checks import PASSWORD_MAX
from openhearth.people.accounts.events import SignedIn
from openhearth.people.accounts.models import Account

WINDOW_SECONDS = 300
PER_ADDRESS = 5
"""From one address so many times more wrong passwords are let through than for one name: people share addresses."""


def check_password(*, login: str, password: str, address: str) -> Account | None:
    """Return the account of that name or mail address if the password is right, in any state; else None.

    A name that does not exist costs the same time as a wrong password. Raises `attempts.TooMany` before the password
    is looked at, where `limits.sign_in_attempts` of the last five minutes were wrong for the name or the address.
    """
    account = queries.find_login(login)
    attempt = attempts.attempt(*_limits(account, login, address))
    if len(password) > PASSWORD_MAX:
        return None
    if account is None or not account.has_usable_password():
        make_password(password)
        return None
    if not matches(password, account.password):
        return None
    attempt.forgive()
    return account


def _limits(account: Account | None, login: str, address: str) -> list[attempts.Limit]:
    most = config.current().limits.sign_in_attempts
    who = f"account {account.pk}" if account else f"name {login.strip().casefold()[:300]}"
    limits = [attempts.Limit("password-name", who, most, WINDOW_SECONDS)]
    if address:
        place = network(address)
        limits.append(attempts.Limit("password-address", place, most * PER_ADDRESS, WINDOW_SECONDS))
    return limits


def network(address: str) -> str:
    """Return what counts as one place: an IPv4 address, the /64 of an IPv6 address, other text as it is."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if found.version == 6:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def note_sign_in(*, actor: Actor, account: Account, method: str) -> None:
    """Record that somebody signed in with a browser; `method` says how (`password`, `first-link`, `sign-up`)."""
    with transaction.atomic():
        emit(SignedIn(account.pk, method), actor=actor, target=account)
