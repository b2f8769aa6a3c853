"""The mail address of an account: changed with the password, proven by a link in a mail."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.core import signing
from django.db import IntegrityError, transaction

from openhearth.kernel.errors import Invalid
from openhearth.kernel.events.emit import emit
from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import Actor, system
from openhearth.people.accounts.actions.checks import email_faults, email_taken
from openhearth.people.accounts.actions.passwords import prove_password
from openhearth.people.accounts.events import AccountChanged
from openhearth.people.accounts.models import Account

LINK_SECONDS = 3 * 24 * 3600
_SALT = "openhearth.accounts.email"


def change_email(*, actor: Actor, account: Account, email: str, current: str, address: str) -> Account:
    """Give oneself another mail address, proving the password. It counts as unproven until its link is opened.

    Raises `Invalid`, `attempts.TooMany`.
    """
    engine.require(actor, "account.update", account)
    email = email.strip()
    faults = [] if email.casefold() == account.email.casefold() else email_faults(email)
    if faults:
        raise Invalid(*faults)
    prove_password(account, current, address)
    try:
        with transaction.atomic():
            EmailAddress.objects.filter(user=account).exclude(email=email.casefold()).delete()
            EmailAddress.objects.get_or_create(
                user=account, email=email.casefold(), defaults={"primary": True, "verified": False}
            )
            account.email = email
            account.save(update_fields=["email"])
            emit(AccountChanged(account.pk, ("email",)), actor=actor, target=account)
    except IntegrityError:
        raise Invalid(email_taken()) from None
    return account


def email_link(account: Account) -> str:
    """Return the key of a link that proves the account's present address; it works for three days."""
    return signing.dumps([account.pk, account.email.casefold()], salt=_SALT)


def email_of_link(key: str) -> tuple[Account, str] | None:
    """Return account and address that a link proves; None for one that is over, made up, or of an address given up."""
    try:
        number, email = signing.loads(key, salt=_SALT, max_age=LINK_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    account = Account.objects.filter(pk=number).first()
    return (account, email) if account and account.email.casefold() == email else None


def confirm_email(*, key: str) -> Account | None:
    """Count the address of a link as proven; None for a link that does not work."""
    found = email_of_link(key)
    if found is None:
        return None
    account, email = found
    with transaction.atomic():
        changed = EmailAddress.objects.filter(user=account, email=email, verified=False).update(verified=True)
        if changed:
            actor = system("email-link")
            emit(AccountChanged(account.pk, ("email_verified",)), actor=actor, target=account)
    return account
