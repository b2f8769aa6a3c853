"""Reading SSH keys."""

from __future__ import annotations

from openhearth.kernel import lastuse
from openhearth.kernel.policy.actors import Actor
from openhearth.people.accounts.models import Account
from openhearth.people.accounts.queries import actor_of
from openhearth.people.keys.models import Key

LAST_USE = "key"
"""The kind under which `kernel.lastuse` notes keys."""


def keys_of(account: Account) -> list[Key]:
    """Return the keys of an account, newest first, with uses that are noted but not yet carried over."""
    keys = list(Key.objects.filter(account=account).order_by("-added_at", "-pk"))
    fresh = lastuse.pending(LAST_USE, [str(key.pk) for key in keys])
    for key in keys:
        seen = [moment for moment in (key.last_used_at, fresh.get(str(key.pk))) if moment]
        key.last_used_at = max(seen, default=None)
    return keys


def find_key(fingerprint: str) -> Key | None:
    """Return the key of that fingerprint (`SHA256:…`) with its account, for the SSH server; None for a strange one.

    The account may be suspended: ask `actor_for_key`.
    """
    return Key.objects.select_related("account").filter(fingerprint=fingerprint).first()


def actor_for_key(fingerprint: str) -> Actor | None:
    """Return whom a proven key stands for and note its use; None for a strange key or an account that may not act.

    Call it after the client has proven to hold the key, not when it merely asks whether one is known.
    """
    key = find_key(fingerprint)
    if key is None or not key.account.is_active:
        return None
    lastuse.note(LAST_USE, key.pk)
    return actor_of(key.account, credential=f"key:{key.pk}")
