"""Repositories, their collaborators and their former names."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from openhearth.code.repos import rules
from openhearth.kernel import clock
from openhearth.people.accounts.models import Account


class Repository(models.Model):
    """One repository. Its id names its folder on disk; its name is only a row."""

    class Visibility(models.TextChoices):
        """Who may see it."""

        PUBLIC = "public", _("Public")
        INTERNAL = "internal", _("Internal")
        PRIVATE = "private", _("Private")

    id = models.BigAutoField(primary_key=True)
    owner = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=rules.NAME_MAX)
    name_key = models.CharField(max_length=rules.NAME_MAX)
    description = models.CharField(max_length=rules.DESCRIPTION_MAX, blank=True)
    visibility = models.CharField(max_length=8, choices=Visibility.choices)
    default_branch = models.CharField(max_length=255, default="main")
    created_at = models.DateTimeField(default=clock.now)
    updated_at = models.DateTimeField(default=clock.now)
    pushed_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    refs_epoch = models.PositiveIntegerField(default=0)
    refs_version = models.PositiveBigIntegerField(default=0)
    """Rises by one with each push; (epoch, version) names one state of the refs."""
    size_bytes = models.PositiveBigIntegerField(default=0)
    """Bytes of its live packs."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name_key"], condition=Q(deleted_at=None), name="repos_name_once_per_owner"
            ),
            models.CheckConstraint(
                condition=Q(visibility__in=["public", "internal", "private"]), name="repos_known_visibility"
            ),
        ]
        indexes = [
            models.Index(fields=["visibility", "-pushed_at"]),
            models.Index(fields=["deleted_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.owner.name}/{self.name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the unique form in step with the name."""
        self.name_key = rules.name_key(self.name)
        super().save(*args, **kwargs)

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner.name}/{self.name}"

    @property
    def is_private(self) -> bool:
        """Whether not everybody may see it."""
        return self.visibility != self.Visibility.PUBLIC


class Collaborator(models.Model):
    """A direct role of an account in a repository."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    role = models.PositiveSmallIntegerField()
    added_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "account"], name="repos_one_role_each"),
            models.CheckConstraint(condition=Q(role__in=[int(role) for role in rules.Role]), name="repos_known_role"),
        ]

    @property
    def word(self) -> str:
        """The role as a word."""
        return rules.Role(self.role).word


class FormerName(models.Model):
    """A name a repository once had; it leads there until somebody makes a new repository of that name."""

    owner = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    name_key = models.CharField(max_length=rules.NAME_MAX)
    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="+")
    left_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "name_key"], name="repos_former_name_once")]
