"""New passwords: by the account itself, an administrator, or a link in a mail."""

from __future__ import annotations

from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.utils.http import base36_to_int, int_to_base36
from django.utils.translation import gettext as _

from openhearth.kernel import attempts
from openhearth.kernel.errors import Invalid, invalid
from openhearth.kernel.events.emit import emit
from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import Actor, system
from openhearth.people.accounts import queries
from openhearth.people.accounts.actions.checks import password_faults
from openhearth.people.accounts.actions.signing import check_password, network
from openhearth.people.accounts.events import AccountChanged
from openhearth.people.accounts.models import Account
from openhearth.people.sessions import actions as sessions

RESETS_PER_ADDRESS = 20
RESETS_PER_ACCOUNT = 3
WINDOW_SECONDS = 3600


def set_password(*, actor: Actor, account: Account, password: str, keep_session: str = "") -> None:
    """Give an account a new password and end its sessions but `keep_session` (a public id).

    By itself or an administrator. Raises `Invalid` for a weak password.
    """
    if actor.account_id == account.pk:
        engine.require(actor, "account.update", account)
    else:
        engine.require(actor, "account.administer", account)
    _write(actor, account, password, keep_session)


def _write(actor: Actor, account: Account, password: str, keep_session: str = "") -> None:
    faults = password_faults(password, account.name, account.email)
    if faults:
        raise Invalid(*faults)
    account.set_password(password)
    with transaction.atomic():
        account.save(update_fields=["password"])
        emit(AccountChanged(account.pk, ("password",)), actor=actor, target=account)
    sessions.end_all(actor=actor, account=account, keep=keep_session)


def change_password(
    *, actor: Actor, account: Account, current: str, password: str, address: str, keep_session: str = ""
) -> None:
    """Give oneself a new password, proving the current one. Raises `Invalid`, `attempts.TooMany`."""
    engine.require(actor, "account.update", account)
    prove_password(account, current, address)
    _write(actor, account, password, keep_session)


def prove_password(account: Account, current: str, address: str) -> None:
    """Refuse where `current` is not the password of the account. Raises `Invalid`, `attempts.TooMany`."""
    if account.has_usable_password() and check_password(login=account.name, password=current, address=address) is None:
        text = _("Current password: it is not right. Type it again, or reset it with “Forgotten?” on the sign-in page.")
        raise invalid("current", "wrong", text)


def request_reset(*, login: str, address: str) -> tuple[Account, str] | None:
    """Return the account and the key for a link that resets its password, None where no mail is to be sent.

    The caller must answer the same in both cases. Raises `attempts.TooMany` where one place asks too often; too many
    requests for one account are dropped in silence, so that nobody's mailbox is filled.
    """
    limit = attempts.Limit("reset-address", network(address), RESETS_PER_ADDRESS, WINDOW_SECONDS)
    attempts.attempt(limit)
    account = queries.find_login(login)
    if account is None or not account.is_active or not account.email or account.is_organisation:
        return None
    try:
        attempts.attempt(attempts.Limit("reset-account", str(account.pk), RESETS_PER_ACCOUNT, WINDOW_SECONDS))
    except attempts.TooMany:
        return None
    return account, _key(account)


def reset_key(*, actor: Actor, account: Account) -> str:
    """Return the key for a link that sets the password of an account, for an administrator to hand on."""
    engine.require(actor, "account.administer", account)
    return _key(account)


def _key(account: Account) -> str:
    return f"{int_to_base36(account.pk)}-{default_token_generator.make_token(account)}"


def account_of_reset(key: str) -> Account | None:
    """Return the account that the key of a link resets; None for one that is used, over or made up."""
    number, _dash, token = key.partition("-")
    try:
        account = Account.objects.filter(pk=base36_to_int(number), state=Account.State.ACTIVE).first()
    except (ValueError, OverflowError):
        return None
    return account if account and default_token_generator.check_token(account, token) else None


def reset_password(*, key: str, password: str) -> Account:
    """Give the account of a link a new password; the link opens nothing after that. Raises `Hidden`, `Invalid`."""
    account = account_of_reset(key)
    if account is None:
        decision = engine.Decision(allowed=False, action="account.reset", reason="missing", hidden=True)
        raise engine.Hidden(decision)
    _write(system("password-reset"), account, password)
    return account
