"""Every write to sessions but those of Django's session middleware."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from openhearth.kernel import clock, lastuse
from openhearth.kernel.events.emit import emit
from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import Actor
from openhearth.people.sessions import rules
from openhearth.people.sessions.events import SessionsEnded
from openhearth.people.sessions.models import Session

BATCH = 200


def end_session(*, actor: Actor, account: Any, public_id: str) -> bool:
    """End one session of `account`; False where it has none of that id (any more)."""
    engine.require(actor, "account.update", account)
    return _end(actor, account, Q(public_id=public_id)) > 0


def end_others(*, actor: Actor, account: Any, keep: str) -> int:
    """End all sessions of `account` but the one with the public id `keep`; returns how many there were."""
    engine.require(actor, "account.update", account)
    return _end(actor, account, ~Q(public_id=keep))


def end_all(*, actor: Actor, account: Any, keep: str = "") -> int:
    """End the sessions of an account, because its password or state changed; the caller has judged the right."""
    return _end(actor, account, ~Q(public_id=keep) if keep else Q())


def _end(actor: Actor, account: Any, which: Q) -> int:
    chosen = Session.objects.filter(which, account_id=account.pk)
    if not chosen.exists():
        return 0
    with transaction.atomic():
        count, _rows = chosen.delete()
        if count:
            emit(SessionsEnded(account.pk, count), actor=actor, target=account)
    return count


def carry_over_last_seen() -> int:
    """Write into the rows what the cache database noted since the last time; returns how many rows changed."""
    changed = 0
    while uses := lastuse.gather(rules.LAST_USE, BATCH):
        moments: dict[str, datetime] = {use.item: use.at for use in uses}
        rows = list(Session.objects.filter(public_id__in=moments).only("session_key", "public_id", "last_seen_at"))
        for row in rows:
            row.last_seen_at = moments[row.public_id]
        changed += Session.objects.bulk_update(rows, ["last_seen_at"])
    return changed


def remove_expired() -> int:
    """Remove sessions whose time is over, `BATCH` a transaction; returns how many."""
    removed = 0
    while keys := list(
        Session.objects.filter(expire_date__lte=clock.now()).values_list("session_key", flat=True)[:BATCH]
    ):
        removed += Session.objects.filter(session_key__in=keys).delete()[0]
    return removed
