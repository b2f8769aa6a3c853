"""Reading refs."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from openhearth.code.refs.models import Pack, PushLog, Ref
from openhearth.code.refs.rules import ZERO
from openhearth.code.repos import queries as repos
from openhearth.code.repos.models import Repository
from openhearth.git import refnames, store, wants
from openhearth.git.errors import GitError
from openhearth.git.packfile import PackInfo
from openhearth.git.views import AdvertisedRef, RefView
from openhearth.kernel import clock, config
from openhearth.kernel import store as content
from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import Actor

HEADS = "refs/heads/"
TAGS = "refs/tags/"

SHOWN_FOR = timedelta(minutes=10)
SHOWN_MOST = 200

_views: OrderedDict[tuple[int, int, int, str], RefView] = OrderedDict()
_views_lock = threading.Lock()
_VIEWS_KEPT = 64


def ref_view(actor: Actor, repository: Repository) -> RefView:
    """Return the refs that `actor` may see, with HEAD. Raises `Hidden` where it may not read the repository.

    Views are kept by (repository, epoch, version): the version is read anew each time, so a kept one is never old.
    """
    engine.require(actor, "repo.read", repository)
    return current_view(repository)


def current_view(repository: Repository) -> RefView:
    """Return the advertised refs of a repository at its newest version, without asking who wants to know."""
    row = Repository.objects.filter(pk=repository.pk).values_list("refs_epoch", "refs_version", "default_branch").get()
    key = (repository.pk, *row)
    with _views_lock:
        if key in _views:
            _views.move_to_end(key)
            return _views[key]
    view = _build(repository.pk, version=row[1], branch=row[2])
    with _views_lock:
        _views[key] = view
        while len(_views) > _VIEWS_KEPT:
            _views.popitem(last=False)
    return view


def tips_to_build_on(repository: Repository) -> list[str]:
    """Return the ids on which a push may build: those of the advertised refs, and those that were a moment ago.

    What a client was shown when its push began may have been moved away by others before its objects are here.
    """
    since = clock.now() - SHOWN_FOR
    newest = PushLog.objects.filter(repository_id=repository.pk).order_by("-version", "-id")
    moved = newest.values_list("ref", "old", "at")[:SHOWN_MOST]
    lately = [old for ref, old, at in moved if at >= since and old != ZERO and not refnames.is_hidden(ref)]
    return list(dict.fromkeys([*(ref.oid for ref in current_view(repository).refs), *lately]))


def _build(repository_id: int, *, version: int, branch: str) -> RefView:
    rows = Ref.objects.filter(repository_id=repository_id).values_list("name", "oid", "peeled")
    shown = sorted(
        (AdvertisedRef(name, oid, peeled or None) for name, oid, peeled in rows if not refnames.is_hidden(name)),
        key=lambda ref: ref.name.encode(),
    )
    return RefView(refs=tuple(shown), head=HEADS + branch, version=version)


def branch_names(repository: Repository) -> list[str]:
    """Return the names of a repository's branches, sorted."""
    rows = Ref.objects.filter(repository=repository, name__startswith=HEADS).values_list("name", flat=True)
    return sorted(name.removeprefix(HEADS) for name in rows)


def tips_of(repository_id: int) -> list[str]:
    """Return the id of every ref of a repository, by its number."""
    return list(Ref.objects.filter(repository_id=repository_id).values_list("oid", flat=True).distinct())


def commit_tips(repository_id: int) -> list[str]:
    """Return the ids of the commits that branches point to."""
    rows = Ref.objects.filter(repository_id=repository_id, name__startswith=HEADS)
    return list(rows.values_list("oid", flat=True).distinct())


def packs_stay() -> Path:
    """Return the lock that whoever copies packs (a backup) holds shared: while it is held no pack is removed."""
    return config.current().paths.locks / "packs-stay"


def packs_settle(directory: Path) -> Path:
    """Return the lock of one repository's packs.

    Whoever puts packs there holds it shared until their rows are committed; whoever removes packs holds it alone, so
    that a pack without a row is nobody's.
    """
    return directory / "hearth-packs-lock"


def pack_info(pack: Pack) -> PackInfo:
    """Return a row in the plumbing's form."""
    return PackInfo(name=pack.name, objects=pack.objects_count, size=pack.size)


def branches(view: RefView) -> dict[str, str]:
    """Return branch name to commit id."""
    return {ref.name.removeprefix(HEADS): ref.oid for ref in view.refs if ref.name.startswith(HEADS)}


def tags(view: RefView) -> dict[str, AdvertisedRef]:
    """Return tag name to ref."""
    return {ref.name.removeprefix(TAGS): ref for ref in view.refs if ref.name.startswith(TAGS)}


def prepared_storage(repository: Repository) -> Path:
    """Return the repository's folder, made where it does not exist, with its refs as new as the database's."""
    directory = repos.storage(repository)
    if not directory.exists():
        with contextlib.suppress(FileExistsError):  # another process made it in this moment
            store.create(directory)
    refresh_cache(repository, directory)
    return directory


def refresh_cache(repository: Repository, directory: Path) -> None:
    """Write the refs on disk anew where the database is ahead. The disk is only a cache of it."""
    version, branch = Repository.objects.filter(pk=repository.pk).values_list("refs_version", "default_branch").get()
    if store.refs_version(directory) == version:
        return
    rows = [
        (name, oid, peeled or None)
        for name, oid, peeled in Ref.objects.filter(repository=repository).values_list("name", "oid", "peeled")
    ]
    store.write_refs(directory, rows, HEADS + branch, version)


def pushes_of(repository: Repository, *, limit: int) -> list[PushLog]:
    """Return the newest rows of the push log."""
    return list(PushLog.objects.filter(repository=repository).order_by("-id")[:limit])


def live_packs(repository: Repository | int) -> list[Pack]:
    """Return the packs that hold the repository's objects."""
    return list(Pack.objects.filter(repository=repository, superseded_at=None).order_by("pk"))


def folded_packs(before: datetime, repository_id: int | None = None) -> dict[int, list[str]]:
    """Return the names of packs whose objects others took over before that moment, by repository, of one or of all."""
    rows = Pack.objects.filter(superseded_at__lt=before).order_by("repository_id", "pk")
    if repository_id is not None:
        rows = rows.filter(repository_id=repository_id)
    found: dict[int, list[str]] = {}
    for number, name in rows.values_list("repository_id", "name"):
        found.setdefault(number, []).append(name)
    return found


def repository_numbers() -> list[int]:
    """Return the numbers of all repositories, deleted ones that can be brought back among them."""
    return list(Repository.objects.order_by("pk").values_list("pk", flat=True))


def known_packs(repository_ids: Sequence[int]) -> dict[int, set[str]]:
    """Return the names of all packs that have a row, by repository, for each of these repositories."""
    found: dict[int, set[str]] = {number: set() for number in repository_ids}
    for number, name in Pack.objects.filter(repository_id__in=repository_ids).values_list("repository_id", "name"):
        found[number].add(name)
    return found


class KnownWants:
    """Answers to "may this object be read" for one repository, in the content store: a `git.wants.WantStore`.

    All answers for one set of refs are one value. Two writers at once may lose some: they are found again.
    """

    MOST = 5000
    """Answers kept for one set of refs; further ones are asked of git each time."""

    def __init__(self, repository_id: int) -> None:
        self._repository_id = repository_id

    def known(self, key: str, oids: Sequence[str]) -> dict[str, bool]:
        """Return the known answers among `oids`."""
        kept = self._kept(key)
        return {oid: kept[oid] for oid in oids if oid in kept}

    def keep(self, key: str, answers: Mapping[str, bool]) -> None:
        """Keep answers."""
        kept = {**self._kept(key), **answers}
        if len(kept) <= self.MOST:
            content.put(self._row(key), msgspec.json.encode(kept))

    async def get(self, key: str, oids: Sequence[str]) -> dict[str, bool]:
        """The same as `known`, for the loop."""
        return await asyncio.to_thread(self.known, key, oids)

    async def put(self, key: str, answers: Mapping[str, bool]) -> None:
        """The same as `keep`, for the loop."""
        await asyncio.to_thread(self.keep, key, answers)

    def _kept(self, key: str) -> dict[str, bool]:
        found = content.get(self._row(key))
        return msgspec.json.decode(found, type=dict[str, bool]) if found else {}

    def _row(self, key: str) -> str:
        return f"refs.wants:{self._repository_id}:{key}"


def want_store(repository: Repository) -> KnownWants:
    """Return the memory of want checks of a repository."""
    return KnownWants(repository.pk)


def may_read(repository: Repository, view: RefView, oid: str) -> bool:
    """Tell whether an object is a tip of the view or reachable from one. For threads, never for the loop.

    Every read by id asks this: objects of deleted branches and hidden refs are still in the store. Raises
    `git.errors.TimedOut`.
    """
    if oid in view.tips():
        return True
    memory, key = want_store(repository), wants.key_of(view)
    known = memory.known(key, [oid])
    if oid not in known:
        known = {oid: _reachable(repos.storage(repository), view, oid)}
        memory.keep(key, known)
    return known[oid]


def _reachable(directory: Path, view: RefView, oid: str) -> bool:
    if not directory.exists():
        return False
    tips = [ref.oid for ref in view.refs]
    try:
        return not asyncio.run(wants.unreachable(directory, [oid], tips))
    except GitError as error:
        if error.code != "git-failed":
            raise
        return False
