"""Putting jobs into the queue, in the caller's transaction: no commit, no job."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from openhearth.kernel import clock
from openhearth.kernel.jobs import registry
from openhearth.kernel.jobs.models import Job, State

_TRIES = 5


class NoSuchJob(LookupError):
    """There is no job of that number in the state that the action needs."""


def enqueue(name: str, *, run_after: datetime | None = None, unique_key: str | None = None, **ids: Any) -> int:
    """Queue the job `name` with plain arguments and return its number.

    With a `unique_key` of which a job waits already, no second one is queued: the waiting one counts, at the
    earlier of the two times. A job that runs already does not count, since it may have read the old state;
    the new one starts after it. UnknownJob and TypeError tell of a wrong name or wrong arguments.
    """
    kind = registry.find(name)
    registry.check_arguments(kind, ids)
    due = run_after or clock.now()
    values = {"name": name, "args": ids, "run_after": due, "max_attempts": kind.retries + 1}
    if unique_key is None:
        return Job.objects.create(**values).pk
    for _ in range(_TRIES):
        with transaction.atomic(savepoint=False):
            waiting = waiting_for(unique_key)
            if waiting is not None:
                if due < waiting.run_after:
                    Job.objects.filter(pk=waiting.pk).update(run_after=due)
                return waiting.pk
            try:
                with transaction.atomic():
                    return Job.objects.create(unique_key=unique_key, **values).pk
            except IntegrityError:  # another transaction queued it in this moment (PostgreSQL)
                continue
    raise IntegrityError(f"The job {name!r} with the key {unique_key!r} could not be queued")


def enqueue_each(names: Sequence[str], **ids: Any) -> None:
    """Queue several jobs with the same arguments, in one statement. Errors as of `enqueue`."""
    kinds = {name: registry.find(name) for name in names}
    for kind in kinds.values():
        registry.check_arguments(kind, ids)
    now = clock.now()
    Job.objects.bulk_create(
        [Job(name=name, args=ids, run_after=now, max_attempts=kind.retries + 1) for name, kind in kinds.items()]
    )


def waiting_for(unique_key: str) -> Job | None:
    """Return the waiting job of a key. No worker takes it before the caller's transaction ends."""
    return Job.objects.select_for_update().filter(unique_key=unique_key, state=State.READY).first()


def retry_job(job_id: int) -> None:
    """Let a failed job run again now, with all its attempts. NoSuchJob where it has not failed."""
    with transaction.atomic():
        row = Job.objects.select_for_update().filter(pk=job_id, state=State.DEAD).first()
        if row is None:
            raise NoSuchJob(job_id)
        if row.unique_key is not None and waiting_for(row.unique_key) is not None:
            Job.objects.filter(pk=job_id).update(state=State.DISCARDED)  # the waiting one does its work
            return
        Job.objects.filter(pk=job_id).update(
            state=State.READY,
            attempts=0,
            run_after=clock.now(),
            finished_at=None,
            lease_until=None,
            leased_by="",
        )


def discard_job(job_id: int) -> None:
    """Give up a failed or waiting job for good. NoSuchJob where it runs or is over."""
    changed = Job.objects.filter(pk=job_id, state__in=[State.READY, State.DEAD]).update(
        state=State.DISCARDED, finished_at=clock.now()
    )
    if not changed:
        raise NoSuchJob(job_id)
