"""How accounts come to be: by a visitor, an administrator, the command line, the one-time link."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from openhearth.kernel import clock
from openhearth.kernel.errors import Fault, Invalid, invalid
from openhearth.kernel.events.emit import emit
from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import Actor, system
from openhearth.people.accounts import queries
from openhearth.people.accounts.actions.checks import (
    email_faults,
    email_taken,
    name_faults,
    name_taken,
    password_faults,
)
from openhearth.people.accounts.events import AccountCreated, RegistrationChanged
from openhearth.people.accounts.models import Account, FirstLink, Registration

FIRST_LINK_LIFE = timedelta(hours=1)


def create_account(
    *,
    actor: Actor,
    name: str,
    email: str,
    password: str | None,
    is_admin: bool = False,
    language: str = "",
    email_verified: bool = False,
) -> Account:
    """Make an account: by an administrator, by the command line, or by a visitor where registration is open.

    Raises `Invalid` for a bad or taken name, mail address or password, `Denied` where registration is closed.
    """
    account = _prepared(actor, name=name, email=email, password=password, is_admin=is_admin, language=language)
    with transaction.atomic():
        _store(actor, account, email_verified=email_verified)
    return account


def _prepared(actor: Actor, *, name: str, email: str, password: str | None, is_admin: bool, language: str) -> Account:
    """Return the account to store; hashing its password takes tens of ms, so this runs before the transaction."""
    state = _initial_state(actor)
    if is_admin:
        engine.require(actor, "site.administer")
    faults: list[Fault] = [*name_faults(name), *email_faults(email), *password_faults(password, name, email)]
    if faults:
        raise Invalid(*faults)
    account = Account(name=name, email=email, state=state, is_admin=is_admin, language=language)
    account.set_password(password)
    return account


def _store(actor: Actor, account: Account, *, email_verified: bool) -> None:
    """Write a prepared account. Raises `Invalid` where somebody took name or address meanwhile."""
    email = account.email.casefold()
    try:
        with transaction.atomic():
            account.save()
            EmailAddress.objects.create(user=account, email=email, primary=True, verified=email_verified)
            emit(AccountCreated(account.pk, account.state), actor=actor, target=account)
    except IntegrityError:
        taken_email = queries.with_email(Account.objects.all(), account.email).exists()
        faults = name_faults(account.name) or ([email_taken()] if taken_email else [name_taken(account.name)])
        raise Invalid(*faults) from None


def _initial_state(actor: Actor) -> str:
    """Return the state of an account that `actor` makes. Raises `Denied` where it may make none."""
    if engine.decide(actor, "site.administer").allowed:
        return Account.State.ACTIVE
    mode = queries.registration_mode()
    if mode == Registration.Mode.CLOSED:
        closed = engine.Decision(allowed=False, action="account.register", reason="registration-closed")
        raise engine.Denied(closed)
    return Account.State.ACTIVE if mode == Registration.Mode.OPEN else Account.State.PENDING


def set_registration(*, actor: Actor, mode: str) -> None:
    """Choose how people come in: `open`, `approval` or `closed`."""
    engine.require(actor, "site.administer")
    _check_mode(mode)
    with transaction.atomic():
        _write_mode(actor, mode)


def _check_mode(mode: str) -> None:
    if mode not in Registration.Mode.values:
        raise invalid("mode", "unknown", _("Registration: choose open, by approval or closed."))


def _write_mode(actor: Actor, mode: str) -> None:
    Registration.objects.update_or_create(pk=1, defaults={"mode": mode, "changed_at": clock.now()})
    emit(RegistrationChanged(mode), actor=actor, target=None)


def make_first_link() -> str | None:
    """Return the secret of a new one-time link for the first administrator, None where one exists already.

    Every call makes the links before it void.
    """
    if queries.has_administrator():
        return None
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        FirstLink.objects.all().delete()
        FirstLink.objects.create(digest=_digest(secret), expires_at=clock.now() + FIRST_LINK_LIFE)
    return secret


def first_link_works(secret: str) -> bool:
    """Whether the one-time link still opens: known, not a second time, not after an hour."""
    alive = FirstLink.objects.filter(digest=_digest(secret), expires_at__gt=clock.now())
    return alive.exists() and not queries.has_administrator()


def use_first_link(
    *, secret: str, name: str, email: str, password: str, language: str = "", registration: str = ""
) -> Account:
    """Make the administrator and, where given, choose the registration mode.

    Raises `Hidden` for a link that is used, unknown or over, `Invalid` for bad values (the link stays good then).
    """
    if not first_link_works(secret):
        raise _no_link()
    actor = system("first-link")
    if registration:
        _check_mode(registration)
    account = _prepared(actor, name=name, email=email, password=password, is_admin=True, language=language)
    with transaction.atomic():
        deleted, _rows = FirstLink.objects.filter(digest=_digest(secret), expires_at__gt=clock.now()).delete()
        if not deleted or queries.has_administrator():
            raise _no_link()
        _store(actor, account, email_verified=True)
        if registration:
            _write_mode(actor, registration)
    return account


def _no_link() -> engine.Hidden:
    return engine.Hidden(engine.Decision(allowed=False, action="account.begin", reason="first-link", hidden=True))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
