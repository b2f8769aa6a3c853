"""What processes that were killed leave behind in repositories: found by name, removed when nobody works on it.

Nothing of it blocks anybody or is ever read; it only takes room. `sweep` looks at names alone, so that a full look
at thousands of repositories takes moments.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from openhearth.git import maintenance, store
from openhearth.git.command import Limits
from openhearth.git.errors import GitError
from openhearth.git.packfile import PackIndex
from openhearth.git.receive import quarantine
from openhearth.git.wants import OBJECTS, search

DRAFT_SECONDS = 600.0
"""Half-made repositories and files of refs are somebody's work for at most this long."""
_DRAFTS = (".packed-refs-", ".HEAD-", ".hearth-refs-version-")
_SUFFIXES = frozenset({".pack", ".idx", ".rev", ".bitmap"})
_LIMITS = Limits(seconds=3600)


def sweep(root: Path) -> list[str]:
    """Remove abandoned quarantines, half-made repositories and half-written refs below `root`; returns their names."""
    removed: list[str] = []
    for shard in _entries(root):
        if shard.is_dir(follow_symlinks=False):
            for entry in _entries(shard.path):
                removed += _look(entry)
    return removed


def _look(entry: os.DirEntry[str]) -> Iterator[str]:
    if entry.name.startswith(".new-"):
        if _age(entry) > DRAFT_SECONDS:
            shutil.rmtree(entry.path, ignore_errors=True)
            yield entry.name
        return
    if not entry.name.endswith(".git"):
        return
    for inside in _entries(entry.path):
        if inside.name.startswith(_DRAFTS) and _age(inside) > DRAFT_SECONDS:
            Path(inside.path).unlink(missing_ok=True)
            yield f"{entry.name}/{inside.name}"
    if any(inside.name.startswith(quarantine.PREFIX) for inside in _entries(f"{entry.path}/objects")):
        for name in quarantine.sweep(Path(entry.path)):
            yield f"{entry.name}/{name}"


def _entries(path: str | Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(path) as found:
            return list(found)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _age(entry: os.DirEntry[str]) -> float:
    try:
        return time.time() - entry.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:
        return 0.0


def stray_packs(directory: Path, known: Collection[str], *, seconds: float) -> list[str]:
    """Return the packs on disk that `known` does not name and that nobody touched for `seconds`, whole or in part."""
    touched: dict[str, float] = {}
    for entry in _entries(directory / "objects" / "pack"):
        stem, suffix = os.path.splitext(entry.name)  # noqa: PTH122  a name, no path
        if suffix in _SUFFIXES and stem not in known:
            touched[stem] = min(touched.get(stem, seconds), _age(entry))
    return sorted(name for name, age in touched.items() if age >= seconds)


def remove_strays(directory: Path, names: Sequence[str], tips: Sequence[str]) -> None:
    """Remove packs that no reference needs, durable when this returns.

    GitError("pack-still-needed", name=) when something below `tips` is in one of them alone; nothing is removed then.
    """
    folder = directory / "objects" / "pack"
    with maintenance.alone(directory):
        for name in names:
            if _only_here(directory, name, names, tips):
                raise GitError("pack-still-needed", name=name)
        for name in names:
            for suffix in (".idx", ".bitmap", ".rev", ".pack"):
                (folder / f"{name}{suffix}").unlink(missing_ok=True)
        store.sync(folder)


def _only_here(directory: Path, name: str, going: Collection[str], tips: Sequence[str]) -> bool:
    """Tell whether a pack that goes holds something reachable that no staying pack holds."""
    folder = directory / "objects" / "pack"
    if not (folder / f"{name}.idx").exists() or not (folder / f"{name}.pack").exists():
        return False
    with contextlib.ExitStack() as stack:
        staying = [
            stack.enter_context(PackIndex(folder / f"{pack.name}.idx"))
            for pack in store.packs(directory)
            if pack.name not in going
        ]
        index = stack.enter_context(PackIndex(folder / f"{name}.idx"))
        alone = {oid.hex() for oid in index.oids() if not any(oid in other for other in staying)}
    if not alone or not tips:
        return False
    return len(asyncio.run(search(directory, alone, tips, OBJECTS, _LIMITS))) < len(alone)
