"""The content store: answers under text keys, in the cache database, dropped when it grows too large.

For answers that can be worked out again and never change under their key (a highlighted blob, the last commit
of each entry of a folder). It may lose anything at any time; what it returns is what was put.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
import zlib
from collections.abc import Callable

from django.db import DatabaseError, connections, transaction

from openhearth.kernel import config, locks

MOST_BYTES = 512 * 1024 * 1024
LARGEST = 32 * 1024 * 1024
_COMPRESS_FROM = 512
_TOUCH_SECONDS = 6 * 3600
_CULL_ROWS = 200
_CULL_CHANCE = 64  # one put in so many looks at the size

_PATIENCE_SECONDS = 30.0

logger = logging.getLogger("openhearth.store")

_flying = threading.local()

_TABLES = (
    """CREATE TABLE IF NOT EXISTS content (
        key BLOB PRIMARY KEY, size INTEGER NOT NULL, used INTEGER NOT NULL, packed INTEGER NOT NULL,
        value BLOB NOT NULL) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS content_used ON content (used, size)",
)


def ensure() -> None:
    """Make the table where it is missing. Called at start and after migrations."""
    with connections["cache"].cursor() as cursor:
        for statement in _TABLES:
            cursor.execute(statement)


def get(key: str) -> bytes | None:
    """Return what was put under `key`, None where it is not there (any more). A broken store is empty."""
    hashed = _hashed(key)
    now = int(time.time())
    try:
        with connections["cache"].cursor() as cursor:
            cursor.execute("SELECT value, packed, used FROM content WHERE key = %s", [hashed])
            row = cursor.fetchone()
            if row is None:
                return None
            if now - row[2] > _TOUCH_SECONDS:
                cursor.execute("UPDATE content SET used = %s WHERE key = %s", [now, hashed])
    except DatabaseError as error:
        _trouble(error)
        return None
    return zlib.decompress(row[0]) if row[1] else bytes(row[0])


def put(key: str, value: bytes) -> None:
    """Keep `value` under `key`. Values over 32 MiB are not kept; a store that cannot write is no error."""
    if len(value) > LARGEST:
        return
    stored, packed = _pack(value)
    hashed = _hashed(key)
    row: list[bytes | int] = [hashed, len(stored), int(time.time()), packed, stored]
    try:
        with connections["cache"].cursor() as cursor:
            cursor.execute(
                "INSERT OR REPLACE INTO content (key, size, used, packed, value) VALUES (%s,%s,%s,%s,%s)", row
            )
        if hashed[0] % _CULL_CHANCE == 0:
            cull()
    except DatabaseError as error:
        _trouble(error)


def single_flight(key: str, make: Callable[[], bytes]) -> bytes:
    """Return what is stored under `key`, or `make` it, once at a time on this machine, and store it.

    Others who ask for the key meanwhile wait for the answer, for half a minute; then they make it themselves.
    `make` must not call `single_flight` itself: RuntimeError, because two keys may share a lock.
    """
    value = get(key)
    if value is not None:
        return value
    if getattr(_flying, "key", None) is not None:
        raise RuntimeError(f"single_flight({key!r}) within single_flight({_flying.key!r})")
    _flying.key = key
    try:
        with locks.held(locks.stripe(config.current().paths.locks, key), seconds=_PATIENCE_SECONDS):
            return _made(key, make)
    except locks.LockTimeout:
        return _made(key, make)
    finally:
        _flying.key = None


def _made(key: str, make: Callable[[], bytes]) -> bytes:
    value = get(key)
    if value is None:
        value = make()
        put(key, value)
    return value


def delete(key: str) -> None:
    """Forget what is stored under `key`."""
    with connections["cache"].cursor() as cursor:
        cursor.execute("DELETE FROM content WHERE key = %s", [_hashed(key)])


def size() -> int:
    """Return the bytes stored."""
    with connections["cache"].cursor() as cursor:
        cursor.execute("SELECT COALESCE(SUM(size), 0) FROM content")
        return int(cursor.fetchone()[0])


def cull(most: int = MOST_BYTES) -> int:
    """Drop what was not used for longest, down to a tenth below `most` bytes; returns how many values."""
    over = size() - most
    if over <= 0:
        return 0
    over += most // 10
    dropped = 0
    while over > 0:
        with transaction.atomic(using="cache"), connections["cache"].cursor() as cursor:
            cursor.execute("SELECT key, size FROM content ORDER BY used LIMIT %s", [_CULL_ROWS])
            rows = []
            for key, length in cursor.fetchall():
                if over <= 0:
                    break
                rows.append((key,))
                over -= length
            cursor.executemany("DELETE FROM content WHERE key = %s", rows)
        dropped += len(rows)
        if not rows:
            break
    return dropped


def _trouble(error: DatabaseError) -> None:
    if "no such table" in str(error):  # somebody took the file away
        ensure()
    else:
        logger.error("The content store fails: %s", error)


def _hashed(key: str) -> bytes:
    return hashlib.blake2b(key.encode("utf-8", "surrogateescape"), digest_size=20).digest()


def _pack(value: bytes) -> tuple[bytes, int]:
    if len(value) >= _COMPRESS_FROM:
        packed = zlib.compress(value, 1)
        if len(packed) < len(value) * 0.9:
            return packed, 1
    return value, 0
