"""Keeping a repository quick: few packs, a bitmap, a commit-graph. Nothing here ever drops an object.

Folding only adds packs. The old ones go by an explicit `remove_packs`, which looks again whether all they
hold is held elsewhere. One process at a time works on a repository.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from openhearth.git import command, store
from openhearth.git.command import Limits
from openhearth.git.errors import GitError
from openhearth.git.packfile import PackIndex, PackInfo
from openhearth.git.receive.quarantine import Quarantine

LIMITS = Limits(seconds=4 * 3600, memory_bytes=4 << 30)

_LOCK_FILE = "hearth-maintenance-lock"
_PACK = ("pack-objects", "-q", "--delta-base-offset", "--non-empty")


@dataclass(frozen=True, slots=True)
class Folded:
    """Packs that were made and are in place, and the names of those whose every object they hold."""

    made: tuple[PackInfo, ...]
    replaced: tuple[str, ...]


def choose(packs: Sequence[PackInfo], *, factor: int = 2) -> tuple[str, ...]:
    """Return the packs to fold so that each that stays has `factor` times the objects of the next smaller.

    Small packs are folded often and large ones seldom, so an object is rewritten a logarithmic number of
    times. Empty when nothing is to be gained; when it names every pack, `fold_all` makes a better pack.
    """
    ordered = sorted(packs, key=lambda pack: (pack.objects, pack.name))
    end = 0
    for at in range(1, len(ordered)):
        if ordered[at].objects < factor * ordered[at - 1].objects:
            end = at + 1
    total = sum(pack.objects for pack in ordered[:end])
    while 0 < end < len(ordered) and ordered[end].objects < factor * total:
        total += ordered[end].objects
        end += 1
    return tuple(pack.name for pack in ordered[:end])


def fold(directory: Path, names: Sequence[str], *, limits: Limits = LIMITS) -> Folded:
    """Make one pack of everything that these packs hold, reachable or not."""
    with alone(directory):
        made = _write(directory, ("--stdin-packs",), _pack_rows(names), limits)
        return _folded(directory, names, made)


def fold_all(directory: Path, tips: Iterable[str], *, limits: Limits = LIMITS) -> Folded:
    """Fold every pack: one pack of all that `tips` reach, with its bitmap, and one of the rest, if any.

    A repository that borrows objects from another gets one pack without a bitmap, since a bitmap needs all
    of history in its pack.
    """
    with alone(directory):
        names = [pack.name for pack in store.packs(directory)]
        wanted = list(dict.fromkeys(tips))
        if not wanted or (directory / "objects" / "info" / "alternates").exists():
            made = _write(directory, ("--stdin-packs",), _pack_rows(names), limits)
            return _folded(directory, names, made)
        reachable = _write_reachable(directory, wanted, limits)
        done = [pack.name for pack in reachable]
        others = _pack_rows(name for name in names if name not in done)
        minus = "".join(f"^{name}.pack\n" for name in done)
        rest = _write(directory, ("--stdin-packs",), others + minus, limits) if others else ()
        return _folded(directory, names, (*reachable, *rest))


def _pack_rows(names: Iterable[str]) -> str:
    return "".join(f"{name}.pack\n" for name in names)


def _write(directory: Path, how: Sequence[str], rows: str, limits: Limits) -> tuple[PackInfo, ...]:
    """Run pack-objects in quarantine and publish what it made."""
    if not rows:
        return ()
    with Quarantine.create(directory) as quarantine:
        command.run(directory, *_PACK, *how, _base(quarantine), stdin=rows.encode(), limits=limits)
        quarantine.collect()
        return quarantine.publish()


def _write_reachable(directory: Path, tips: Sequence[str], limits: Limits) -> tuple[PackInfo, ...]:
    """Publish one pack of all that `tips` reach, with its bitmap.

    git makes a bitmap only for a pack of "all refs", so it works in an empty repository over the same
    objects whose refs are the tips.
    """
    with Quarantine.create(directory) as quarantine:
        base = Path(_base(quarantine))
        view = base.parent.parent / "view"
        store.create(view)
        refs = [(f"refs/tips/{at:08}", oid, None) for at, oid in enumerate(tips)]
        store.write_refs(view, refs, "refs/tips/00000000", 1)
        how = ("--all", "--write-bitmap-index")
        command.run(view, *_PACK, *how, str(base), limits=limits, quarantine=directory / "objects")
        quarantine.collect()
        return quarantine.publish()


def _base(quarantine: Quarantine) -> str:
    if quarantine.directory is None:
        raise GitError("quarantine-closed")
    return str(quarantine.directory / "pack" / "pack")


def _folded(directory: Path, names: Iterable[str], made: tuple[PackInfo, ...]) -> Folded:
    new = {pack.name for pack in made}
    replaced = tuple(name for name in names if name not in new)
    _held_elsewhere(directory, replaced, sorted(new))
    return Folded(made, replaced)


def remove_packs(directory: Path, names: Sequence[str]) -> None:
    """Remove packs, durable when this returns; names that are gone already are passed over.

    GitError("pack-still-needed") when an object would be lost, and nothing is removed then.
    """
    folder = directory / "objects" / "pack"
    with alone(directory):
        going = [name for name in names if (folder / f"{name}.idx").exists()]
        staying = [pack.name for pack in store.packs(directory) if pack.name not in going]
        _held_elsewhere(directory, going, staying)
        for name in going:
            for suffix in (".idx", ".bitmap", ".rev", ".pack"):  # the index first: it makes the pack known
                (folder / f"{name}{suffix}").unlink(missing_ok=True)
        store.sync(folder)


def _held_elsewhere(directory: Path, names: Sequence[str], others: Sequence[str]) -> None:
    folder = directory / "objects" / "pack"
    with contextlib.ExitStack() as stack:
        kept = [stack.enter_context(PackIndex(folder / f"{name}.idx")) for name in others]
        for name in names:
            with PackIndex(folder / f"{name}.idx") as index:
                for oid in index.oids():
                    if not any(oid in other for other in kept):
                        raise GitError("pack-still-needed", name=name, oid=oid.hex())


def write_commit_graph(directory: Path, commits: Iterable[str], *, limits: Limits = LIMITS) -> None:
    """Add these commits and their history to the commit-graph, with the paths each of them changed.

    What is in the graph already costs nothing; a push adds its tips in milliseconds.
    """
    rows = "".join(f"{oid}\n" for oid in dict.fromkeys(commits))
    if not rows:
        return
    with alone(directory):
        graphs = directory / "objects" / "info" / "commit-graphs"
        for remains in (graphs / "commit-graph-chain.lock", *graphs.glob("tmp_graph_*")):
            remains.unlink(missing_ok=True)  # of a process that died at work
        command.run(
            directory,
            "commit-graph",
            "write",
            "--no-progress",
            "--changed-paths",
            "--split",
            "--stdin-commits",
            stdin=rows.encode(),
            limits=limits,
        )


@contextlib.contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Hold the repository's lock for work of this kind."""
    descriptor = os.open(directory / _LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
