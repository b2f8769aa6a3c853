"""Files: their content for a page, in colours where a language is known."""

from __future__ import annotations

from dataclasses import dataclass

from openhearth.code.browse.queries import stored
from openhearth.code.browse.queries.places import NoSuchPlace, Opened
from openhearth.code.browse.rules import files
from openhearth.git import objects
from openhearth.git.errors import GitError
from openhearth.git.objects import Blob, Entry
from openhearth.kernel import config
from openhearth.kernel.text import encoding, guess, highlight, marks

MOST_LINES = 20_000
"""Lines of one file that a page shows."""
_LINK_BYTES = 4096
_COLOURS = "1"
"""Changes when the highlighter gives other HTML, so that stored answers of the old one are not found."""


@dataclass(frozen=True, slots=True)
class File:
    """What a page shows of a file. `text` is empty unless the shape is text, markdown or link."""

    shape: files.Shape
    size: int
    oid: str
    text: str = ""
    encoding: str = ""
    language: str = ""
    pointer: files.Pointer | None = None
    suspicious: bool = False
    """Whether it holds characters that hide or reorder text."""

    @property
    def lines_count(self) -> int:
        """Lines, the last one counted whether or not it ends."""
        return self.text.count("\n") + (not self.text.endswith("\n")) if self.text else 0


def read(opened: Opened, path: str, entry: Entry) -> File:
    """Return a file or link for its page. Raises `NoSuchPlace` for folders and submodules."""
    if entry.kind == "link":
        blob = _blob(opened, entry.oid, _LINK_BYTES)
        return File("link", blob.size, entry.oid, blob.data.decode("utf-8", "surrogateescape"))
    if entry.kind != "file":
        raise NoSuchPlace
    limit = config.current().limits.view_bytes
    blob = _blob(opened, entry.oid, limit)
    pointer = files.lfs_pointer(blob.data)
    if pointer:
        return File("lfs", blob.size, entry.oid, pointer=pointer)
    shape = files.shape(path, size=blob.size, binary=files.is_binary(blob.data), limit=limit)
    if shape not in {"text", "markdown"}:
        return File(shape, blob.size, entry.oid)
    text, name = encoding.decode(blob.data)
    language = guess.language(path, blob.data[:256])
    return File(
        shape, blob.size, entry.oid, text, name, language.name if language else "", suspicious=marks.has_marks(text)
    )


def coloured(path: str, file: File) -> list[str]:
    """Return the lines of a text file as safe HTML, at most `MOST_LINES`; stored by blob and language."""
    source = file.text
    if file.lines_count > MOST_LINES:
        source = "\n".join(source.split("\n", MOST_LINES)[:MOST_LINES])
    if file.size > config.current().limits.highlight_bytes or not file.language:
        return [str(line) for line in highlight.code(source, None)]
    key = f"browse.colours:{_COLOURS}:{file.oid}:{file.language}:{file.encoding}"
    return stored.text(key, lambda: "\n".join(highlight.lines(source, path))).split("\n") if source else []


def beginning(opened: Opened, oid: str, most: int) -> str:
    """Return the beginning of a text file, "" for a binary one."""
    blob = _blob(opened, oid, most)
    return "" if files.is_binary(blob.data) else encoding.decode(blob.data)[0]


def _blob(opened: Opened, oid: str, most: int) -> Blob:
    try:
        return objects.blob(opened.directory, oid, max_bytes=most)
    except GitError as error:
        if error.code in {"object-missing", "not-a-blob"}:
            raise NoSuchPlace from error
        raise
