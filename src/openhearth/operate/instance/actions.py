"""Every write of administrators to the instance."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from openhearth.kernel.errors import invalid
from openhearth.kernel.events.emit import emit
from openhearth.kernel.jobs import queue, reports
from openhearth.kernel.jobs.models import Job
from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import Actor
from openhearth.operate.instance.events import JobDiscarded, JobRetried

AT_ONCE = 500
"""Jobs that "retry all" takes at a time, so that it stays a short request."""


def retry_job(*, actor: Actor, job_id: int) -> None:
    """Let a failed job run again now. Raises `Invalid` where it has not failed (any more)."""
    engine.require(actor, "site.administer")
    with transaction.atomic():
        name = _name(job_id)
        try:
            queue.retry_job(job_id)
        except queue.NoSuchJob:
            raise invalid("", "state", _("This job has not failed, or somebody has dealt with it already.")) from None
        emit(JobRetried(job_id, name), actor=actor, target=None)


def retry_all(*, actor: Actor) -> int:
    """Let the failed jobs run again, the oldest first, up to `AT_ONCE`; returns how many."""
    engine.require(actor, "site.administer")
    done = 0
    for job_id in list(reports.failures().reverse().values_list("pk", flat=True)[:AT_ONCE]):
        with transaction.atomic():
            try:
                queue.retry_job(job_id)
            except queue.NoSuchJob:
                continue  # somebody else was faster
            emit(JobRetried(job_id, _name(job_id)), actor=actor, target=None)
            done += 1
    return done


def discard_job(*, actor: Actor, job_id: int) -> None:
    """Give up a failed or waiting job for good. Raises `Invalid` where it runs or is over."""
    engine.require(actor, "site.administer")
    with transaction.atomic():
        name = _name(job_id)
        try:
            queue.discard_job(job_id)
        except queue.NoSuchJob:
            raise invalid("", "state", _("This job runs or is over; it cannot be discarded.")) from None
        emit(JobDiscarded(job_id, name), actor=actor, target=None)


def _name(job_id: int) -> str:
    return Job.objects.filter(pk=job_id).values_list("name", flat=True).first() or ""
