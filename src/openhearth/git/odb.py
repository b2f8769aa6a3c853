"""Raw objects through libgit2: one open repository per thread and directory, opened anew when replaced."""

from __future__ import annotations

import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, TypeVar

import pygit2
from pygit2.enums import ConfigLevel, ObjectType, RepositoryOpenFlag

from openhearth.git.errors import GitError, ObjectMissing, TooLarge

Kind = Literal["commit", "tree", "blob", "tag"]

# A hash for every read costs up to seven times the read itself; what came in was hashed on entry.
pygit2.settings.enable_strict_hash_verification(False)
# Nothing of the account that runs the server may change what is read.
for _level in (ConfigLevel.SYSTEM, ConfigLevel.GLOBAL, ConfigLevel.XDG, ConfigLevel.PROGRAMDATA):
    pygit2.settings.search_path[_level] = ""
# Directories are named by the caller, as with `git --git-dir`; who owns them is not our question.
pygit2.settings.owner_validation = False

_KEPT_PER_THREAD: Final = 32
# Trees of half a million rows and the longest messages known stay far below.
STRUCTURE_BYTES: Final = 32 * 1024 * 1024

_FULL_ID = re.compile(r"[0-9a-f]{40}")
_KINDS: Final[dict[int, Kind]] = {
    ObjectType.COMMIT: "commit",
    ObjectType.TREE: "tree",
    ObjectType.BLOB: "blob",
    ObjectType.TAG: "tag",
}

_Stamp = tuple[int, int, int, int, int]
_T = TypeVar("_T")


class _Kept(threading.local):
    """The repositories that this thread holds open, the longest unused first."""

    def __init__(self) -> None:
        self.open: OrderedDict[str, tuple[_Stamp, pygit2.Repository]] = OrderedDict()


_kept = _Kept()


def repository(directory: Path) -> pygit2.Repository:
    """The open repository of this thread for a bare directory; never hand it to another thread.

    Raises GitError("no-repository") when there is none.
    """
    key = os.fspath(directory)
    stamp = _stamp(key)
    held = _kept.open.get(key)
    if held is not None and held[0] == stamp:
        _kept.open.move_to_end(key)
        return held[1]
    _kept.open.pop(key, None)
    try:
        opened = pygit2.Repository(key, RepositoryOpenFlag.NO_SEARCH | RepositoryOpenFlag.BARE)
    except pygit2.GitError as problem:
        raise GitError("no-repository", directory=key) from problem
    _kept.open[key] = (stamp, opened)
    while len(_kept.open) > _KEPT_PER_THREAD:
        _kept.open.popitem(last=False)
    return opened


def forget(directory: Path) -> None:
    """Close what this thread holds open for a directory (before it is deleted, for one)."""
    _kept.open.pop(os.fspath(directory), None)


def header(directory: Path, oid: str) -> tuple[Kind, int]:
    """Kind and size in bytes of an object, without reading it. Raises ObjectMissing."""
    kind, size = _ask(directory, oid, lambda odb: odb.read_header(oid))
    return _KINDS[kind], size


def read(directory: Path, oid: str) -> tuple[Kind, bytes]:
    """Kind and content of an object, whatever its size: ask `header` first. Raises ObjectMissing."""
    kind, data = _ask(directory, oid, lambda odb: odb.read(oid))
    return _KINDS[kind], data


def read_structure(directory: Path, oid: str) -> tuple[Kind, bytes]:
    """A commit, tag or tree; a blob comes back without content. Raises ObjectMissing, TooLarge."""
    kind, size = header(directory, oid)
    if kind == "blob":
        return kind, b""
    if size > STRUCTURE_BYTES:
        raise TooLarge("object-too-large", oid=oid, size=size, limit=STRUCTURE_BYTES)
    return read(directory, oid)


class Reader:
    """Many reads of one computation in one thread, without looking each time whether the store is new."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._odb = repository(directory).odb

    def raw(self, oid: bytes) -> tuple[Kind, bytes]:
        """Kind and content of a commit or tree by its 20 bytes. Raises ObjectMissing."""
        try:
            kind, data = self._odb.read(pygit2.Oid(raw=oid))
        except (KeyError, pygit2.GitError):
            found = read(self._directory, oid.hex())
            self._odb = repository(self._directory).odb
            return found
        return _KINDS[kind], data

    def commit(self, oid: str) -> bytes:
        """The content of a commit by its full id. Raises as `read_structure`, GitError("not-a-commit")."""
        try:
            name = pygit2.Oid(hex=oid) if is_full_id(oid) else None
            if name is not None and self._odb.read_header(name)[1] <= STRUCTURE_BYTES:
                kind, data = self._odb.read(name)
                if kind == ObjectType.COMMIT:
                    return data
        except (KeyError, pygit2.GitError):
            pass
        found, data = read_structure(self._directory, oid)
        if found != "commit":
            raise GitError("not-a-commit", oid=oid, kind=found)
        return data

    def exists(self, oid: bytes) -> bool:
        """Whether the object is there."""
        return self._odb.exists(pygit2.Oid(raw=oid))


def is_full_id(text: str) -> bool:
    """Whether this is a whole object id as git writes it."""
    return _FULL_ID.fullmatch(text) is not None


def _ask(directory: Path, oid: str, question: Callable[[pygit2.Odb], _T]) -> _T:
    """One question to the object store, repeated once with a fresh view when the first one fails.

    libgit2 looks for new packs itself when an object is not found, but a pack that was folded away
    between its index and its first read can end in another error.
    """
    if not is_full_id(oid):
        raise ObjectMissing("object-missing", oid=oid)
    try:
        return question(repository(directory).odb)
    except KeyError as problem:
        raise ObjectMissing("object-missing", oid=oid) from problem
    except pygit2.GitError:
        forget(directory)
    try:
        return question(repository(directory).odb)
    except KeyError as problem:
        raise ObjectMissing("object-missing", oid=oid) from problem
    except pygit2.GitError as problem:
        raise GitError("object-unreadable", oid=oid, detail=str(problem)) from problem


def _stamp(key: str) -> _Stamp:
    """What changes when a repository is created again at the same place.

    The inode alone is not enough: file systems hand the same number out again at once.
    """
    try:
        # Asked before every read: making two Path objects would cost more than the read itself.
        store = os.stat(f"{key}/objects")  # noqa: PTH116
        config = os.stat(f"{key}/config")  # noqa: PTH116
    except OSError:
        return (0, 0, 0, 0, 0)
    return (store.st_dev, store.st_ino, config.st_ino, config.st_mtime_ns, config.st_size)
