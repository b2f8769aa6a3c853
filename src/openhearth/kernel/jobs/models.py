"""The table of jobs, and when the periodic ones run next."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from openhearth.kernel import clock


class State(models.TextChoices):
    """Where a job stands."""

    READY = "ready", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    DEAD = "dead", _("failed")
    DISCARDED = "discarded", _("discarded")


class Job(models.Model):
    """One piece of work. Of the jobs with one `unique_key` at most one waits and at most one runs."""

    id: int
    name = models.CharField(max_length=100)
    args: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.READY)
    unique_key = models.CharField(max_length=200, null=True)  # noqa: DJ001  NULL: any number of them
    run_after = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField()
    lease_until = models.DateTimeField(null=True)
    leased_by = models.CharField(max_length=100, default="")
    last_error = models.TextField(default="")
    progress_text = models.CharField(max_length=200, default="")
    progress_percent = models.PositiveSmallIntegerField(null=True)
    created_at = models.DateTimeField(default=clock.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Job]] = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["unique_key"], condition=Q(state="ready"), name="jobs_one_waiting_for_a_key"
            ),
            models.UniqueConstraint(
                fields=["unique_key"], condition=Q(state="running"), name="jobs_one_running_for_a_key"
            ),
        ]
        indexes = [
            models.Index(fields=["run_after", "id"], condition=Q(state="ready"), name="jobs_waiting"),
            models.Index(fields=["lease_until"], condition=Q(state="running"), name="jobs_running"),
            models.Index(fields=["state", "finished_at"], name="jobs_by_state"),
        ]

    def __repr__(self) -> str:
        return f"<Job {self.pk} {self.name} {self.args} {self.state}>"


class Schedule(models.Model):
    """When a periodic job is queued next. Whoever moves `next_run` on queues it."""

    name = models.CharField(max_length=100, primary_key=True)
    every = models.PositiveIntegerField()
    next_run = models.DateTimeField()

    objects: ClassVar[models.Manager[Schedule]] = models.Manager()

    def __repr__(self) -> str:
        return f"<Schedule {self.name} {self.next_run}>"
