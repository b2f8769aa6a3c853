"""Reading facts back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from openhearth.kernel.events.facts import Event
from openhearth.kernel.events.models import EventRow

Fact = TypeVar("Fact", bound=Event)


@dataclass(frozen=True, slots=True)
class Stored(Generic[Fact]):
    """A fact with its circumstances. `uid` is unique on earth, `id` here."""

    id: int
    uid: str
    at: datetime
    fact: Fact
    actor_kind: str
    actor_id: int | None
    target_type: str
    target_id: int | None


def load(kind: type[Fact], event_id: int) -> Stored[Fact]:
    """Return the event of this number. EventRow.DoesNotExist where it is missing or of another kind."""
    return of(kind, EventRow.objects.get(pk=event_id, name=kind.name))


def of(kind: type[Fact], row: EventRow) -> Stored[Fact]:
    """Return the fact that a row holds. Fields that older rows lack take their defaults."""
    return Stored(
        id=row.pk,
        uid=row.uid,
        at=row.at,
        fact=msgspec.convert(row.payload, kind),
        actor_kind=row.actor_kind,
        actor_id=row.actor_id,
        target_type=row.target_type,
        target_id=row.target_id,
    )
