"""The queue's own upkeep, and that of the kernel's other rooms that have no jobs of their own."""

from __future__ import annotations

from datetime import timedelta

from openhearth.kernel import blobs, clock, config, scratch
from openhearth.kernel.jobs.models import Job, State
from openhearth.kernel.jobs.registry import job

KEPT_DAYS = {State.DONE: 1, State.DISCARDED: 30, State.DEAD: 90}
ROWS = 200
INCOMING_KEPT = timedelta(days=1)
"""An upload into the blobs may take so long."""


@job("kernel.jobs.prune", every=3600, retries=0)
def prune() -> None:
    """Delete jobs that have been over for long: done ones after a day, failed ones after 90."""
    for state, days in KEPT_DAYS.items():
        before = clock.now() - timedelta(days=days)
        while True:
            rows = list(Job.objects.filter(state=state, finished_at__lt=before).values_list("pk", flat=True)[:ROWS])
            Job.objects.filter(pk__in=rows).delete()
            if len(rows) < ROWS:
                break


@job("kernel.sweep", every=3600, retries=1)
def sweep() -> None:
    """Remove folders of work that died, and beginnings of blobs that nobody finishes."""
    scratch.sweep(config.current().paths)
    blobs.store().sweep((clock.now() - INCOMING_KEPT).timestamp())
