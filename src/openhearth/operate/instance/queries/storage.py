"""What is kept, as figures: the rights to names are policy's matter."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, F, QuerySet, Sum

from openhearth.code.repos.models import Repository
from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import Actor
from openhearth.people.accounts.models import Account


@dataclass(frozen=True, slots=True)
class Total:
    """So many repositories with so many bytes of packs."""

    count: int
    size: int


def accounts_count() -> int:
    """Return how many accounts may act."""
    return Account.objects.filter(is_active=True).count()


def everything() -> Total:
    """Count all repositories, those to be removed for good as well: they take room."""
    return _total(Repository.objects.all())


def deleted() -> Total:
    """Count the repositories that are deleted and can still be restored."""
    return _total(Repository.objects.exclude(deleted_at=None))


def unseen(actor: Actor) -> Total:
    """Count the present repositories that the administrator may not read."""
    seen = engine.visible(Repository.objects.all(), actor, "repo.read").values("pk")
    return _total(Repository.objects.filter(deleted_at=None).exclude(pk__in=seen))


def _total(rows: QuerySet[Repository]) -> Total:
    found = rows.aggregate(count=Count("pk"), size=Sum("size_bytes"))
    return Total(found["count"], found["size"] or 0)


def largest(actor: Actor) -> QuerySet[Repository]:
    """Return the repositories that the administrator may read, largest first."""
    rows = engine.visible(Repository.objects.select_related("owner"), actor, "repo.read")
    return rows.order_by("-size_bytes", "pk")


def latest(actor: Actor) -> QuerySet[Repository]:
    """Return the same, last pushed first."""
    return largest(actor).order_by(F("pushed_at").desc(nulls_last=True), "-pk")
