"""Reading commits, tags, trees and blobs of a bare repository. Paths are text as in `parse.path_text`."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from openhearth.git import command, odb, parse
from openhearth.git.errors import GitError, ObjectMissing
from openhearth.git.odb import Kind
from openhearth.git.parse import Commit, Entry, EntryKind, Person, Tag

__all__ = [
    "Blob",
    "Commit",
    "Entry",
    "EntryKind",
    "Kind",
    "Person",
    "Tag",
    "abbreviate",
    "blob",
    "blob_size",
    "commit",
    "commits",
    "entry",
    "expand",
    "kind_of",
    "peel_to_commit",
    "stream_blob",
    "tag",
    "tree",
]

# Blobs up to here are read in one piece in this process; greater ones come through a child of git.
_WHOLE_BYTES: Final = 8 * 1024 * 1024
# Below this a child costs more than reading more than was asked for.
_SMALL_BYTES: Final = 1024 * 1024
# git looks for a NUL in this many bytes to tell binary files from text.
_BINARY_WINDOW: Final = 8000
_STREAM_SECONDS: Final = 3600
_PIECE: Final = 64 * 1024
_LONGEST_TAG_CHAIN: Final = 32
_ABBREVIATED: Final = 10
_LONGEST_PATH: Final = 64 * 1024

_PREFIX = re.compile(r"[0-9a-f]{4,40}")


@dataclass(frozen=True, slots=True)
class Blob:
    """A file's content, at most as many bytes as were asked for; `size` is that of the whole."""

    oid: str
    size: int
    data: bytes
    truncated: bool
    binary: bool


def kind_of(directory: Path, oid: str) -> Kind:
    """What an object is. Raises ObjectMissing."""
    return odb.header(directory, oid)[0]


def commit(directory: Path, oid: str) -> Commit:
    """One commit by its full id. Raises ObjectMissing, GitError("not-a-commit"), TooLarge."""
    kind, raw = odb.read_structure(directory, oid)
    if kind != "commit":
        raise GitError("not-a-commit", oid=oid, kind=kind)
    return parse.parse_commit(oid, raw)


def commits(directory: Path, oids: Sequence[str]) -> list[Commit]:
    """Several commits, in the order asked. Raises as `commit` does."""
    reader = odb.Reader(directory)
    return [parse.parse_commit(oid, reader.commit(oid)) for oid in oids]


def tag(directory: Path, oid: str) -> Tag:
    """One annotated tag by its full id. Raises ObjectMissing, GitError("not-a-tag"), TooLarge."""
    kind, raw = odb.read_structure(directory, oid)
    if kind != "tag":
        raise GitError("not-a-tag", oid=oid, kind=kind)
    return parse.parse_tag(oid, raw)


def peel_to_commit(directory: Path, oid: str) -> str:
    """The commit behind an id: itself, or what a tag (of a tag …) points to.

    Raises ObjectMissing, GitError("not-a-commit") for trees, blobs and tags of them.
    """
    here = oid
    for _ in range(_LONGEST_TAG_CHAIN):
        kind = odb.header(directory, here)[0]
        if kind == "commit":
            return here
        if kind != "tag":
            break
        here = tag(directory, here).target
    raise GitError("not-a-commit", oid=oid, kind=odb.header(directory, oid)[0])


def tree(directory: Path, commit_oid: str, path: str = "") -> list[Entry]:
    """The rows of a folder: folders and submodules first, then files and links, each by name bytes.

    `commit_oid` may name a commit, a tag of one, or a tree. Raises ObjectMissing,
    GitError("no-such-path"), GitError("not-a-folder"), TooLarge.
    """
    return parse.parse_tree(_folder(directory, commit_oid, _components(path), path))


def entry(directory: Path, commit_oid: str, path: str) -> Entry:
    """The row of one path. The root has none: GitError("no-such-path"), as for what does not exist."""
    parts = _components(path)
    if parts:
        try:
            raw = _folder(directory, commit_oid, parts[:-1], path)
        except GitError as problem:
            if problem.code != "not-a-folder":
                raise
        else:
            for name, mode, oid in parse.raw_entries(raw):
                if name == parts[-1]:
                    return parse.make_entry(name, mode, oid.hex())
    raise GitError("no-such-path", path=path, oid=commit_oid)


def blob_size(directory: Path, oid: str) -> int:
    """The size of a blob in bytes, without reading it. Raises ObjectMissing, GitError("not-a-blob")."""
    kind, size = odb.header(directory, oid)
    if kind != "blob":
        raise GitError("not-a-blob", oid=oid, kind=kind)
    return size


def blob(directory: Path, oid: str, *, max_bytes: int) -> Blob:
    """The first `max_bytes` of a blob. `binary` follows git: a NUL among the first 8,000 bytes."""
    size = blob_size(directory, oid)
    if size <= min(max(max_bytes, _SMALL_BYTES), _WHOLE_BYTES):
        data = odb.read(directory, oid)[1]
    else:
        data = _beginning(directory, oid, max(max_bytes, _BINARY_WINDOW))
    return Blob(
        oid=oid,
        size=size,
        data=data[:max_bytes] if len(data) > max_bytes else data,
        truncated=size > max_bytes,
        binary=b"\0" in data[:_BINARY_WINDOW],
    )


def stream_blob(directory: Path, oid: str) -> Iterator[bytes]:
    """A blob in pieces of at most 64 KiB; closing the iterator ends the reading. Raises as `blob_size`."""
    if blob_size(directory, oid) <= _WHOLE_BYTES:
        return _pieces(odb.read(directory, oid)[1])
    return _child_output(directory, oid)


def abbreviate(oid: str) -> str:
    """The short form of an id for people: its first ten digits."""
    return oid[:_ABBREVIATED]


def expand(directory: Path, prefix: str) -> str | None:
    """The commit whose id begins with these 4 to 40 hex digits; None if there is none or not just one.

    Objects of other kinds neither count nor answer.
    """
    wanted = prefix.lower()
    if _PREFIX.fullmatch(wanted) is None:
        return None
    if odb.is_full_id(wanted):
        try:
            return wanted if odb.header(directory, wanted)[0] == "commit" else None
        except ObjectMissing:
            return None
    try:
        found = str(odb.repository(directory).expand_id(wanted))
    except KeyError:
        return None
    except ValueError:  # several objects begin so; only commits count
        return _only_commit(directory, wanted)
    return found if odb.header(directory, found)[0] == "commit" else None


def _only_commit(directory: Path, prefix: str) -> str | None:
    """The one commit among the objects of an ambiguous prefix."""
    listed = command.run(directory, "rev-parse", f"--disambiguate={prefix}").decode("ascii").split()
    found = [oid for oid in listed if odb.header(directory, oid)[0] == "commit"]
    return found[0] if len(found) == 1 else None


def _components(path: str) -> list[bytes]:
    """The names of a path; slashes at the ends do not count, an empty name inside never exists."""
    stripped = path.strip("/")
    if not stripped:
        return []
    if len(stripped) > _LONGEST_PATH:
        raise GitError("no-such-path", path=stripped[:200])
    return [parse.path_bytes(part) for part in stripped.split("/")]


def _folder(directory: Path, oid: str, parts: list[bytes], path: str) -> bytes:
    """The bytes of the tree reached from a commit, tag or tree by names."""
    raw = _root(directory, oid)
    for part in parts:
        row = next((row for row in parse.raw_entries(raw) if row[0] == part), None)
        if row is None:
            raise GitError("no-such-path", path=path, oid=oid)
        if parse.kind_of(row[1]) != "folder":
            raise GitError("not-a-folder", path=path, oid=oid)
        raw = odb.read_structure(directory, row[2].hex())[1]
    return raw


def _root(directory: Path, oid: str) -> bytes:
    kind, raw = odb.read_structure(directory, oid)
    if kind == "tag":
        oid = peel_to_commit(directory, oid)
        kind, raw = odb.read_structure(directory, oid)
    if kind == "commit":
        kind, raw = odb.read_structure(directory, parse.commit_links(raw)[0].hex())
    if kind != "tree":
        raise GitError("not-a-folder", path="", oid=oid)
    return raw


def _beginning(directory: Path, oid: str, wanted: int) -> bytes:
    """The first bytes of a great blob; the child ends as soon as they are here."""
    pieces, got = [], 0
    child = _child_output(directory, oid)
    for piece in child:
        pieces.append(piece)
        got += len(piece)
        if got >= wanted:
            break
    child.close()
    return b"".join(pieces)[:wanted]


def _child_output(directory: Path, oid: str) -> Generator[bytes, None, None]:
    limits = command.Limits(seconds=_STREAM_SECONDS)
    yield from command.stream(directory, "cat-file", "blob", oid, limits=limits)


def _pieces(data: bytes) -> Iterator[bytes]:
    for at in range(0, len(data), _PIECE):
        yield data[at : at + _PIECE]
