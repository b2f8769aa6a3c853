"""What stands beside the files: languages, licence, README, where to clone from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from openhearth.code.browse.queries import contents, stored
from openhearth.code.browse.queries.folders import Folder
from openhearth.code.browse.queries.places import Opened
from openhearth.code.browse.rules import languages, licences, readmes
from openhearth.git import command, log, objects
from openhearth.git.errors import TimedOut, TooLarge
from openhearth.git.parse import path_text
from openhearth.kernel import config
from openhearth.kernel.text import guess

_LISTING = command.Limits(seconds=10, output_bytes=64 * 1024 * 1024)
_LICENCE_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Clone:
    """The addresses to clone from; `ssh` is empty where the instance serves no SSH."""

    http: str
    ssh: str


@dataclass(frozen=True, slots=True)
class Licence:
    """The file that holds the licence, and its SPDX name where it was recognised."""

    file: str
    name: str


@dataclass(frozen=True, slots=True)
class ReadmeText:
    """A README's text, `None` where it is too large to show, with the others of its folder."""

    chosen: readmes.Readme
    language: str
    oid: str
    text: str | None
    all: tuple[readmes.Readme, ...]


def clone(opened: Opened) -> Clone:
    """Return the clone addresses of a repository."""
    settings = config.current()
    path = f"{opened.addresses.home}.git"
    return Clone(settings.public_url + path, settings.ssh_url + path if settings.ssh.enabled else "")


def count(opened: Opened, commit: str) -> int | None:
    """Return how many commits a history has, None where counting took too long."""
    key = f"browse.count:{opened.repository.pk}:{commit}"
    try:
        return stored.number(key, lambda: log.count(opened.directory, commit))
    except TimedOut:
        return None


def language_bytes(opened: Opened, commit: str) -> dict[str, int]:
    """Return bytes by language of all files at a commit; nothing for a tree that is too large to look through."""
    tree = objects.commit(opened.directory, commit).tree
    key = f"browse.languages:1:{tree}"
    try:
        return stored.numbers(key, lambda: languages.bytes_by_language(_sizes(opened, tree)))
    except (TimedOut, TooLarge):
        return {}


def _sizes(opened: Opened, tree: str) -> Iterator[tuple[str, int]]:
    """Yield path and size of every file."""
    out = command.run(opened.directory, "ls-tree", "-r", "-l", "-z", "--end-of-options", tree, limits=_LISTING)
    for line in out.split(b"\0"):
        facts, _tab, name = line.partition(b"\t")
        size = facts.rpartition(b" ")[2]
        if size.isdigit() and facts.startswith(b"100"):
            yield path_text(name), int(size)


def licence(opened: Opened, folder: Folder) -> Licence | None:
    """Return the licence of a repository, by the files of its root."""
    name = licences.licence_file(folder.names)
    if not name:
        return None
    oid = next(row.entry.oid for row in folder.rows if row.entry.name == name)

    def make() -> str:
        return licences.licence(contents.beginning(opened, oid, _LICENCE_BYTES))

    return Licence(name, stored.text(f"browse.licence:1:{oid}", make))


def readme(opened: Opened, folder: Folder, *, reader: str, asked: str = "") -> ReadmeText | None:
    """Return the README of a folder in the reader's language (`zh-Hans`, `en`), or the one `asked` for."""
    found = readmes.readmes(folder.names)
    if not found:
        return None
    oids = {row.entry.name: row.entry.oid for row in folder.rows}
    base = "" if found[0].language else guess.script(contents.beginning(opened, oids[found[0].name], 8192)) or ""
    chosen = readmes.choose(found, reader=reader, base=base, asked=asked)
    if chosen is None:
        return None
    oid = oids[chosen.name]
    limit = config.current().limits.view_bytes
    size = objects.blob_size(opened.directory, oid)
    text = contents.beginning(opened, oid, limit) if size <= limit else None
    language = chosen.language or (guess.script(text or "") or "")
    return ReadmeText(chosen, language, oid, text, _translations(found, base))


def _translations(found: Sequence[readmes.Readme], base: str) -> tuple[readmes.Readme, ...]:
    """Return one README for each language, those whose language nobody can tell left out."""
    shown: dict[str, readmes.Readme] = {}
    for item in found:
        language = item.language or base
        label = item.label or readmes.label_of(language)
        if language and label:
            shown.setdefault(language, readmes.Readme(item.name, item.format, language, label))
    return tuple(shown.values())
