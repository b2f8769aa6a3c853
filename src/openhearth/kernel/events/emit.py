"""Stating a fact, in the transaction that made it true."""

from __future__ import annotations

import logging
from typing import Protocol

import msgspec
from django.db import models, transaction

from openhearth.kernel.events.facts import Event
from openhearth.kernel.events.models import EventRow
from openhearth.kernel.events.subscriptions import jobs_for, listeners_for
from openhearth.kernel.jobs.queue import enqueue_each
from openhearth.kernel.transactions import require_transaction

logger = logging.getLogger("openhearth.events")


class Acting(Protocol):
    """What an event keeps of the actor (`kernel.policy.actors.Actor` has it)."""

    @property
    def kind(self) -> str:
        """What kind of actor: `account`, `token`, `system` and so on."""

    @property
    def account_id(self) -> int | None:
        """The account behind it, where there is one."""


def emit(event: Event, *, actor: Acting, target: models.Model | None) -> EventRow:
    """Write the fact and one job for each durable subscriber; listeners hear of it after the commit.

    Must be called inside the transaction that changes what the event tells of: NotInTransaction otherwise.
    """
    require_transaction(f"emit({event.name})")
    if target is not None and target.pk is None:
        raise ValueError(f"The target of {event.name} is not saved yet")
    row = EventRow.objects.create(
        name=event.name,
        actor_kind=actor.kind,
        actor_id=actor.account_id,
        target_type=target._meta.label_lower if target is not None else "",  # noqa: SLF001  Django's public API
        target_id=target.pk if target is not None else None,
        payload=msgspec.to_builtins(event),
    )
    enqueue_each(jobs_for(event.name), event_id=row.pk)
    if listeners_for(event.name):
        transaction.on_commit(lambda: _tell(event))
    return row


def _tell(event: Event) -> None:
    for function in listeners_for(event.name):
        try:
            function(event)
        except Exception:
            logger.exception("A listener of %s failed", event.name)
