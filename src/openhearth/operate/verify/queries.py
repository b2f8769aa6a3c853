"""The checks themselves. They only read; a repository is looked at in one short transaction, then on disk."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction
from django.utils.translation import gettext as _

from openhearth.code.refs.models import Pack, PushLog, Ref
from openhearth.code.repos import queries as repos
from openhearth.code.repos.models import Repository
from openhearth.git import command, peel
from openhearth.git.errors import GitError
from openhearth.kernel import blobs
from openhearth.operate.verify import rules
from openhearth.operate.verify.rules import Finding

CHUNK = 1 << 20
_NEEDED = frozenset({".pack", ".idx"})
"""A pack's other files only make reading quicker, but wrong ones make it wrong."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What was looked at, and what is wrong."""

    repositories: int
    refs: int
    packs: int
    bytes: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _State:
    """One repository as its rows say it is at one moment."""

    repository: Repository
    where: str
    refs: dict[str, str]
    peeled: dict[str, str]
    log: list[tuple[str, str, str]]
    versions: tuple[int, int]
    """Newest refs version in the log and in the repository's row."""
    packs: list[Pack]


def advice(code: str) -> str:
    """Return what to do about a kind of finding."""
    texts = {
        "database": _("The database file is damaged. Restore the last backup."),
        "reference": _("A row points to one that is not there. Restore the last backup, or ask for help."),
        "pack-missing": _("Copy the pack back from a backup; all objects in it are missing now."),
        "pack-damaged": _("Copy the pack back from a backup: its bytes are not those that were stored."),
        "pack-size": _("The file and its row disagree. Copy the pack back from a backup."),
        "objects-missing": _("Objects that a ref needs are missing. Fetch them from a clone, or restore a backup."),
        "log": _("The push log does not lead to this ref. Somebody changed a row by hand: restore the row."),
        "size": _("The counted bytes are not the sum of the packs. The next upkeep of the repository counts anew."),
        "peeled": _("The stored target of the tag is not the tag's. Push the tag again."),
        "blob-missing": _("Copy the blob back from a backup."),
        "blob-damaged": _("Copy the blob back from a backup: its bytes are not those that were stored."),
    }
    return texts[code]


def verify(progress: Callable[[int, int], None] = lambda _done, _all: None) -> Summary:
    """Check everything; `progress` hears (repositories done, all)."""
    findings = list(_database())
    ids = list(Repository.objects.order_by("pk").values_list("pk", flat=True))
    counts = [0, 0, 0]
    for done, number in enumerate(ids):
        progress(done, len(ids))
        state = _load(number)
        if state is None:
            continue
        counts[0] += len(state.refs)
        counts[1] += len(state.packs)
        counts[2] += sum(pack.size for pack in state.packs)
        findings += _repository(state)
    progress(len(ids), len(ids))
    findings += _blobs()
    return Summary(len(ids), counts[0], counts[1], counts[2], tuple(findings))


def _database() -> Iterator[Finding]:
    """Ask the engine about itself; PostgreSQL keeps its own foreign keys, SQLite is asked."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        for (line,) in cursor.fetchall():
            if line != "ok":
                yield Finding("database", "hearth.sqlite3", str(line))
        cursor.execute("PRAGMA foreign_key_check")
        for table, row, parent, _key in cursor.fetchall():
            yield Finding("reference", f"{table} {row}", f"no such row in {parent}")


def _load(number: int) -> _State | None:
    with transaction.atomic():
        repository = Repository.objects.select_related("owner").filter(pk=number).first()
        if repository is None:
            return None
        rows = list(Ref.objects.filter(repository=repository).values_list("name", "oid", "peeled"))
        last = PushLog.objects.filter(repository=repository).order_by("-pk").values_list("pk", "version").first()
        packs = list(Pack.objects.filter(repository=repository, superseded_at=None).order_by("pk"))
    last_row, newest = last or (0, 0)
    # The log only grows, so the long read needs no transaction.
    log = PushLog.objects.filter(repository=repository, pk__lte=last_row).order_by("pk")
    return _State(
        repository,
        f"repository {repository.pk} {repository.full_name}",
        {name: oid for name, oid, _peeled in rows},
        {name: peeled for name, _oid, peeled in rows if peeled},
        list(log.values_list("ref", "old", "new")),
        (newest, repository.refs_version),
        packs,
    )


def _repository(state: _State) -> Iterator[Finding]:
    yield from _log(state)
    if state.repository.size_bytes != sum(pack.size for pack in state.packs):
        counted, real = state.repository.size_bytes, sum(pack.size for pack in state.packs)
        yield Finding("size", state.where, f"{counted} counted, {real} in packs")
    directory = repos.storage(state.repository)
    damaged = False
    for pack in state.packs:
        for finding in _pack(state.where, directory, pack):
            damaged = True
            yield finding
    if state.refs and not damaged:
        yield from _objects(state, directory)


def _log(state: _State) -> Iterator[Finding]:
    refs, gaps = rules.replay(state.log)
    for name in sorted({*rules.difference(refs, state.refs), *gaps}):
        logged, stored = refs.get(name, "nothing"), state.refs.get(name, "nothing")
        yield Finding("log", f"{state.where} {name}", f"the log leads to {logged}, the row says {stored}")
    if state.versions[0] > state.versions[1]:
        yield Finding("log", state.where, f"the log is at version {state.versions[0]}, the row at {state.versions[1]}")


def _pack(where: str, directory: Path, pack: Pack) -> Iterator[Finding]:
    place = f"{where} {pack.name}"
    folder = directory / "objects" / "pack"
    for suffix in (".pack", ".idx", ".rev", ".bitmap"):
        path = folder / f"{pack.name}{suffix}"
        try:
            size, good = _checksum(path)
        except FileNotFoundError:
            if suffix in _NEEDED and Pack.objects.filter(pk=pack.pk, superseded_at=None).exists():
                yield Finding("pack-missing", place, path.name)
            continue
        except OSError as error:
            yield Finding("pack-damaged", place, f"{path.name}: {error.strerror}")
            continue
        if not good:
            yield Finding("pack-damaged", place, f"{path.name}: the checksum at its end is not that of its bytes")
        elif suffix == ".pack" and size != pack.size:
            yield Finding("pack-size", place, f"{size} bytes, the row says {pack.size}")


def _checksum(path: Path) -> tuple[int, bool]:
    """Return (bytes, whether the SHA-1 in the last 20 bytes is that of all bytes before them)."""
    digest = hashlib.sha1(usedforsecurity=False)
    size = path.stat().st_size
    left = size - 20
    with path.open("rb") as file:
        while left > 0 and (piece := file.read(min(CHUNK, left))):
            digest.update(piece)
            left -= len(piece)
        return size, file.read() == digest.digest() and size >= 20


def _objects(state: _State, directory: Path) -> Iterator[Finding]:
    tips = "".join(f"{oid}\n" for oid in dict.fromkeys(state.refs.values()))
    try:
        # Everything below the refs must be there; what is read while walking is checked by git itself.
        command.run(directory, "rev-list", "--objects", "--quiet", "--stdin", stdin=tips.encode(), limits=_LIMITS)
    except GitError as error:
        said = str(error.params.get("stderr", error)).splitlines()
        yield Finding("objects-missing", state.where, said[-1] if said else error.code)
        return
    found = peel.peel(directory, set(state.refs.values()))
    for name, oid in sorted(state.refs.items()):
        wanted = found.get(oid, "") if not name.startswith("refs/heads/") else ""
        if wanted != state.peeled.get(name, ""):
            yield Finding(
                "peeled", f"{state.where} {name}", f"{state.peeled.get(name, 'nothing')} is stored, {wanted} is right"
            )


_LIMITS = command.Limits(seconds=4 * 3600)


def _blobs() -> Iterator[Finding]:
    kept = blobs.store()
    for blob in kept.all():
        with contextlib.suppress(blobs.BlobMissing):  # deleted while we look
            if not kept.verify(blob.sha256):
                yield Finding("blob-damaged", f"blob {blob.sha256}", "the SHA-256 of its bytes is another")
