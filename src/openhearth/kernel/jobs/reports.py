"""What administrators see of the queue. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, QuerySet

from openhearth.kernel import clock
from openhearth.kernel.jobs import registry
from openhearth.kernel.jobs.models import Job, State


@dataclass(frozen=True, slots=True)
class Counts:
    """How many jobs stand where; since `oldest_due` the longest waiting one could have run."""

    waiting: int
    running: int
    failed: int
    done: int
    unknown: int
    oldest_due: datetime | None


def counts() -> Counts:
    """Count the jobs. `unknown` are waiting ones whose name no code knows (any more)."""
    by_state = dict(Job.objects.values_list("state").annotate(Count("id")).order_by())
    waiting = Job.objects.filter(state=State.READY)
    oldest = waiting.filter(run_after__lte=clock.now()).aggregate(oldest=Min("run_after"))["oldest"]
    return Counts(
        waiting=by_state.get(State.READY, 0),
        running=by_state.get(State.RUNNING, 0),
        failed=by_state.get(State.DEAD, 0),
        done=by_state.get(State.DONE, 0),
        unknown=waiting.exclude(name__in=registry.names()).count(),
        oldest_due=oldest,
    )


def failures() -> QuerySet[Job]:
    """Return the jobs that have used up their attempts, newest first."""
    return Job.objects.filter(state=State.DEAD).order_by("-finished_at", "-id")


def troubled() -> QuerySet[Job]:
    """Return waiting jobs that have failed at least once, by their next attempt."""
    return Job.objects.filter(state=State.READY, attempts__gt=0).order_by("run_after", "id")


def waiting() -> QuerySet[Job]:
    """Return the waiting jobs in the order in which they will run."""
    return Job.objects.filter(state=State.READY).order_by("run_after", "id")


def under_way() -> QuerySet[Job]:
    """Return the jobs that run now, longest first."""
    return Job.objects.filter(state=State.RUNNING).order_by("started_at", "id")
