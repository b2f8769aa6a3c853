"""What a source is, told from how it is written; what an import leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit

IMPORTED = ("refs/heads/", "refs/tags/", "refs/notes/")


class SourceKind(Enum):
    """Where a repository comes from."""

    ADDRESS = "address"
    BUNDLE = "bundle"
    FOLDER = "folder"


class BadSource(Exception):
    """A source that cannot be imported; `code` says why: scheme, missing, not-git, userinfo."""

    def __init__(self, code: str, shown: str) -> None:
        super().__init__(f"{code}: {shown}")
        self.code = code
        self.shown = shown


@dataclass(frozen=True, slots=True)
class Source:
    """A place to import from: an address for git, or a path on this machine."""

    kind: SourceKind
    address: str


def source_of(text: str) -> Source:
    """Return what `text` names. Raises `BadSource`.

    Only http and https addresses are fetched; anything with another scheme, or in the `host:path` form, is
    refused before git is asked. Paths are for whoever has a shell on this machine: the command line.
    """
    if not text.strip() or any(ord(char) < 32 or ord(char) == 127 for char in text):
        raise BadSource("missing", repr(text))
    if "://" in text or text.startswith("-"):
        parts = urlsplit(text)
        if parts.scheme not in {"http", "https"}:
            raise BadSource("scheme", text)
        if parts.username or parts.password:
            raise BadSource("userinfo", text)
        return Source(SourceKind.ADDRESS, text)
    path = Path(text).expanduser()
    if not path.exists():
        raise BadSource("scheme" if "::" in text or "@" in text else "missing", text)
    path = path.resolve()
    if path.is_file():
        return Source(SourceKind.BUNDLE, str(path))
    for folder in (path, path / ".git"):
        if (folder / "HEAD").is_file() and (folder / "objects").is_dir():
            return Source(SourceKind.FOLDER, str(folder))
    raise BadSource("not-git", text)


def default_branch(head: str | None, branches: Mapping[str, str], fallback: str) -> str:
    """Return the short name of the branch that is shown first.

    `head` is what the source says of HEAD: the full name of a ref, or (bundles know no names) a commit's id;
    `branches` maps short names to ids.
    """
    named = (head or "").removeprefix("refs/heads/")
    if named in branches:
        return named
    there = [name for name, oid in branches.items() if oid == head] or list(branches)
    return next((usual for usual in ("main", "master") if usual in there), there[0] if there else fallback)
