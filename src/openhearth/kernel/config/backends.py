"""Databases and caches as Django wants them described. Plain dictionaries; Django is not imported."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from openhearth.kernel.config.keys import Config
from openhearth.kernel.config.paths import Paths

LOCK_SECONDS = 20
"""How long a writer waits for its turn before it gives up."""

_PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA journal_size_limit=67108864; PRAGMA temp_store=MEMORY"


def databases(config: Config) -> dict[str, dict[str, Any]]:
    """Describe `default` (SQLite, or PostgreSQL by `database.url`) and `cache` (always SQLite)."""
    paths = Paths(config.data)
    main = (
        _postgres(config.database.url)
        if config.database.url
        else _sqlite(str(paths.database), synchronous="FULL", cache_kib=16384)
    )
    return {"default": main, "cache": _sqlite(str(paths.cache), synchronous="OFF", cache_kib=4096)}


def caches(config: Config) -> dict[str, dict[str, Any]]:
    """Describe the cache: a table of the cache database, or Redis/Valkey by `cache.url`.

    Never a process's memory: all processes count sign-in attempts together.
    """
    if config.cache.url:
        place = config.cache.url.replace("valkey://", "redis://", 1).replace("valkeys://", "rediss://", 1)
        return {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": place}}
    return {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "cache_entries",
            "OPTIONS": {"MAX_ENTRIES": 100_000, "CULL_FREQUENCY": 10},
        },
    }


def _sqlite(name: str, *, synchronous: str, cache_kib: int) -> dict[str, Any]:
    return {
        "ENGINE": "openhearth.kernel.database.sqlite",
        "NAME": name,
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "timeout": LOCK_SECONDS,
            "transaction_mode": "IMMEDIATE",
            "init_command": f"{_PRAGMAS}; PRAGMA synchronous={synchronous}; PRAGMA cache_size=-{cache_kib}",
        },
        "TEST": {"NAME": name.replace(".sqlite3", "-test.sqlite3")},  # a file: threads and processes share it
    }


def _postgres(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }
