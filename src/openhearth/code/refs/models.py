"""Refs as the database holds them, the log of every push, and the packs that hold the objects."""

from __future__ import annotations

from django.db import models

from openhearth.code.repos.models import Repository
from openhearth.kernel import clock

OID_MAX = 64
REF_MAX = 255


class Ref(models.Model):
    """Where a ref points now."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=REF_MAX)
    oid = models.CharField(max_length=OID_MAX)
    peeled = models.CharField(max_length=OID_MAX, blank=True)
    """What an annotated tag finally points to, empty for everything else."""
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "name"], name="refs_once")]


class PushLog(models.Model):
    """One ref moved by one push. Append-only: replayed from the first row, the log gives the refs."""

    id = models.BigAutoField(primary_key=True)
    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="+")
    epoch = models.PositiveIntegerField()
    version = models.PositiveBigIntegerField()
    """The refs version that this push made; rows of one push share it."""
    actor_kind = models.CharField(max_length=12)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=100)
    credential = models.CharField(max_length=100, blank=True)
    ref = models.CharField(max_length=REF_MAX)
    old = models.CharField(max_length=OID_MAX)
    new = models.CharField(max_length=OID_MAX)
    forced = models.BooleanField(default=False)
    options = models.JSONField(default=list)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["repository", "version"]), models.Index(fields=["actor_id", "-at"])]


class Pack(models.Model):
    """A pack on disk that belongs to a repository; it appears in the transaction of the push that brought it."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=80)
    objects_count = models.PositiveBigIntegerField()
    size = models.PositiveBigIntegerField()
    added_at = models.DateTimeField(default=clock.now)
    superseded_at = models.DateTimeField(null=True, blank=True)
    """When another pack took over all of its objects; it goes after a grace time."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "name"], name="refs_pack_once")]
