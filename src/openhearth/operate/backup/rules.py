"""The archive's form: a tar of plain files, its manifest last. No database here."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import msgspec

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "database.sqlite3"
TABLES = "tables"
CONFIGURATION = "hearth.toml"

_ALLOWED = re.compile(
    r"manifest\.json|database\.sqlite3|hearth\.toml"
    r"|tables/[a-z0-9_]+\.copy"
    r"|repositories/[0-9]+/pack-[0-9a-f]{40}\.(pack|idx|rev|bitmap)"
    r"|blobs/[0-9a-f]{64}"
    r"|secrets/[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)?"
)


class Entry(msgspec.Struct, frozen=True):
    """One file of the archive."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What the archive holds. `engine` names the database it was taken from (`sqlite`, `postgresql`)."""

    format: int
    version: str
    made_at: str
    engine: str
    repositories: int
    refs: int
    with_secrets: bool
    files: dict[str, Entry]


class BadArchive(Exception):
    """A file that is no whole backup. `code`: not-tar, name, manifest, format, newer, missing, damaged or rows."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail


def is_allowed(name: str) -> bool:
    """Tell whether an archive may hold a file of this name; nothing else is ever written to disk."""
    return bool(_ALLOWED.fullmatch(name)) and ".." not in PurePosixPath(name).parts


def read_manifest(data: bytes) -> Manifest:
    """Return the manifest. Raises `BadArchive`."""
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except msgspec.MsgspecError as error:
        raise BadArchive("manifest", str(error)) from None
    if manifest.format != FORMAT:
        raise BadArchive("format", str(manifest.format))
    return manifest


def compare(manifest: Manifest, found: dict[str, Entry]) -> None:
    """Raise `BadArchive` unless the files are exactly those of the manifest, byte for byte."""
    for name, entry in manifest.files.items():
        if name not in found:
            raise BadArchive("missing", name)
        if found[name] != entry:
            raise BadArchive("damaged", name)
    for name in found:
        if name not in manifest.files:
            raise BadArchive("name", name)
