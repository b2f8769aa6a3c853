"""Queues the periodic jobs: once for the whole instance, however many workers look."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from openhearth.kernel import clock
from openhearth.kernel.jobs import registry
from openhearth.kernel.jobs.models import Schedule
from openhearth.kernel.jobs.queue import enqueue


def sync() -> None:
    """Bring the table in line with the registered periodic jobs. A new one is due at once."""
    now = clock.now()
    known = {row.name: row for row in Schedule.objects.all()}
    missing = [
        Schedule(name=name, every=every, next_run=now)
        for name, every in registry.periodic().items()
        if name not in known
    ]
    if missing:
        Schedule.objects.bulk_create(missing, ignore_conflicts=True)
    for name, every in registry.periodic().items():
        row = known.get(name)
        if row is not None and row.every != every:
            soonest = min(row.next_run, now + timedelta(seconds=every))
            Schedule.objects.filter(name=name).update(every=every, next_run=soonest)


def tick() -> int:
    """Queue what is due; returns how many jobs. Reads only, where nothing is due."""
    now = clock.now()
    queued = 0
    for row in list(Schedule.objects.filter(next_run__lte=now, name__in=list(registry.periodic()))):
        with transaction.atomic():
            next_run = now + timedelta(seconds=row.every)
            mine = Schedule.objects.filter(name=row.name, next_run=row.next_run).update(next_run=next_run)
            if mine:
                enqueue(row.name, unique_key=f"every:{row.name}")
                queued += 1
    return queued
