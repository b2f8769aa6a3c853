"""When something (a session, a token, a key) was last used: noted in the cache database, gathered once a minute.

Requests that read write nothing to the main database, so they note here, and a job carries it over. What is lost with
the cache file is lost: the columns then show an earlier use. Every node notes in its own file and gathers from it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import DatabaseError, OperationalError, connections, transaction

from openhearth.kernel import clock

ALIAS = "cache"
QUIET_SECONDS = 60
"""One process notes the same thing at most once in this time."""
_REMEMBERED = 10_000

_TABLE = """
CREATE TABLE IF NOT EXISTS last_use
(kind TEXT NOT NULL, item TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (kind, item)) WITHOUT ROWID
"""
_NOTE = """
INSERT INTO last_use (kind, item, at) VALUES (%s, %s, %s)
ON CONFLICT (kind, item) DO UPDATE SET at = max(at, excluded.at)
"""

_noted: dict[tuple[str, str], float] = {}


@dataclass(frozen=True, slots=True)
class Use:
    """One thing and the last moment it was used."""

    item: str
    at: datetime


def note(kind: str, item: str | int) -> None:
    """Remember that `item` of `kind` is used now. Never fails: a lost note is better than a lost request."""
    key, now = (kind, str(item)), time.monotonic()
    if now - _noted.get(key, -QUIET_SECONDS) < QUIET_SECONDS:
        return
    if len(_noted) >= _REMEMBERED:
        _noted.clear()
    _noted[key] = now
    values = (*key, clock.now().timestamp())
    try:
        _execute(_NOTE, values)
    except DatabaseError:
        _noted.pop(key, None)


def pending(kind: str, items: Iterable[str]) -> dict[str, datetime]:
    """Return the noted uses of these items that nobody has gathered yet."""
    wanted = list(items)
    if not wanted:
        return {}
    marks = ", ".join(["%s"] * len(wanted))
    rows = _execute(f"SELECT item, at FROM last_use WHERE kind = %s AND item IN ({marks})", (kind, *wanted))  # noqa: S608
    return {str(item): datetime.fromtimestamp(at, UTC) for item, at in rows}


def gather(kind: str, most: int = 200) -> list[Use]:
    """Take up to `most` noted uses of `kind` out of the cache database, oldest first."""
    with transaction.atomic(using=ALIAS):
        rows = _execute("SELECT item, at FROM last_use WHERE kind = %s ORDER BY at LIMIT %s", (kind, most))
        for item, at in rows:
            _execute("DELETE FROM last_use WHERE kind = %s AND item = %s AND at <= %s", (kind, item, at))
    return [Use(str(item), datetime.fromtimestamp(at, UTC)) for item, at in rows]


def forget_noted() -> None:
    """Let this process note everything anew (tests)."""
    _noted.clear()


def _execute(sql: str, values: tuple[str | float, ...]) -> list[tuple[str, float]]:
    try:
        return _once(sql, values)
    except OperationalError:  # the file is new: the cache database has no migrations of its own
        _once(_TABLE, ())
        return _once(sql, values)


def _once(sql: str, values: tuple[str | float, ...]) -> list[tuple[str, float]]:
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall()) if cursor.description else []
