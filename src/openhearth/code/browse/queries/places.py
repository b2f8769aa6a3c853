"""From an address to a commit that this actor may see."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from openhearth.code.browse.rules.addresses import Addresses, can_exist, candidates, is_full_id
from openhearth.code.refs import queries as refs
from openhearth.code.repos import queries as repos
from openhearth.code.repos.models import Repository
from openhearth.git import objects
from openhearth.git.errors import GitError
from openhearth.git.views import AdvertisedRef, RefView
from openhearth.kernel.policy.actors import Actor

HEADS = refs.HEADS
TAGS = refs.TAGS
_USUAL = ("main", "master", "trunk", "develop")


class NoSuchPlace(Exception):
    """There is nothing at this address that the actor may see."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A repository as one actor may read it."""

    repository: Repository
    directory: Path
    view: RefView
    addresses: Addresses

    @property
    def is_empty(self) -> bool:
        """Whether nothing was pushed yet, as far as this actor can see."""
        return not self.view.refs


@dataclass(frozen=True, slots=True)
class Place:
    """A commit by the name under which it was asked for, and a path in it. `path` has no slash at its ends."""

    kind: Literal["branch", "tag", "commit"]
    ref: str
    commit: str
    path: str = ""

    @property
    def full_ref(self) -> str:
        """The full name of the ref; the id of a commit."""
        return {"branch": HEADS, "tag": TAGS, "commit": ""}[self.kind] + self.ref

    @property
    def label(self) -> str:
        """The name for people: of a commit, its short id."""
        return objects.abbreviate(self.ref) if self.kind == "commit" else self.ref


def open_repository(actor: Actor, repository: Repository) -> Opened:
    """Return the repository with the refs that `actor` may see. Raises `Hidden`."""
    return Opened(
        repository=repository,
        directory=repos.storage(repository),
        view=refs.ref_view(actor, repository),
        addresses=Addresses(repository.owner.name, repository.name),
    )


def locate(opened: Opened, rest: str) -> Place:
    """Return what `REF/PATH` means: a full id first, else the longest ref. Raises `NoSuchPlace`.

    An id comes before a branch of that name, so that nobody can make a permanent address show something else.
    """
    place = _find(opened, rest)
    if not can_exist(place.path):
        raise NoSuchPlace
    return place


def _find(opened: Opened, rest: str) -> Place:
    possible = candidates(rest)
    first, path = possible[-1] if possible else ("", "")
    if is_full_id(first):
        try:
            return Place("commit", first, readable_commit(opened, first), path)
        except NoSuchPlace:
            pass  # a branch may still have this name
    wanted = {prefix + name for name, _path in possible for prefix in ("", HEADS, TAGS)}
    known = {ref.name: ref for ref in opened.view.refs if ref.name in wanted}
    for name, path_below in possible:
        for full in (HEADS + name, TAGS + name, name):
            if full in known and full.startswith((HEADS, TAGS)):
                return _at(opened, known[full], path_below)
    if first == "HEAD" and (start := start_place(opened)):
        return Place(start.kind, start.ref, start.commit, path)
    raise NoSuchPlace


def start_place(opened: Opened) -> Place | None:
    """Return where reading begins: the default branch, else a usual or any other branch, else a tag."""
    head = opened.view.head_ref()
    if head is not None:
        return _at(opened, head, "")
    branches = {ref.name.removeprefix(HEADS): ref for ref in opened.view.refs if ref.name.startswith(HEADS)}
    for name in (*_USUAL, *branches):
        if name in branches:
            return _at(opened, branches[name], "")
    for ref in opened.view.refs:
        if ref.name.startswith(TAGS):
            try:
                return _at(opened, ref, "")
            except NoSuchPlace:
                continue
    return None


def readable_commit(opened: Opened, oid: str) -> str:
    """Return a full id where it names a commit that this actor may see. Raises `NoSuchPlace`."""
    if not refs.may_read(opened.repository, opened.view, oid):
        raise NoSuchPlace
    return _commit_of(opened, oid)


def expand(opened: Opened, prefix: str) -> str:
    """Return the full id of the visible commit that begins so. Raises `NoSuchPlace`."""
    found = objects.expand(opened.directory, prefix) if opened.directory.exists() else None
    if found is None:
        raise NoSuchPlace
    return readable_commit(opened, found)


def _at(opened: Opened, ref: AdvertisedRef, path: str) -> Place:
    commit = _commit_of(opened, ref.peeled or ref.oid)
    if ref.name.startswith(HEADS):
        return Place("branch", ref.name.removeprefix(HEADS), commit, path)
    return Place("tag", ref.name.removeprefix(TAGS), commit, path)


def _commit_of(opened: Opened, oid: str) -> str:
    try:
        return objects.peel_to_commit(opened.directory, oid)
    except GitError as error:
        if error.code in {"object-missing", "not-a-commit", "no-repository"}:
            raise NoSuchPlace from error
        raise
