"""Saying that something belongs inside a transaction."""

from __future__ import annotations

from django.db import transaction


class NotInTransaction(RuntimeError):
    """Something that belongs inside a transaction was called outside."""


def require_transaction(what: str) -> None:
    """Raise NotInTransaction outside of `transaction.atomic()` on the main database."""
    if not transaction.get_connection().in_atomic_block:
        raise NotInTransaction(f"{what} outside of transaction.atomic()")
