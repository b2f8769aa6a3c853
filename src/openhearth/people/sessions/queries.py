"""Reading sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.sessions.backends.base import SessionBase

from openhearth.kernel import clock, lastuse
from openhearth.people.sessions import rules
from openhearth.people.sessions.models import SEAT, Session

SHOWN = 100


@dataclass(frozen=True, slots=True)
class Place:
    """One place where an account is signed in, as the page shows it."""

    public_id: str
    browser: str
    system: str
    address: str
    created_at: datetime
    seen_at: datetime
    is_current: bool


def current_id(session: SessionBase) -> str:
    """Return the public id of the session that a request carries, "" where it carries none of an account."""
    return str((session.get(SEAT) or {}).get("id", ""))


def places(account_id: int, current: str) -> list[Place]:
    """Return where the account is signed in: the current session first, then the last seen (at most `SHOWN`)."""
    rows = list(
        Session.objects.filter(account_id=account_id, expire_date__gt=clock.now())
        .defer("session_data")
        .order_by("-created_at")[:SHOWN]
    )
    fresh = lastuse.pending(rules.LAST_USE, [row.public_id for row in rows])
    found = [_place(row, fresh.get(row.public_id), current) for row in rows]
    return sorted(found, key=lambda place: (not place.is_current, -place.seen_at.timestamp()))


def _place(row: Session, fresh: datetime | None, current: str) -> Place:
    browser, system = rules.device(row.user_agent)
    seen = [moment for moment in (row.created_at, row.last_seen_at, fresh) if moment]
    return Place(
        row.public_id,
        browser,
        system,
        row.address,
        row.created_at,
        max(seen),
        is_current=row.public_id == current,
    )
