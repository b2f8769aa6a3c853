"""The table of facts. Rows are added, never changed, never deleted."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.db import models

from openhearth.kernel import clock, ids


class Immutable(TypeError):
    """Somebody tried to change or delete an event."""


class EventQuerySet(models.QuerySet["EventRow"]):
    """Reads and adds; refuses the rest."""

    def update(self, **_values: Any) -> NoReturn:
        """Refuse."""
        raise Immutable("Events are facts: they are not changed")

    def delete(self) -> NoReturn:
        """Refuse."""
        raise Immutable("Events are facts: they are not deleted")

    def bulk_update(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuse."""
        raise Immutable("Events are facts: they are not changed")


class EventRow(models.Model):
    """One fact: what (`name`, `payload`), when, who (`actor_…`), to what (`target_…`)."""

    id: int
    uid = models.CharField(max_length=36, unique=True, default=ids.new_id)
    name = models.CharField(max_length=100)
    at = models.DateTimeField(default=clock.now)
    actor_kind = models.CharField(max_length=20)
    actor_id = models.BigIntegerField(null=True)
    target_type = models.CharField(max_length=100, default="")
    target_id = models.BigIntegerField(null=True)
    payload: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)

    objects: ClassVar[models.Manager[EventRow]] = models.Manager.from_queryset(EventQuerySet)()

    class Meta:
        base_manager_name = "objects"
        indexes = [
            models.Index(fields=["target_type", "target_id", "id"], name="events_by_target"),
            models.Index(fields=["name", "id"], name="events_by_name"),
            models.Index(fields=["actor_id", "id"], name="events_by_actor"),
            models.Index(fields=["at"], name="events_by_time"),
        ]

    def __repr__(self) -> str:
        return f"<EventRow {self.pk} {self.name} {self.target_type}:{self.target_id}>"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the row; refuse to change it afterwards."""
        if not self._state.adding:
            raise Immutable("Events are facts: they are not changed")
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuse."""
        raise Immutable("Events are facts: they are not deleted")
