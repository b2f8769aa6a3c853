"""What to say when the database, or the server that was named as cache, cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from gettext import gettext as _
from urllib.parse import urlsplit

from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, InterfaceError, NotSupportedError, OperationalError, ProgrammingError, connection

from openhearth.kernel.config import Config
from openhearth.site.data_directory import StartRefused


@contextmanager
def explained(config: Config) -> Iterator[None]:
    """Turn what keeps the main database from being used into `StartRefused` with the reason and the way out."""
    try:
        yield
    except ImproperlyConfigured as error:
        if not config.database.url or "psycopg" not in str(error):
            raise
        raise StartRefused(
            _("database.url names PostgreSQL, whose driver is not installed. Run: %(python)s -m pip install %(file)s")
            % {"python": ".venv/bin/python", "file": "-r requirements/postgres.in"}
        ) from error
    except (OperationalError, InterfaceError, NotSupportedError, ProgrammingError) as error:
        raise StartRefused(trouble(config, error)) from error


def trouble(config: Config, error: Error) -> str:
    """Say in two sentences that the main database failed, and why. Never shows a password."""
    why = next(iter(str(error).strip().splitlines()), type(error).__name__)
    if not config.database.url:
        text = _("The database %(place)s cannot be used: %(why)s")
        return text % {"place": config.paths.database, "why": why}
    text = _(
        "The database at %(place)s cannot be used: %(why)s\n"
        "Check that PostgreSQL runs there and that database.url is right."
    )
    return text % {"place": place(config.database.url), "why": why}


def place(url: str) -> str:
    """Return an address of the configuration without its password and its options."""
    parts = urlsplit(url)
    user = f"{parts.username}@" if parts.username else ""
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{user}{parts.hostname or ''}{port}{parts.path}"


def require_texts() -> None:
    """Refuse a PostgreSQL database that cannot hold every text. Raises `StartRefused`."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_encoding")
        (found,) = cursor.fetchone()
    if found != "UTF8":
        text = _(
            "The database keeps texts in %(found)s. Make it anew with: createdb --encoding UTF8 --template template0"
        )
        raise StartRefused(text % {"found": found})


def require_cache(config: Config) -> None:
    """Refuse a cache server that does not answer. Raises `StartRefused`."""
    if not config.cache.url:
        return
    try:
        check_cache()
    except ModuleNotFoundError as error:
        raise StartRefused(
            _("cache.url names Redis or Valkey, whose driver is not installed. Run: %(python)s -m pip install %(file)s")
            % {"python": ".venv/bin/python", "file": "-r requirements/redis.in"}
        ) from error
    except Exception as error:  # the driver's own errors, which we do not import where it is not used
        text = _(
            "The cache at %(place)s does not answer: %(why)s\nCheck that Redis or Valkey runs and cache.url is right."
        )
        raise StartRefused(text % {"place": place(config.cache.url), "why": error}) from error


def check_cache() -> None:
    """Ask the cache the smallest question."""
    cache.get("hearth-ready")
