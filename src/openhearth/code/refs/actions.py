"""The push: every move of a ref, whoever asks for it, goes through `apply_push`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import Q, Sum

from openhearth.code.refs import queries, rules
from openhearth.code.refs.events import RefsPushed
from openhearth.code.refs.models import Pack, PushLog, Ref
from openhearth.code.refs.rules import HEADS, Move, Refusal
from openhearth.code.repos import actions as repo_actions
from openhearth.code.repos import queries as repos
from openhearth.code.repos.models import Repository
from openhearth.git import peel, refnames
from openhearth.git.maintenance import Folded
from openhearth.git.receive import PackInfo, Quarantine, is_fast_forward
from openhearth.kernel import clock, gates, participants
from openhearth.kernel.events.emit import emit
from openhearth.kernel.jobs.queue import enqueue
from openhearth.kernel.locks import held
from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import Actor

STEP = "ref.updating"
PACKS_BEFORE_FOLDING = 40
FOLDED_KEPT = timedelta(minutes=10)
STRAYS_KEPT = timedelta(days=1)
"""So long a pack without a row stays, though the lock on packs alone would make its removal safe."""


@dataclass(frozen=True, slots=True)
class PushContext:
    """What gates and participants get to see of a push.

    Gates see every move asked for. Participants see the moves that are made, and the repository's row as it is before
    them (its refs version rises by one).
    """

    actor: Actor
    repository: Repository
    moves: tuple[Move, ...]
    directory: Path
    quarantine: Path | None
    incoming: int
    """Bytes of the packs that the push brings."""
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PushOutcome:
    """What came of a push: for each ref None (moved) or its refusal, and the new refs version (None: no change)."""

    results: Mapping[str, Refusal | None]
    version: int | None
    first: bool = False
    """Whether this push brought the repository its first branch."""

    @property
    def moved(self) -> list[str]:
        """The refs that were moved."""
        return [ref for ref, refusal in self.results.items() if refusal is None]


@dataclass(slots=True)
class _Prepared:
    """What was worked out before the transaction, so that inside it only rows are compared and written."""

    context: PushContext
    refusals: dict[str, Refusal]
    peeled: dict[str, str] = field(default_factory=dict)
    forced: set[str] = field(default_factory=set)
    packs: tuple[PackInfo, ...] = ()
    verdicts: list[gates.Verdict] = field(default_factory=list)


class _Rollback(Exception):
    """Leaves the transaction of an atomic push of which one ref was refused."""


def apply_push(
    *,
    actor: Actor,
    repository: Repository,
    moves: Sequence[Move],
    quarantine: Quarantine,
    options: Sequence[str] = (),
    atomic: bool = False,
) -> PushOutcome:
    """Move refs: rights and names, gates, objects to disk, then one transaction, then the cache on disk.

    Acknowledged is what this returns: at that moment objects and rows are durable. Raises `Hidden` or `Denied`
    where the actor may not push. The quarantine is published or discarded in every case.
    """
    try:
        engine.require(actor, "repo.push", repository)
        prepared = _prepare(actor, repository, tuple(moves), quarantine, tuple(options), atomic=atomic)
        todo = [move for move in prepared.context.moves if move.ref not in prepared.refusals]
        if not todo or (atomic and prepared.refusals):
            return PushOutcome(_results(prepared, atomic=atomic), None)
        with held(queries.packs_settle(prepared.context.directory), shared=True):
            prepared.packs = quarantine.publish()
            _look_at_objects(prepared, todo)
            return _commit(prepared, todo, atomic=atomic)
    finally:
        quarantine.discard()


def _prepare(
    actor: Actor,
    repository: Repository,
    moves: tuple[Move, ...],
    quarantine: Quarantine,
    options: tuple[str, ...],
    *,
    atomic: bool,
) -> _Prepared:
    directory = repos.storage(repository)
    context = PushContext(
        actor,
        repository,
        moves,
        directory,
        quarantine.directory,
        sum(pack.size for pack in quarantine.packs),
        options,
    )
    prepared = _Prepared(context, {})
    for move in moves:
        fault = refnames.check(move.ref)
        if fault and not move.deletes:
            prepared.refusals[move.ref] = Refusal(fault)
        elif refnames.is_hidden(move.ref):
            prepared.refusals[move.ref] = Refusal("internal-namespace")
    _keep_default(prepared, moves, repository.default_branch)
    if not (atomic and prepared.refusals):
        prepared.verdicts = gates.examine(STEP, context)
        _take_verdicts(prepared, prepared.verdicts)
    return prepared


def _keep_default(prepared: _Prepared, moves: Sequence[Move], branch: str) -> None:
    """Refuse to delete the default branch; asked again under the lock, for it may have become another one."""
    for move in moves:
        if move.deletes and move.ref == HEADS + branch:
            prepared.refusals.setdefault(move.ref, Refusal("default-branch", {"branch": branch}))


def _take_verdicts(prepared: _Prepared, verdicts: Sequence[gates.Verdict]) -> None:
    """Refuse what gates refuse: single refs, or all of them where the whole step is refused."""
    for verdict in verdicts:
        for move in prepared.context.moves:
            found = verdict.refusals.get(move.ref) or verdict.refusals.get(gates.WHOLE)
            if found is not None:
                prepared.refusals.setdefault(move.ref, Refusal(found.code, found.params))


def _look_at_objects(prepared: _Prepared, todo: Sequence[Move]) -> None:
    """Find what annotated tags point to and which branches are rewritten: work that must not hold the write lock."""
    directory = prepared.context.directory
    tags = [move.new for move in todo if not move.deletes and not move.ref.startswith(HEADS)]
    prepared.peeled = peel.peel(directory, tags)
    moving = [m for m in todo if m.ref.startswith(HEADS) and not m.creates and not m.deletes]
    current = _current(prepared.context.repository, moving) if moving else {}
    prepared.forced = {
        move.ref
        for move in moving
        if current.get(move.ref) == move.old and not is_fast_forward(directory, move.old, move.new)
    }


def _commit(prepared: _Prepared, todo: Sequence[Move], *, atomic: bool) -> PushOutcome:
    try:
        with transaction.atomic():
            version, first = _write(prepared, todo, atomic=atomic)
    except _Rollback:
        return PushOutcome(_results(prepared, atomic=True), None)
    outcome = PushOutcome(_results(prepared, atomic=False), version, first)
    if version is not None:
        queries.refresh_cache(prepared.context.repository, prepared.context.directory)
    return outcome


def _results(prepared: _Prepared, *, atomic: bool) -> dict[str, Refusal | None]:
    refused = prepared.refusals
    others = Refusal("atomic") if atomic and refused else None
    return {move.ref: refused.get(move.ref, others) for move in prepared.context.moves}


def _write(prepared: _Prepared, todo: Sequence[Move], *, atomic: bool) -> tuple[int | None, bool]:
    """Inside the transaction: ask again, compare and swap, log, count, tell. Returns (new version, first push)."""
    context = prepared.context
    repository = Repository.objects.select_for_update().get(pk=context.repository.pk)
    engine.require(context.actor.fresh(), "repo.push", repository)
    _take_verdicts(prepared, gates.confirm(STEP, context, prepared.verdicts))
    current = _current(repository, todo)
    _compare(prepared, todo, current)
    _keep_default(prepared, todo, repository.default_branch)
    moves = [move for move in todo if move.ref not in prepared.refusals]
    if atomic and prepared.refusals:
        raise _Rollback
    if not moves:
        return None, False
    participants.run(STEP, replace(context, repository=repository, moves=tuple(moves)))
    _write_refs(repository, moves, prepared)
    first = _first_branches(repository, moves)
    _write_repository(repository, prepared)
    _log(context, repository, moves, prepared)
    updates = tuple((move.ref, move.old, move.new) for move in moves)
    emit(RefsPushed(repository.pk, repository.refs_version, updates), actor=context.actor, target=repository)
    enqueue("code.refs.maintain", unique_key=f"maintain:{repository.pk}", repository_id=repository.pk)
    return repository.refs_version, first


def choose_default_branch(*, actor: Actor, repository: Repository, branch: str) -> Repository:
    """Make a branch the default one: what clones and pages begin with. Raises `Invalid` where there is none of it."""

    def exists(name: str) -> bool:
        return Ref.objects.filter(repository_id=repository.pk, name=HEADS + name).exists()

    repo_actions.set_default_branch(actor=actor, repository=repository, branch=branch, exists=exists)
    directory = repos.storage(repository)
    if directory.exists():
        queries.refresh_cache(repository, directory)
    return repository


def _current(repository: Repository, todo: Sequence[Move]) -> dict[str, str]:
    """Return what the refs in question point to now; for creations all names, to see clashes."""
    rows = Ref.objects.filter(repository=repository)
    if not any(move.creates for move in todo):
        rows = rows.filter(name__in=[move.ref for move in todo])
    return dict(rows.values_list("name", "oid"))


def _compare(prepared: _Prepared, todo: Sequence[Move], current: Mapping[str, str]) -> None:
    for move in todo:
        if refusal := rules.stale(move, current.get(move.ref)):
            prepared.refusals.setdefault(move.ref, refusal)
    living = [move for move in todo if move.ref not in prepared.refusals]
    for ref, refusal in rules.clashes(living, current).items():
        prepared.refusals.setdefault(ref, refusal)


def _write_refs(repository: Repository, moves: Sequence[Move], prepared: _Prepared) -> None:
    now = clock.now()
    deleted = [move.ref for move in moves if move.deletes]
    for start in range(0, len(deleted), 500):
        Ref.objects.filter(repository=repository, name__in=deleted[start : start + 500]).delete()
    kept = [
        Ref(
            repository=repository,
            name=m.ref,
            oid=m.new,
            peeled=prepared.peeled.get(m.new, ""),
            updated_at=now,
        )
        for m in moves
        if not m.deletes
    ]
    Ref.objects.bulk_create(
        kept,
        batch_size=150,
        update_conflicts=True,
        unique_fields=["repository", "name"],
        update_fields=["oid", "peeled", "updated_at"],
    )


def _first_branches(repository: Repository, moves: Sequence[Move]) -> bool:
    """Choose the default branch when the first branches arrive. Returns whether they just did."""
    created = [move.ref.removeprefix(HEADS) for move in moves if move.creates and move.ref.startswith(HEADS)]
    if not created:
        return False
    own = [HEADS + name for name in created]
    older = Ref.objects.filter(repository=repository, name__startswith=HEADS)
    if older.filter(~Q(name__in=own[:500])).exists() and len(own) <= 500:
        return False
    repository.default_branch = rules.default_after_first_push(repository.default_branch, created)
    return True


def _write_repository(repository: Repository, prepared: _Prepared) -> None:
    added = sum(pack.size for pack in prepared.packs if _count_pack(repository, pack))
    repository.refs_version += 1
    repository.size_bytes += added
    repository.pushed_at = clock.now()
    repository.save(update_fields=["refs_version", "size_bytes", "pushed_at", "default_branch"])


def _count_pack(repository: Repository, pack: PackInfo) -> bool:
    """Let a pack be one of the repository's; whether it was not yet. One that others had taken over is back.

    The caller holds the repository's row, so nobody adds the same pack meanwhile.
    """
    row = Pack.objects.filter(repository=repository, name=pack.name).first()
    if row is None:
        Pack.objects.create(repository=repository, name=pack.name, objects_count=pack.objects, size=pack.size)
        return True
    if row.superseded_at is None:
        return False
    row.superseded_at = None
    row.save(update_fields=["superseded_at"])
    return True


def record_fold(repository_id: int, folded: Folded) -> None:
    """Let new packs take the place of those whose objects they hold, and count the bytes anew."""
    now = clock.now()
    with transaction.atomic():
        repository = Repository.objects.select_for_update().get(pk=repository_id)
        for pack in folded.made:
            _count_pack(repository, pack)
        old = Pack.objects.filter(repository=repository, name__in=folded.replaced, superseded_at=None)
        old.update(superseded_at=now)
        _sum_packs(repository)


def _sum_packs(repository: Repository) -> None:
    live = Pack.objects.filter(repository=repository, superseded_at=None)
    repository.size_bytes = live.aggregate(total=Sum("size"))["total"] or 0
    repository.save(update_fields=["size_bytes"])


def forget_packs(repository_id: int, names: Sequence[str]) -> None:
    """Forget packs that were taken over by others, once their files are gone."""
    for start in range(0, len(names), 200):
        rows = Pack.objects.filter(repository_id=repository_id, name__in=names[start : start + 200])
        rows.exclude(superseded_at=None).delete()


def keep_packs(repository_id: int, packs: Sequence[PackInfo]) -> None:
    """Let packs be the repository's (again): they turned out to hold what no other pack holds."""
    with transaction.atomic():
        repository = Repository.objects.select_for_update().get(pk=repository_id)
        for pack in packs:
            _count_pack(repository, pack)
        _sum_packs(repository)


def _log(context: PushContext, repository: Repository, moves: Sequence[Move], prepared: _Prepared) -> None:
    actor = context.actor
    now = clock.now()
    PushLog.objects.bulk_create(
        [
            PushLog(
                repository=repository,
                epoch=repository.refs_epoch,
                version=repository.refs_version,
                actor_kind=actor.kind,
                actor_id=actor.account_id,
                actor_name=actor.name[:100],
                credential=actor.credential,
                ref=move.ref,
                old=move.old,
                new=move.new,
                forced=move.ref in prepared.forced,
                options=list(context.options) if index == 0 else [],
                at=now,
            )
            for index, move in enumerate(moves)
        ],
        batch_size=100,
    )
