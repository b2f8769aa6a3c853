"""The database wrapper: Django's own, for now."""

from __future__ import annotations

from django.db.backends.sqlite3.base import DatabaseWrapper

__all__ = ["DatabaseWrapper"]
