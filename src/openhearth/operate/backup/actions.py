"""Restoring: unpack beside, compare with the manifest, then move in. A failed restore leaves nothing behind."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from django.db import DataError, IntegrityError, ProgrammingError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F

from openhearth.code.repos.models import Repository
from openhearth.git import store as git_store
from openhearth.kernel import blobs
from openhearth.kernel.config import Paths
from openhearth.operate.backup import rules
from openhearth.operate.backup.rules import BadArchive, Entry, Manifest

CHUNK = 1 << 20


def unpack(archive: Path, folder: Path) -> Manifest:
    """Unpack a backup into an empty folder and compare it with its manifest. Raises `BadArchive`, OSError."""
    found: dict[str, Entry] = {}
    try:
        with tarfile.open(archive, mode="r:") as tar:
            for member in tar:
                if not member.isreg() or not rules.is_allowed(member.name):
                    raise BadArchive("name", member.name[:200])
                found[member.name] = _write(tar, member, folder / member.name)
    except (tarfile.TarError, ValueError, EOFError) as error:  # damaged heads make tarfile raise all of these
        raise BadArchive("not-tar", str(error)) from None
    except FileExistsError:
        raise BadArchive("name", "twice the same name") from None
    if rules.MANIFEST not in found:
        raise BadArchive("missing", rules.MANIFEST)
    del found[rules.MANIFEST]
    manifest = rules.read_manifest((folder / rules.MANIFEST).read_bytes())
    rules.compare(manifest, found)
    return manifest


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> Entry:
    source = tar.extractfile(member)
    if source is None:
        raise BadArchive("name", member.name[:200])
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    size = 0
    with path.open("xb") as out:
        for piece in _pieces(source.read):
            digest.update(piece)
            size += len(piece)
            out.write(piece)
    return Entry(size, digest.hexdigest())


def _pieces(read: Callable[[int], bytes]) -> Iterator[bytes]:
    while piece := read(CHUNK):
        yield piece


def move_in(folder: Path, paths: Paths) -> None:
    """Put the unpacked files where an instance looks for them: settings, keys, packs, blobs, SQLite's database."""
    if (folder / rules.CONFIGURATION).exists():
        (folder / rules.CONFIGURATION).rename(paths.config_file)
    if (folder / "secrets").exists():
        shutil.rmtree(paths.secrets, ignore_errors=True)
        (folder / "secrets").rename(paths.secrets)
        _close(paths.secrets)
    if (folder / rules.DATABASE).exists():
        (folder / rules.DATABASE).rename(paths.database)
    for repository in sorted((folder / "repositories").glob("*")):
        directory = git_store.storage_path(paths.root, int(repository.name))
        git_store.create(directory)
        for path in repository.iterdir():
            path.chmod(0o444)
            path.rename(directory / "objects" / "pack" / path.name)
        git_store.sync(directory / "objects" / "pack")
    kept = blobs.Store(paths.blobs)
    for path in sorted((folder / "blobs").glob("*")):
        with path.open("rb") as source:
            kept.put(source, expected=path.name)


def _close(folder: Path) -> None:
    folder.chmod(0o700)
    for path in folder.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)


def is_empty() -> bool:
    """Whether the database has no table at all."""
    return not connection.introspection.table_names()


def make_tables(folder: Path) -> None:
    """Give an empty PostgreSQL database the shape that it had at the time of the backup. Raises `BadArchive`."""
    executor = MigrationExecutor(connection)
    applied = _migrations(folder)
    unknown = [f"{app}.{name}" for app, name in applied if (app, name) not in executor.loader.graph.nodes]
    if unknown:
        raise BadArchive("newer", unknown[0])
    executor.migrate(applied)


def _migrations(folder: Path) -> list[tuple[str, str]]:
    """Return (app, name) of each migration that the backed-up database had seen."""
    lines = (folder / rules.TABLES / "django_migrations.copy").read_text("utf-8").splitlines()
    return [(app, name) for _number, app, name, *_rest in (line.split("\t") for line in lines)]


def drop_all() -> None:
    """Make a PostgreSQL database empty again: of everything that migrations and `load_tables` put there."""
    with transaction.atomic(), connection.cursor() as cursor:
        for name in connection.introspection.table_names():
            cursor.execute(f'DROP TABLE "{name}" CASCADE')
        cursor.execute(
            "SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = current_schema()::regnamespace "
            "AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid "
            "AND deptype = 'e')"
        )
        for (function,) in cursor.fetchall():
            cursor.execute(f"DROP FUNCTION {function} CASCADE")


def load_tables(folder: Path) -> None:
    """Fill the tables that `make_tables` has made with the rows of a backup, all or none. Raises `BadArchive`."""
    try:
        with transaction.atomic():
            _load_tables(folder)
    except (DataError, IntegrityError, ProgrammingError) as error:
        raise BadArchive("rows", " ".join(str(error).split())) from error


def _load_tables(folder: Path) -> None:
    with connection.wrap_database_errors, connection.cursor() as cursor:  # the driver's COPY is not Django's
        names = sorted(path.stem for path in (folder / rules.TABLES).glob("*.copy"))
        cursor.execute("TRUNCATE " + ", ".join(f'"{name}"' for name in names))
        for name in names:
            with (
                (folder / rules.TABLES / f"{name}.copy").open("rb") as source,
                cursor.copy(f'COPY "{name}" FROM STDIN') as rows,
            ):
                for piece in _pieces(source.read):
                    rows.write(piece)
        _reset_sequences(names)


def _reset_sequences(names: list[str]) -> None:
    """Let new rows get numbers above all restored ones."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.columns WHERE column_name = 'id'")
        numbered = {row[0] for row in cursor.fetchall()}  # the others have names as keys (schedules, sessions)
        for name in (name for name in names if name in numbered):
            cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [f'"{name}"'])
            sequence = cursor.fetchone()
            if sequence and sequence[0]:
                cursor.execute(f'SELECT coalesce(max(id), 0) + 1 FROM "{name}"')  # noqa: S608  our own table's name
                cursor.execute("SELECT setval(%s, %s, false)", [sequence[0], cursor.fetchone()[0]])


def begin_epoch() -> None:
    """Raise the epoch of every repository: whatever was cached of a later past than this backup is void."""
    Repository.objects.update(refs_epoch=F("refs_epoch") + 1)


def check_sqlite(path: Path) -> None:
    """Raise `BadArchive` where the unpacked database is not whole."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        (found,) = database.execute("PRAGMA integrity_check").fetchone()
    if found != "ok":
        raise BadArchive("damaged", rules.DATABASE)
