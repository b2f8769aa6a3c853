"""Who may come in and who administers."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from openhearth.kernel.errors import invalid
from openhearth.kernel.events.emit import emit
from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import Actor
from openhearth.people.accounts.events import AccountChanged, AccountStateChanged
from openhearth.people.accounts.models import Account
from openhearth.people.sessions import actions as sessions


def set_state(*, actor: Actor, account: Account, state: str) -> Account:
    """Approve, suspend or let in again; its sessions end where it may no longer act.

    An administrator cannot suspend themselves, and nobody the last administrator. Raises `Invalid`.
    """
    engine.require(actor, "account.administer", account)
    if state not in Account.State.values:
        raise invalid("state", "unknown", _("State: choose active, waiting or suspended."))
    if account.pk == actor.account_id and state != Account.State.ACTIVE:
        raise invalid("state", "self", _("You cannot suspend your own account. Ask another administrator."))
    with transaction.atomic():
        if state != Account.State.ACTIVE:
            _keep_an_administrator(account)
        before = account.state
        account.state = Account.State(state)
        account.save(update_fields=["state", "is_active"])
        if account.state != before:
            emit(AccountStateChanged(account.pk, account.state), actor=actor, target=account)
    if not account.is_active:
        sessions.end_all(actor=actor, account=account)
    return account


def approve_all(*, actor: Actor, accounts: list[Account]) -> int:
    """Let in those of `accounts` that wait for it; returns how many that were."""
    waiting = [account for account in accounts if account.state == Account.State.PENDING]
    for account in waiting:
        set_state(actor=actor, account=account, state=Account.State.ACTIVE)
    return len(waiting)


def set_admin(*, actor: Actor, account: Account, is_admin: bool) -> Account:
    """Make an account an administrator, or no longer one. The last administrator stays."""
    engine.require(actor, "account.administer", account)
    with transaction.atomic():
        if is_admin == account.is_admin:
            return account
        if not is_admin:
            _keep_an_administrator(account)
        account.is_admin = is_admin
        account.save(update_fields=["is_admin"])
        emit(AccountChanged(account.pk, ("is_admin",)), actor=actor, target=account)
    return account


def _keep_an_administrator(account: Account) -> None:
    """Refuse where `account` is the only one that administers. Locks the rows it judges by."""
    if not account.is_admin:
        return
    others = Account.objects.select_for_update().filter(is_admin=True, is_active=True).exclude(pk=account.pk)
    if not others.exists():
        raise invalid("is_admin", "last", _("This is the last administrator. Make another one first."))


def end_sessions(account: Account, *, actor: Actor, keep: str = "") -> int:
    """End every browser session of an account but `keep` (its public id); returns how many there were."""
    return sessions.end_all(actor=actor, account=account, keep=keep)
