"""Every write of activity. Nothing here is asked for by a person: it follows what they did elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec

from openhearth.code.refs.actions import PushContext
from openhearth.code.repos.events import (
    RepositoryArchived,
    RepositoryChanged,
    RepositoryCreated,
    RepositoryRenamed,
)
from openhearth.code.repos.models import Repository
from openhearth.git import refnames
from openhearth.kernel.events.facts import Event
from openhearth.kernel.events.models import EventRow
from openhearth.reach.feeds import rules
from openhearth.reach.feeds.models import Activity
from openhearth.reach.feeds.rules import Move

Count = Callable[[Move], tuple[int, int] | None]
"""Returns (commits that came, commits that went) of a move, None where they cannot be counted."""


def push_source(repository: Repository, version: int) -> str:
    """Return what the activity of a push is known by."""
    return f"push:{repository.pk}:{repository.refs_epoch}:{version}"


def record_push(context: PushContext) -> None:
    """Participant of `ref.updating`: keep the push in the same transaction, so that none is ever missing."""
    moves = [Move(move.ref, move.old, move.new) for move in context.moves if not refnames.is_hidden(move.ref)]
    if not moves:
        return
    repository = context.repository
    Activity.objects.create(
        kind=Activity.Kind.PUSH,
        repository=repository,
        actor_id=context.actor.account_id,
        source=push_source(repository, repository.refs_version + 1),
        details=rules.stored(moves),
    )


def record_counts(*, activity: Activity, count: Count) -> None:
    """Note how many commits a push brought to each branch."""
    moves = rules.read(activity.details["moves"])
    activity.details["moves"] = [rules.packed(_counted(move, count)) for move in moves]
    activity.save(update_fields=["details"])


def _counted(move: Move, count: Count) -> Move:
    found = count(move) if move.kind == "branch" and move.change != "deleted" else None
    return replace(move, commits=found[0], lost=found[1]) if found else move


def record_event(row: EventRow) -> None:
    """Keep what happened to a repository, once, however often the event is told."""
    repository = Repository.objects.filter(pk=row.target_id or 0).first()
    told = _told(row, repository) if repository else None
    if repository is None or told is None:
        return
    kind, details = told
    Activity.objects.get_or_create(
        source=row.uid,
        defaults={
            "kind": kind,
            "repository": repository,
            "actor_id": row.actor_id,
            "at": row.at,
            "details": details,
        },
    )


def _told(row: EventRow, repository: Repository) -> tuple[str, dict[str, Any]] | None:
    """Return kind and details of the activity that an event is, None for what people need not hear of."""
    kinds: dict[str, type[Event]] = {
        kind.name: kind for kind in (RepositoryCreated, RepositoryChanged, RepositoryRenamed, RepositoryArchived)
    }
    fact = msgspec.convert(row.payload, kinds[row.name])
    match fact:
        case RepositoryCreated():
            return Activity.Kind.CREATED, {}
        case RepositoryRenamed():
            return Activity.Kind.RENAMED, {"old": fact.old_name, "new": fact.new_name}
        case RepositoryArchived():
            return (Activity.Kind.ARCHIVED if fact.archived else Activity.Kind.UNARCHIVED), {}
        case RepositoryChanged() if "visibility" in fact.fields and not repository.is_private:
            return Activity.Kind.PUBLISHED, {}
    return None
