"""The shape of the database: brought up to this code's, never below what newer code has made of it."""

from __future__ import annotations

import hashlib
import logging
import os
import pkgutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from gettext import gettext as _
from pathlib import Path

from django.apps import apps
from django.core.management import call_command
from django.db import connections
from django.db.migrations.loader import MigrationLoader

from openhearth.kernel import store
from openhearth.kernel.clock import now
from openhearth.kernel.config import Config
from openhearth.kernel.locks import held
from openhearth.site import database
from openhearth.site.data_directory import InstanceLock, StartRefused

logger = logging.getLogger("openhearth.start")

SNAPSHOTS_KEPT = 3
_STAMP = "schema"

Migration = tuple[str, str]
"""App and name."""


@dataclass(frozen=True, slots=True)
class State:
    """`missing` migrations are to be applied, `unknown` were applied by other code."""

    missing: tuple[Migration, ...]
    unknown: tuple[Migration, ...]
    is_new: bool


def state() -> State:
    """Compare the migrations of this code with those that the database has seen."""
    loader = MigrationLoader(connections["default"])
    replaced = {old for migration in loader.replacements.values() for old in migration.replaces}
    return compare(set(loader.applied_migrations), set(loader.graph.nodes), set(loader.disk_migrations) | replaced)


def compare(applied: set[Migration], needed: set[Migration], known: set[Migration]) -> State:
    """Return what of `needed` is missing, and what was applied that this code does not know."""
    return State(tuple(sorted(needed - applied)), tuple(sorted(applied - known)), is_new=not applied)


def bring_up(config: Config) -> None:
    """Apply what is missing, after a snapshot of an existing SQLite database.

    Raises `StartRefused` where newer code has changed the data.
    """
    with held(config.paths.locks / "schema"):
        database.require_texts()
        found = state()
        if found.unknown:
            names = ", ".join(f"{app}.{name}" for app, name in found.unknown[:3])
            raise StartRefused(
                _(
                    "The data in %(path)s was changed by a newer version of OpenHearth (%(names)s). Start "
                    "that version again; or restore the snapshot that it made before, from %(snapshots)s."
                )
                % {"path": config.data, "names": names, "snapshots": config.data / "snapshots"}
            )
        if found.missing:
            if not found.is_new:
                snapshot(config)
            call_command("migrate", verbosity=0, interactive=False, database="default")
        call_command("createcachetable", verbosity=0, database="cache")
        store.ensure()
        _write_stamp(config)


def require_current(config: Config) -> None:
    """For commands: make sure that the database fits this code, in about a millisecond when it does.

    A new data directory is prepared; where a server of another version runs, `StartRefused` says so.
    """
    stamp = config.paths.tmp / _STAMP
    if not config.paths.cache.exists() or not (config.database.url or config.paths.database.exists()):
        bring_up(config)
    elif not stamp.exists() or stamp.read_text("ascii") != _fingerprint():
        if InstanceLock(config.data).is_taken() and state().missing:
            raise StartRefused(
                _("The running server is of another version than this command. Restart it, then try again.")
            )
        bring_up(config)


def snapshot(config: Config) -> Path | None:
    """Copy the SQLite database to DATA/snapshots before it is changed; keeps the newest few."""
    source = config.paths.database
    if config.database.url or not source.exists():
        return None
    folder = config.data / "snapshots"
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / f"before-update-{now():%Y%m%dT%H%M%S}.sqlite3"
    draft = target.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as database:
        database.execute("VACUUM INTO ?", (str(draft),))
    with draft.open("rb") as written:
        os.fsync(written.fileno())
    draft.rename(target)
    logger.info("Snapshot of the database before the update: %s", target)
    for old in sorted(folder.glob("before-update-*.sqlite3"))[:-SNAPSHOTS_KEPT]:
        old.unlink()
    return target


def _fingerprint() -> str:
    """Return a checksum of the names of all migrations on disk, without importing them."""
    names = []
    for app in apps.get_app_configs():
        folder = Path(app.path) / "migrations"
        names += [f"{app.label}.{module.name}" for module in pkgutil.iter_modules([str(folder)])]
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()


def _write_stamp(config: Config) -> None:
    path = config.paths.tmp / _STAMP
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(_fingerprint(), "ascii")
    draft.replace(path)
