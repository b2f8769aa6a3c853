"""The command `restore`: a backup into an empty data directory, all of it or nothing."""

from __future__ import annotations

import importlib
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from gettext import gettext as _
from pathlib import Path
from types import ModuleType

import click

from openhearth.kernel import config as configuration
from openhearth.kernel.config import Config
from openhearth.operate.backup.rules import CONFIGURATION, BadArchive
from openhearth.site import database, opening
from openhearth.site.data_directory import StartRefused


@contextmanager
def emptied(data: Path, archive: Path) -> Iterator[None]:
    """Make sure that `data` is empty, put the backup's settings there, and empty it again when the block fails."""
    made = not data.exists()
    if not made and any(data.iterdir()):
        raise StartRefused(_("%(data)s is not empty. Choose an empty or a new directory with --data.") % {"data": data})
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        _settings_first(data, archive)
        yield
    except BaseException:
        _empty(data, whole=made)
        raise


def _settings_first(data: Path, archive: Path) -> None:
    """Unpack the configuration alone: everything after is read under it."""
    try:
        with tarfile.open(archive, mode="r:") as tar:
            for member in tar:
                if member.name == CONFIGURATION and member.isreg() and (source := tar.extractfile(member)):
                    (data / CONFIGURATION).write_bytes(source.read())
    except (tarfile.TarError, OSError, ValueError, EOFError) as error:
        raise StartRefused(_explain(archive, BadArchive("not-tar", str(error)))) from None


def _empty(data: Path, *, whole: bool) -> None:
    for path in data.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    if whole:
        data.rmdir()


def restore(config: Config, archive: Path, language: str) -> None:
    """Bring the backup back and verify it. Raises `StartRefused`; ends the command with 1 where faults are found."""
    configuration.prepare(config.data)
    opening.set_up(config)
    actions = importlib.import_module("openhearth.operate.backup.actions")
    with database.explained(config), _emptied_database(config, actions):
        _restore(config, archive, language, actions)


def _restore(config: Config, archive: Path, language: str, actions: ModuleType) -> None:
    with tempfile.TemporaryDirectory(prefix="restore-", dir=config.paths.tmp) as name:
        folder = Path(name)
        try:
            manifest = actions.unpack(archive, folder)
            _fitting(config, manifest.engine)
            if manifest.engine == "sqlite":
                actions.check_sqlite(folder / "database.sqlite3")
            actions.move_in(folder, config.paths)
            if manifest.engine == "postgresql":
                actions.make_tables(folder)
                actions.load_tables(folder)
        except BadArchive as bad:
            raise StartRefused(_explain(archive, bad)) from None
    commands = _open(config, language)
    actions.begin_epoch()
    click.echo(_("The backup of %(when)s is restored to %(data)s.") % {"when": manifest.made_at, "data": config.data})
    status: int = commands.verify()
    if status:
        raise SystemExit(status)


@contextmanager
def _emptied_database(config: Config, actions: ModuleType) -> Iterator[None]:
    """Make sure that a PostgreSQL database is empty, and empty it again when the block fails."""
    if not config.database.url:
        yield
        return
    if not actions.is_empty():
        text = _("The database at %(place)s is not empty. Name an empty one in database.url: createdb makes it.")
        raise StartRefused(text % {"place": database.place(config.database.url)})
    try:
        yield
    except BaseException:
        with suppress(Exception):
            actions.drop_all()
        raise


def _open(config: Config, language: str) -> ModuleType:
    return opening.commands(config, language, "transfers")


def _fitting(config: Config, engine: str) -> None:
    """Refuse a backup of another engine than the configured one."""
    configured = "postgresql" if config.database.url else "sqlite"
    if engine != configured:
        text = _(
            "The backup is of a %(engine)s database, and the configuration names %(configured)s. Set database.url."
        )
        raise StartRefused(text % {"engine": engine, "configured": configured})


def _explain(archive: Path, bad: BadArchive) -> str:
    texts = {
        "not-tar": _("%(file)s is no backup, or is cut off: %(detail)s"),
        "name": _("%(file)s holds a file that no backup has: %(detail)s"),
        "manifest": _("The manifest of %(file)s cannot be read: %(detail)s"),
        "format": _("%(file)s is of the format %(detail)s, which this version does not know. Use a newer one."),
        "newer": _("%(file)s was made by a newer version of OpenHearth (%(detail)s). Restore it with that version."),
        "rows": _("%(file)s holds rows that do not fit the database: %(detail)s"),
        "missing": _("%(file)s lacks %(detail)s: the file is cut off."),
        "damaged": _("%(file)s is damaged: %(detail)s is not what was stored."),
    }
    return texts[bad.code] % {"file": archive, "detail": bad.detail}
