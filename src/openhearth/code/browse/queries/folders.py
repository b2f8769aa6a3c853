"""Folders: their entries, with the commit that last changed each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from openhearth.code.browse.queries import stored
from openhearth.code.browse.queries.places import NoSuchPlace, Opened, Place
from openhearth.code.browse.rules import files
from openhearth.git import objects
from openhearth.git.errors import GitError, TimedOut
from openhearth.git.objects import Commit, Entry

MISSING = frozenset({"no-such-path", "not-a-folder", "object-missing"})
MOST_ROWS = 3000
"""More entries of one folder than these are not listed on a page."""
_JOINED_FOLDERS = 100
_JOINED_DEPTH = 8
_TREE_ROWS = 300
_WARM_DEPTH = 2
_WARM_FOLDERS = 200
_GITMODULES_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Row:
    """One entry of a folder. `joined`: names of only children that were joined to it (`bindings` + `python`)."""

    entry: Entry
    joined: str
    last: Commit | None


@dataclass(frozen=True, slots=True)
class Folder:
    """The entries of a folder; `total` counts those that are not listed too."""

    rows: tuple[Row, ...]
    total: int
    latest: Commit

    @property
    def names(self) -> list[str]:
        """Names of the files in it."""
        return [row.entry.name for row in self.rows if row.entry.kind == "file"]


@dataclass(frozen=True, slots=True)
class Branch:
    """A folder or file in the tree beside a file; `children` is None for what is not open."""

    name: str
    path: str
    kind: str
    current: bool
    children: tuple[Branch, ...] | None = None


def entries(opened: Opened, place: Place) -> list[Entry]:
    """Return the entries of a folder. Raises `NoSuchPlace` where there is no folder."""
    try:
        return objects.tree(opened.directory, place.commit, place.path)
    except GitError as error:
        if error.code in MISSING:
            raise NoSuchPlace from error
        raise


def entry(opened: Opened, place: Place) -> Entry:
    """Return the entry at a path. Raises `NoSuchPlace`."""
    try:
        return objects.entry(opened.directory, place.commit, place.path)
    except GitError as error:
        if error.code in MISSING:
            raise NoSuchPlace from error
        raise


def folder(opened: Opened, place: Place) -> Folder:
    """Return a folder with last commits; these are left out where they took too long. Raises `NoSuchPlace`."""
    found = entries(opened, place)
    shown = found[:MOST_ROWS]
    last = _last(opened, place.commit, place.path)
    wanted = {last[item.name] for item in shown if item.name in last}
    commits = {oid: objects.commit(opened.directory, oid) for oid in wanted}
    folders = sum(item.kind == "folder" for item in shown)
    rows = tuple(
        Row(
            item,
            _joined(opened, item) if item.kind == "folder" and folders <= _JOINED_FOLDERS else "",
            commits.get(last.get(item.name, "")),
        )
        for item in shown
    )
    return Folder(rows, len(found), last_commit(opened, place))


def last_commit(opened: Opened, place: Place) -> Commit:
    """Return the commit that last changed a path; for the root, and where the search took too long, the place's own."""
    above, _slash, name = place.path.rpartition("/")
    oid = _last(opened, place.commit, above).get(name, place.commit) if name else place.commit
    return objects.commit(opened.directory, oid)


def _last(opened: Opened, commit: str, path: str) -> Mapping[str, str]:
    try:
        return stored.last_commits(opened.repository, opened.directory, commit, path)
    except TimedOut:
        return {}


def _joined(opened: Opened, item: Entry) -> str:
    names: list[str] = []
    oid = item.oid
    while len(names) < _JOINED_DEPTH:
        inside = objects.tree(opened.directory, oid)
        if len(inside) != 1 or inside[0].kind != "folder":
            break
        names.append(inside[0].name)
        oid = inside[0].oid
    return "/".join(names)


def warm(opened: Opened, commit: str) -> None:
    """Store the last commits of the root and of the folders in its first two levels, as far as time allows."""
    for path in _near_root(opened, commit):
        try:
            stored.last_commits(opened.repository, opened.directory, commit, path)
        except TimedOut:
            return


def _near_root(opened: Opened, commit: str) -> list[str]:
    found, level = [""], [""]
    for _depth in range(_WARM_DEPTH):
        below: list[str] = []
        for path in level:
            inside = objects.tree(opened.directory, commit, path)
            below += [f"{path}/{item.name}".lstrip("/") for item in inside if item.kind == "folder"]
            if len(found) + len(below) > _WARM_FOLDERS:
                break
        found += below
        level = below
    return found[:_WARM_FOLDERS]


def submodules(opened: Opened, place: Place) -> dict[str, str]:
    """Return path to address of the submodules at a commit."""
    try:
        found = objects.entry(opened.directory, place.commit, ".gitmodules")
        if found.kind != "file":
            return {}
        blob = objects.blob(opened.directory, found.oid, max_bytes=_GITMODULES_BYTES)
    except GitError as error:
        if error.code in MISSING:
            return {}
        raise
    return files.submodules(blob.data.decode("utf-8", "surrogateescape"))


def tree_beside(opened: Opened, place: Place) -> tuple[Branch, ...]:
    """Return the root's entries with the folders on the way to the path opened, each cut at 300 entries."""
    return _level(opened, place, "")


def _level(opened: Opened, place: Place, path: str) -> tuple[Branch, ...]:
    found: list[Branch] = []
    for item in entries(opened, Place(place.kind, place.ref, place.commit, path))[:_TREE_ROWS]:
        here = f"{path}/{item.name}" if path else item.name
        on_the_way = item.kind == "folder" and place.path.startswith(f"{here}/")
        children = _level(opened, place, here) if on_the_way else None
        found.append(Branch(item.name, here, item.kind, here == place.path, children))
    return tuple(found)
