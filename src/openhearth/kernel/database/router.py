"""Keeps the cache table in the cache database, and everything else out of it."""

from __future__ import annotations

from typing import Any

from django.db.models import Model

_CACHE_APPS = frozenset({"django_cache"})
"""App label that Django's DatabaseCache gives its table; the content store makes its own with SQL."""


class CacheRouter:
    """Sends Django's cache table to the alias `cache`."""

    def db_for_read(self, model: type[Model], **_hints: Any) -> str | None:
        """Return the alias for reads of `model`, None for no opinion."""
        return "cache" if model._meta.app_label in _CACHE_APPS else None  # noqa: SLF001

    def db_for_write(self, model: type[Model], **hints: Any) -> str | None:
        """Return the alias for writes of `model`, None for no opinion."""
        return self.db_for_read(model, **hints)

    def allow_migrate(self, db: str, app_label: str, **_hints: Any) -> bool:
        """Say whether tables of this app belong in this database."""
        return (db == "cache") == (app_label in _CACHE_APPS)
