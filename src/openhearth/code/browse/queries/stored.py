"""Answers that never change, kept in the content store under ids of objects."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import msgspec

from openhearth.code.repos.models import Repository
from openhearth.git import lastcommit
from openhearth.git.parse import path_bytes, path_text
from openhearth.kernel import store

_KEPT_COMMITS = 16


def text(key: str, make: Callable[[], str]) -> str:
    """Return a stored text, made once where it is missing."""
    return store.single_flight(key, lambda: make().encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")


def number(key: str, make: Callable[[], int]) -> int:
    """Return a stored number, made once where it is missing."""
    return int(store.single_flight(key, lambda: str(make()).encode()))


def numbers(key: str, make: Callable[[], dict[str, int]]) -> dict[str, int]:
    """Return stored figures by name, made once where they are missing."""
    found = store.single_flight(key, lambda: msgspec.json.encode(make()))
    return msgspec.json.decode(found, type=dict[str, int])


class Answers:
    """The last commits of a repository's folders: an `AnswerStore` of `git.lastcommit`.

    The newest commits with an answer are kept in one row for each folder, so that a walk after a push ends at
    the commit before it.
    """

    def __init__(self, repository: Repository) -> None:
        self._prefix = f"browse.last:{repository.pk}"

    def key(self, folder: str, commit: str) -> str:
        """The store's key of one answer."""
        return f"{self._prefix}:{commit}:{folder}"

    def get(self, folder: str, commit: str) -> Mapping[str, str] | None:
        """Return the whole answer for a folder at a commit."""
        found = store.get(self.key(folder, commit))
        return None if found is None else unpack(found)

    def put(self, folder: str, commit: str, answers: Mapping[str, str]) -> None:
        """Note that there is an answer for this commit; the caller's single flight stores the answer itself."""
        del answers
        others = [oid for oid in self.commits(folder) if oid != commit]
        store.put(self._newest(folder), " ".join([commit, *others][:_KEPT_COMMITS]).encode())

    def commits(self, folder: str) -> Collection[str]:
        """Return the newest commits with an answer for a folder."""
        return (store.get(self._newest(folder)) or b"").decode().split()

    def _newest(self, folder: str) -> str:
        return f"{self._prefix}:newest:{folder}"


def last_commits(repository: Repository, directory: Path, commit: str, folder: str) -> dict[str, str]:
    """Return entry name to the id of its last commit. Raises as `git.lastcommit.last_commits`."""
    answers = Answers(repository)

    def make() -> bytes:
        return pack(lastcommit.last_commits(directory, commit, folder, store=answers))

    return unpack(store.single_flight(answers.key(folder, commit), make))


def pack(answers: Mapping[str, str]) -> bytes:
    """Write names and ids; names may hold any bytes but NUL."""
    return b"\0".join(path_bytes(name) + b"\0" + oid.encode() for name, oid in answers.items())


def unpack(packed: bytes) -> dict[str, str]:
    """Read what `pack` wrote."""
    parts = packed.split(b"\0") if packed else []
    return {path_text(name): oid.decode() for name, oid in zip(parts[::2], parts[1::2], strict=True)}
