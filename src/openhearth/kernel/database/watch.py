"""For tests: fail where the main database is written, or locked for writing, and nobody asked for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from openhearth.kernel.database.statements import changes_nothing


class WriteForbidden(AssertionError):
    """A statement wrote where only reads are allowed."""


@contextmanager
def writes_forbidden() -> Iterator[list[str]]:
    """Refuse every write of this thread to the database `default`; yields the refused statements.

    An `atomic` block counts as a write: on SQLite it stops all other writers, which a read must not do.
    Raises again at the end, for code that swallowed the refusal.
    """
    refused: list[str] = []

    def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if changes_nothing(sql):
            return execute(sql, params, many, context)
        refused.append(sql)
        raise WriteForbidden(f"A write to the main database where only reads are allowed: {sql[:300]}")

    with connection.execute_wrapper(watch):
        yield refused
    if refused:
        raise WriteForbidden(f"{len(refused)} writes where only reads are allowed; the first: {refused[0][:300]}")
