"""Handing jobs out on a lease and taking them back. Each function is one short transaction."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from openhearth.kernel import clock
from openhearth.kernel.jobs.models import Job, State
from openhearth.kernel.jobs.queue import waiting_for

BACKOFF_FIRST = 10.0
BACKOFF_FACTOR = 3.0
BACKOFF_MOST = 6 * 3600.0
ERROR_CHARACTERS = 8000
_DIED = "The worker died or lost touch while this job ran."


def is_due(names: Sequence[str]) -> bool:
    """Whether a job may be there to claim: a read, so that idle workers leave the writers alone."""
    now = clock.now()
    return _ready(names, now).exists() or _expired(names, now).exists()


def claim(names: Sequence[str], worker: str, lease: float) -> Job | None:
    """Take the next due job of these names for `lease` seconds, None where there is none.

    Jobs whose worker let the lease run out come first; those that have used up their attempts are buried.
    """
    with transaction.atomic():
        now = clock.now()
        row = _expired(names, now).select_for_update(skip_locked=True).first()
        while row is not None and row.attempts >= row.max_attempts:
            _bury(row, now, _DIED)
            row = _expired(names, now).select_for_update(skip_locked=True).first()
        if row is None:
            row = _ready(names, now).select_for_update(skip_locked=True, of=("self",)).first()
        if row is None:
            return None
        if row.state == State.RUNNING:
            row.last_error = _DIED
        row.state = State.RUNNING
        row.attempts += 1
        row.leased_by = worker
        row.lease_until = now + timedelta(seconds=lease)
        row.started_at = now
        row.save(update_fields=["state", "attempts", "leased_by", "lease_until", "started_at", "last_error"])
        return row


def renew(worker: str, lease: float) -> int:
    """Prolong the lease of everything that `worker` runs; returns how many jobs these are."""
    until = clock.now() + timedelta(seconds=lease)
    return Job.objects.filter(state=State.RUNNING, leased_by=worker).update(lease_until=until)


def end_leases_of_the_dead(host: str, is_alive: Callable[[int], bool]) -> int:
    """End the leases of workers of this machine whose process is gone, so that nobody waits for them; how many.

    Workers are named `host:process:word`.
    """
    now = clock.now()
    rows = Job.objects.filter(state=State.RUNNING, lease_until__gt=now, leased_by__startswith=f"{host}:")
    dead = [row for row in rows.only("leased_by") if not is_alive(int(row.leased_by.split(":")[1]))]
    return sum(_held_by(row.pk, row.leased_by).update(lease_until=now) for row in dead)


def finish(row: Job) -> bool:
    """Note success. False where the lease was lost, and the job with it, to another worker."""
    changed = _held(row).update(
        state=State.DONE,
        finished_at=clock.now(),
        lease_until=None,
        leased_by="",
        last_error="",
        progress_percent=100,
    )
    return changed == 1


def fail(row: Job, error: str) -> bool:
    """Note failure: wait for the next attempt, or stop after the last one. False where the lease was lost."""
    error = error[-ERROR_CHARACTERS:]
    with transaction.atomic():
        now = clock.now()
        if not _held(row).select_for_update().exists():
            return False
        if row.attempts >= row.max_attempts:
            _bury(row, now, error)
            return True
        again = now + timedelta(seconds=backoff(row.attempts))
        return _back(row, again, row.attempts, error)


def postpone(row: Job, seconds: float) -> bool:
    """Put a job back that asked for it; the run does not count. False where the lease was lost."""
    with transaction.atomic():
        if not _held(row).select_for_update().exists():
            return False
        return _back(row, clock.now() + timedelta(seconds=seconds), row.attempts - 1, "")


def backoff(attempts: int) -> float:
    """Return the seconds to wait after so many failed attempts: three times longer each time, ± a quarter."""
    wait = min(BACKOFF_FIRST * BACKOFF_FACTOR ** (attempts - 1), BACKOFF_MOST)
    return wait * random.uniform(0.75, 1.25)  # noqa: S311  spreads load, guards nothing


def _ready(names: Sequence[str], now: datetime) -> QuerySet[Job]:
    same_key_runs = Job.objects.filter(unique_key=OuterRef("unique_key"), state=State.RUNNING)
    return Job.objects.filter(
        Q(unique_key__isnull=True) | ~Exists(same_key_runs),
        state=State.READY,
        run_after__lte=now,
        name__in=names,
    ).order_by("run_after", "id")


def _expired(names: Sequence[str], now: datetime) -> QuerySet[Job]:
    return Job.objects.filter(state=State.RUNNING, lease_until__lt=now, name__in=names).order_by("lease_until", "id")


def _held(row: Job) -> QuerySet[Job]:
    return Job.objects.filter(pk=row.pk, state=State.RUNNING, leased_by=row.leased_by, attempts=row.attempts)


def _held_by(number: int, worker: str) -> QuerySet[Job]:
    return Job.objects.filter(pk=number, state=State.RUNNING, leased_by=worker)


def _bury(row: Job, now: datetime, error: str) -> None:
    Job.objects.filter(pk=row.pk).update(
        state=State.DEAD, finished_at=now, lease_until=None, leased_by="", last_error=error
    )


def _back(row: Job, run_after: datetime, attempts: int, error: str) -> bool:
    """Let the row wait again; where its key has a newer one waiting, that one takes over its history."""
    newer = waiting_for(row.unique_key) if row.unique_key is not None else None
    if newer is not None:
        Job.objects.filter(pk=newer.pk).update(
            attempts=attempts, run_after=max(run_after, newer.run_after), last_error=error
        )
        Job.objects.filter(pk=row.pk).update(
            state=State.DISCARDED, finished_at=clock.now(), lease_until=None, leased_by="", last_error=error
        )
        return True
    Job.objects.filter(pk=row.pk).update(
        state=State.READY,
        attempts=attempts,
        run_after=run_after,
        lease_until=None,
        leased_by="",
        last_error=error,
    )
    return True
