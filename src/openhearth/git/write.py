"""Commits made on the server, without a working tree: objects in memory, one pack, one quarantine."""

from __future__ import annotations

import hashlib
import re
import struct
import unicodedata
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from openhearth.git import command, odb, parse
from openhearth.git.errors import GitError, Refused
from openhearth.git.objects import Person
from openhearth.git.receive import Quarantine

_LONGEST_PATH: Final = 4096
_LONGEST_NAME: Final = 255
_TYPES: Final = {"commit": 1, "tree": 2, "blob": 3}
_LIMITS: Final = command.Limits(seconds=60)
_FILE: Final = 0o100644
_FOLDER: Final = 0o040000
_MODES: Final = frozenset({0o100644, 0o100755, 0o120000})

# Every name that some file system takes for ".git", after folding (see `_is_git_folder`).
_GIT_NAMES = re.compile(r"(\.git|git~\d+)[ .]*(:.*)?")
# Characters of a name line that git itself strips from the ends of a person's name.
_CRUD: Final = " .,:;\"'\\\t"


@dataclass(frozen=True, slots=True)
class NewFile:
    """Content for a path with a mode of its own: 0o100644, 0o100755, or 0o120000 for a link to `data`."""

    data: bytes
    mode: int = _FILE


# Bytes keep the mode of the file that they replace; None removes the file.
Content = bytes | NewFile | None


def commit_files(
    directory: Path,
    *,
    files: Mapping[str, Content],
    parents: Sequence[str],
    author: Person,
    message: str,
    committer: Person | None = None,
    allow_empty: bool = False,
) -> tuple[Quarantine, str]:
    """Make a commit that changes these paths of the first parent's tree (of nothing without parents).

    Returns the quarantine with the objects as one pack, checked by git, and the commit's id. The caller
    publishes or discards the quarantine. Dates are taken from the persons, with their offset.

    Raises ObjectMissing for unknown parents and Refused with the code of the rule: "path-empty",
    "path-too-long", "path-dots", "path-reserved", "path-control-character", "path-conflict" (within
    `files`), "path-is-folder", "parent-is-file", "path-is-submodule", "no-such-path" (to be removed),
    "bad-mode", "nothing-changed", "empty-message", "empty-name", "object-refused" (by git's own check).
    """
    pack = _Pack()
    base = _base_tree(directory, parents)
    plan = _plan(files)
    tree = _Builder(directory, pack).folder(base, plan, "") or pack.add("tree", b"")
    if tree == base and not allow_empty:
        raise Refused("nothing-changed")
    oid = pack.add("commit", _commit_bytes(tree, parents, author, committer or author, message))
    return _quarantined(directory, pack, oid), oid


def check_path(path: str) -> list[str]:
    """The components of a path that may be written. Raises Refused as `commit_files` says."""
    if len(parse.path_bytes(path)) > _LONGEST_PATH:
        raise Refused("path-too-long", path=path[:200], limit=_LONGEST_PATH)
    parts = path.split("/")
    for part in parts:
        _check_name(part, path)
    return parts


def _check_name(name: str, path: str) -> None:
    if not name:
        raise Refused("path-empty", path=path)
    if len(parse.path_bytes(name)) > _LONGEST_NAME:
        raise Refused("path-too-long", path=path[:200], limit=_LONGEST_NAME)
    if name in {".", ".."}:
        raise Refused("path-dots", path=path, name=name)
    if any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in name):
        raise Refused("path-control-character", path=path, name=name)
    if _is_git_folder(name):
        raise Refused("path-reserved", path=path, name=name)


def _is_git_folder(name: str) -> bool:
    """Whether a file system could take this name for git's own folder.

    Windows ignores case, dots and blanks at the end, and what follows a colon; it takes a backslash for
    a slash and has short names; macOS ignores invisible characters.
    """
    visible = "".join(letter for letter in name if unicodedata.category(letter) != "Cf")
    for form in (name, visible):
        for piece in form.lower().split("\\"):
            if _GIT_NAMES.fullmatch(piece):
                return True
    return False


@dataclass(slots=True)
class _Folder:
    """What is to change below one folder."""

    files: dict[bytes, Content] = field(default_factory=dict)
    folders: dict[bytes, _Folder] = field(default_factory=dict)


def _plan(files: Mapping[str, Content]) -> _Folder:
    """The paths as a tree; a path that is both a file and a folder of another is refused."""
    root = _Folder()
    for path, content in files.items():
        if isinstance(content, NewFile) and content.mode not in _MODES:
            raise Refused("bad-mode", path=path, mode=content.mode)
        *above, last = (parse.path_bytes(part) for part in check_path(path))
        here = root
        for name in above:
            if here.files.get(name) is not None:
                raise Refused("path-conflict", path=path)
            here = here.folders.setdefault(name, _Folder())
        if last in here.files or (last in here.folders and content is not None):
            raise Refused("path-conflict", path=path)
        here.files[last] = content
    return root


class _Pack:
    """Objects of one pack, each once."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def add(self, kind: str, data: bytes) -> str:
        """Add an object and return its id."""
        oid = hashlib.sha1(b"%s %d\0" % (kind.encode(), len(data)) + data, usedforsecurity=False).hexdigest()
        if oid not in self.objects:
            self.objects[oid] = _pack_header(_TYPES[kind], len(data)) + zlib.compress(data, 6)
        return oid

    def bytes(self) -> bytes:
        """The pack file."""
        body = struct.pack(">4sII", b"PACK", 2, len(self.objects)) + b"".join(self.objects.values())
        return body + hashlib.sha1(body, usedforsecurity=False).digest()


def _pack_header(number: int, size: int) -> bytes:
    """Type and size of an object in a pack: four bits of the size, then seven in each further byte."""
    byte, size = number << 4 | size & 15, size >> 4
    made = bytearray()
    while size:
        made.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    made.append(byte)
    return bytes(made)


class _Builder:
    """Applies a plan to a tree, folder by folder, reading only the folders that change."""

    def __init__(self, directory: Path, pack: _Pack) -> None:
        self._directory = directory
        self._pack = pack

    def folder(self, oid: str | None, plan: _Folder, path: str) -> str | None:
        """The id of a changed folder; None when nothing is left in it."""
        rows = self._rows(oid)
        before = dict(rows)
        for name, content in plan.files.items():
            self._file(rows, name, content, path)
        for name, inner in plan.folders.items():
            self._inner(rows, name, inner, path)
        if not rows:
            return None
        if rows == before and oid is not None:
            return oid
        return self._pack.add("tree", _tree_bytes(rows))

    def _rows(self, oid: str | None) -> dict[bytes, tuple[int, str]]:
        if oid is None:
            return {}
        raw = odb.read_structure(self._directory, oid)[1]
        return {name: (mode, child.hex()) for name, mode, child in parse.raw_entries(raw)}

    def _file(self, rows: dict[bytes, tuple[int, str]], name: bytes, content: Content, path: str) -> None:
        where = path + parse.path_text(name)
        mode = rows[name][0] if name in rows else None
        kind = None if mode is None else parse.kind_of(mode)
        if content is None:
            if kind is None:
                raise Refused("no-such-path", path=where)
            if kind == "folder":
                raise Refused("path-is-folder", path=where)
            del rows[name]
            return
        if kind == "folder":
            raise Refused("path-is-folder", path=where)
        if kind == "submodule":
            raise Refused("path-is-submodule", path=where)
        made = content if isinstance(content, NewFile) else NewFile(content, _kept_mode(mode))
        rows[name] = (made.mode, self._pack.add("blob", made.data))

    def _inner(self, rows: dict[bytes, tuple[int, str]], name: bytes, plan: _Folder, path: str) -> None:
        where = path + parse.path_text(name)
        mode, oid = rows.get(name, (_FOLDER, None))
        if parse.kind_of(mode) != "folder":
            raise Refused("parent-is-file", path=where)
        made = self.folder(oid, plan, where + "/")
        if made is None:
            rows.pop(name, None)
        elif made != oid:
            rows[name] = (_FOLDER, made)


def _kept_mode(mode: int | None) -> int:
    """The mode of a file whose content alone is replaced, in one of the forms that git writes today."""
    if mode is None:
        return _FILE
    if parse.kind_of(mode) == "link":
        return 0o120000
    return 0o100755 if mode & 0o100 else _FILE


def _tree_bytes(rows: Mapping[bytes, tuple[int, str]]) -> bytes:
    """A tree in git's order: by bytes, a folder as if its name ended with a slash."""

    def place(row: tuple[bytes, tuple[int, str]]) -> bytes:
        return row[0] + b"/" if parse.kind_of(row[1][0]) == "folder" else row[0]

    return b"".join(
        b"%o %s\0" % (mode, name) + bytes.fromhex(oid) for name, (mode, oid) in sorted(rows.items(), key=place)
    )


def _base_tree(directory: Path, parents: Sequence[str]) -> str | None:
    """The tree of the first parent; all parents must be commits."""
    trees = []
    for parent in parents:
        kind, raw = odb.read_structure(directory, parent)
        if kind != "commit":
            raise GitError("not-a-commit", oid=parent, kind=kind)
        trees.append(parse.commit_links(raw)[0].hex())
    return trees[0] if trees else None


def _commit_bytes(tree: str, parents: Sequence[str], author: Person, committer: Person, message: str) -> bytes:
    text = _message_text(message)
    if not text:
        raise Refused("empty-message")
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
    lines += [f"author {_person_line(author)}", f"committer {_person_line(committer)}", "", text]
    return "\n".join(lines).encode("utf-8", "replace")


def _message_text(message: str) -> str:
    """The message with plain line ends, no blanks at line ends, no empty lines around it."""
    plain = message.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    lines = [line.rstrip() for line in plain.split("\n")]
    text = "\n".join(lines).strip("\n")
    return text + "\n" if text else ""


def _person_line(person: Person) -> str:
    name = _one_line(person.name).strip(_CRUD)
    email = _one_line(person.email)
    if not name:
        raise Refused("empty-name", email=email)
    when = person.when if person.when.tzinfo is not None else person.when.replace(tzinfo=UTC)
    offset = when.utcoffset()
    minutes = 0 if offset is None else int(offset.total_seconds() // 60)
    zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
    seconds = max(int((when - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()), 0)
    return f"{name} <{email}> {seconds} {zone}"


def _one_line(text: str) -> str:
    """Text without what would end a part of a person's line."""
    kept = "".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in text)
    return kept.replace("<", "").replace(">", "").strip()


def _quarantined(directory: Path, pack: _Pack, oid: str) -> Quarantine:
    """Store the pack in a new quarantine, checked as strictly as a push."""
    quarantine = Quarantine.create(directory)
    try:
        command.run(
            directory,
            "index-pack",
            "--strict",
            "--stdin",
            stdin=pack.bytes(),
            limits=_LIMITS,
            quarantine=quarantine.directory,
        )
        quarantine.collect()
    except BaseException as problem:
        quarantine.discard()
        if isinstance(problem, GitError) and problem.code == "git-failed":
            raise Refused("object-refused", oid=oid, **problem.params) from problem
        raise
    return quarantine
