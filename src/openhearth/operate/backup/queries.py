"""Taking the archive: first one moment of the database, then the immutable files that it names."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path

import msgspec
from django.apps import apps
from django.db import connection

from openhearth import __version__
from openhearth.code.refs.models import Pack, Ref
from openhearth.code.refs.queries import packs_stay
from openhearth.code.repos import queries as repos
from openhearth.code.repos.models import Repository
from openhearth.kernel import blobs, clock, config, scratch
from openhearth.kernel.locks import held
from openhearth.operate.backup import rules
from openhearth.operate.backup.rules import Entry, Manifest

CHUNK = 1 << 20
Progress = Callable[[int, int], None]


class _Writer:
    """Adds files to a tar and remembers what was added."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.files: dict[str, Entry] = {}

    def add_file(self, name: str, path: Path) -> bool:
        """Copy one file; False where it is not there. Its bytes are hashed as they pass."""
        try:
            source = path.open("rb")
        except FileNotFoundError:
            return False
        with source:
            size = os.fstat(source.fileno()).st_size
            info = _info(name, size)
            counted = _Hashing(source)
            self._tar.addfile(info, counted)
        self.files[name] = Entry(size, counted.digest.hexdigest())
        return True

    def add_bytes(self, name: str, data: bytes) -> None:
        """Add a small file that is in memory."""
        self._tar.addfile(_info(name, len(data)), BytesIO(data))
        self.files[name] = Entry(len(data), hashlib.sha256(data).hexdigest())


class _Hashing:
    """A file whose bytes are hashed while tar reads them."""

    def __init__(self, source: object) -> None:
        self._source = source
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        data: bytes = self._source.read(size)  # type: ignore[attr-defined]
        self.digest.update(data)
        return data


def _info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size = size
    info.mode = 0o600
    info.mtime = int(clock.now().timestamp())
    return info


def write_archive(target: Path, *, with_secrets: bool, progress: Progress) -> Manifest:
    """Write a backup to `target`, which must not exist; it appears whole and on disk, or not at all.

    Every push that was acknowledged before the call is in it. Raises FileExistsError, OSError.
    """
    if target.exists():
        raise FileExistsError(str(target))
    handle, draft = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as out, held(packs_stay(), shared=True):
            manifest = _write(out, with_secrets=with_secrets, progress=progress)
            out.flush()
            os.fsync(out.fileno())
        _name(Path(draft), target)
    finally:
        Path(draft).unlink(missing_ok=True)
    _sync(target.parent)
    return manifest


def _name(draft: Path, target: Path) -> None:
    """Give the finished archive its name, unless somebody took it meanwhile: FileExistsError."""
    try:
        os.link(draft, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links, as on many sticks and shares
        if target.exists():
            raise FileExistsError(str(target)) from None
        draft.rename(target)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(out: object, *, with_secrets: bool, progress: Progress) -> Manifest:
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:  # type: ignore[call-overload]
        writer = _Writer(tar)
        with _moment(writer) as (packs, counts):
            for done, (repository_id, pack) in enumerate(packs):
                progress(done, len(packs))
                _add_pack(writer, repository_id, pack)
            progress(len(packs), len(packs))
        for blob in blobs.store().all():
            writer.add_file(f"blobs/{blob.sha256}", _blob_path(blob.sha256))
        _add_settings(writer, with_secrets=with_secrets)
        manifest = Manifest(
            format=rules.FORMAT,
            version=__version__,
            made_at=clock.now().isoformat(),
            engine=connection.vendor,
            repositories=counts[0],
            refs=counts[1],
            with_secrets=with_secrets,
            files=dict(writer.files),
        )
        writer.add_bytes(rules.MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
    return manifest


def _blob_path(digest: str) -> Path:
    return config.current().paths.blobs / digest[:2] / digest[2:4] / digest


def _add_pack(writer: _Writer, repository_id: int, pack: str) -> None:
    folder = repos.storage(repository_id) / "objects" / "pack"
    for suffix in (".pack", ".idx", ".rev", ".bitmap"):
        added = writer.add_file(f"repositories/{repository_id}/{pack}{suffix}", folder / f"{pack}{suffix}")
        if not added and suffix in {".pack", ".idx"}:
            raise FileNotFoundError(f"{folder / pack}{suffix}")


def _add_settings(writer: _Writer, *, with_secrets: bool) -> None:
    paths = config.current().paths
    writer.add_file(rules.CONFIGURATION, paths.config_file)
    if with_secrets:
        for path in sorted(paths.secrets.rglob("*")):
            if path.is_file():
                writer.add_file(f"secrets/{path.relative_to(paths.secrets).as_posix()}", path)


@contextmanager
def _moment(writer: _Writer) -> Iterator[tuple[list[tuple[int, str]], tuple[int, int]]]:
    """Add one moment of the database and give the packs that it names, with (repositories, refs)."""
    if connection.vendor == "sqlite":
        yield _sqlite_moment(writer)
    else:
        yield _postgres_moment(writer)


def _sqlite_moment(writer: _Writer) -> tuple[list[tuple[int, str]], tuple[int, int]]:
    paths = config.current().paths
    with scratch.folder(paths, "backup") as folder:
        copy = folder / "copy.sqlite3"
        with closing(sqlite3.connect(f"file:{paths.database}?mode=ro", uri=True, timeout=60)) as source:
            source.execute("VACUUM INTO ?", (str(copy),))
        with closing(sqlite3.connect(copy)) as moment:
            packs = moment.execute(_PACKS).fetchall()
            counts = (_count(moment, Repository._meta.db_table), _count(moment, Ref._meta.db_table))  # noqa: SLF001
        writer.add_file(rules.DATABASE, copy)
    return [(int(number), str(name)) for number, name in packs], counts


_PACKS = (
    f"SELECT repository_id, name FROM {Pack._meta.db_table} "  # noqa: S608, SLF001  our own table's name
    "WHERE superseded_at IS NULL ORDER BY id"
)


def _count(database: sqlite3.Connection, table: str) -> int:
    return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608  our own table's name


def tables() -> list[str]:
    """Return our tables, those that others point to first, and the record of migrations."""
    found = [model._meta.db_table for model in apps.get_models(include_auto_created=True)]  # noqa: SLF001
    return ["django_migrations", *dict.fromkeys(found)]


def _postgres_moment(writer: _Writer) -> tuple[list[tuple[int, str]], tuple[int, int]]:
    """Copy every table inside one repeatable-read transaction of a connection of its own."""
    separate = connection.copy()
    try:
        with separate.cursor() as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute(_PACKS)
            packs = [(int(number), str(name)) for number, name in cursor.fetchall()]
            counts = []
            for model in (Repository, Ref):
                cursor.execute(f"SELECT count(*) FROM {model._meta.db_table}")  # noqa: S608, SLF001
                counts.append(int(cursor.fetchone()[0]))
            for table in tables():
                _copy_table(writer, cursor, table)
            cursor.execute("COMMIT")
    finally:
        separate.close()
    return packs, (counts[0], counts[1])


def _copy_table(writer: _Writer, cursor: object, table: str) -> None:
    with scratch.folder(config.current().paths, "backup") as folder:
        path = folder / table
        with path.open("wb") as out, cursor.copy(f'COPY "{table}" TO STDOUT') as rows:  # type: ignore[attr-defined]
            for row in rows:
                out.write(row)
        writer.add_file(f"{rules.TABLES}/{table}.copy", path)
