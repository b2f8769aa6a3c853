"""Changing what an account says of itself and how it wants to read."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from openhearth.kernel.errors import Invalid
from openhearth.kernel.events.emit import emit
from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import Actor
from openhearth.people.accounts.actions.checks import profile_faults
from openhearth.people.accounts.events import AccountChanged
from openhearth.people.accounts.models import Account

PROFILE_FIELDS = ("display_name", "bio", "location", "website", "show_email", "language", "time_zone")


def update_account(*, actor: Actor, account: Account, **values: Any) -> Account:
    """Change profile and settings (`PROFILE_FIELDS`). Raises `Invalid` for a value that breaks a field's rule.

    The row given is changed only where everything is right.
    """
    engine.require(actor, "account.update", account)
    unknown = set(values) - set(PROFILE_FIELDS)
    if unknown:
        raise TypeError(f"{', '.join(sorted(unknown))}: no field of the profile")
    clean = {field: value.strip() if isinstance(value, str) else value for field, value in values.items()}
    faults = [fault for field, value in clean.items() for fault in profile_faults(field, value)]
    if faults:
        raise Invalid(*faults)
    changed = tuple(field for field, value in clean.items() if getattr(account, field) != value)
    if not changed:
        return account
    for field in changed:
        setattr(account, field, clean[field])
    with transaction.atomic():
        account.save(update_fields=[*changed])
        emit(AccountChanged(account.pk, changed), actor=actor, target=account)
    return account
