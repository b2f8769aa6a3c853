"""What is counted against limits."""

from __future__ import annotations

from openhearth.code.repos.models import Repository


def bytes_of(repository_id: int) -> int:
    """Return how many bytes a repository holds now."""
    return Repository.objects.filter(pk=repository_id).values_list("size_bytes", flat=True).get()


def repositories_of(owner_id: int) -> int:
    """Return how many repositories an owner has now, without deleted ones."""
    return Repository.objects.filter(owner_id=owner_id, deleted_at=None).count()
