"""Activity: one row for each thing that people want to hear of. Who may read a row is asked when it is read."""

from __future__ import annotations

from typing import Any

from django.db import models

from openhearth.code.repos.models import Repository
from openhearth.kernel import clock
from openhearth.people.accounts.models import Account


class Activity(models.Model):
    """What somebody did in a repository. `details` depends on the kind, see `actions`."""

    class Kind(models.TextChoices):
        """What happened."""

        PUSH = "push"
        CREATED = "created"
        PUBLISHED = "published"
        RENAMED = "renamed"
        ARCHIVED = "archived"
        UNARCHIVED = "unarchived"

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="+", db_index=False)
    actor = models.ForeignKey(Account, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    """Who did it; nobody where the instance itself acted."""
    at = models.DateTimeField(default=clock.now)
    source = models.CharField(max_length=80, unique=True)
    """What the row tells of, so that it is told once: `push:REPOSITORY:EPOCH:VERSION`, or the uid of an event."""
    details: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["-at", "-id"], name="feeds_recent"),
            models.Index(fields=["repository", "-at", "-id"], name="feeds_by_repository"),
            models.Index(fields=["actor", "-at", "-id"], name="feeds_by_actor"),
        ]
