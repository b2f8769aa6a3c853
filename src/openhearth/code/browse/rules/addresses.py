"""Addresses of code pages, and names made fit for places where no mark-up can stand."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes, urlencode

_HEX = re.compile(r"[0-9a-f]{40}")
_LINES = re.compile(r"L?(\d{1,7})(?:-L?(\d{1,7}))?")
_UNSAFE_IN_FILE_NAME = re.compile(r"[^A-Za-z0-9._+-]+")
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def quoted(path: str) -> str:
    """Return a path (bytes that are no UTF-8 as lone surrogates) as it stands in an address."""
    try:
        raw = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = path.encode("utf-8", "replace")
    return quote(raw, safe="/@+=,:~!*()$'")


def unquoted(address: str) -> str:
    """Return the path that an address names; the opposite of `quoted`."""
    return unquote_to_bytes(address).decode("utf-8", "surrogateescape")


def plain(text: str) -> str:
    """Return a name for attributes and titles: what is invisible or reorders text is spelled out."""
    return "".join(_spelled(c) if unicodedata.category(c) in _HIDDEN_CATEGORIES else c for c in text)


def _spelled(character: str) -> str:
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:
        return f"\\x{number - 0xDC00:02X}"
    return f"\\u{{{number:04X}}}"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Every address of one repository. `ref` is a branch, a tag or a full id, `path` never begins with a slash."""

    owner: str
    name: str

    @property
    def home(self) -> str:
        """The repository's first page."""
        return f"/{self.owner}/{self.name}"

    def tree(self, ref: str, path: str = "") -> str:
        """A folder."""
        return self._below("tree", ref, path)

    def blob(self, ref: str, path: str) -> str:
        """A file."""
        return self._below("blob", ref, path)

    def raw(self, ref: str, path: str) -> str:
        """A file's bytes."""
        return self._below("raw", ref, path)

    def commits(self, ref: str, path: str = "", **query: object) -> str:
        """The history of a ref or of a path in it."""
        return self._below("commits", ref, path) + (f"?{urlencode(query)}" if query else "")

    def commit(self, oid: str, file: str = "") -> str:
        """A commit, or the change of one file in it."""
        address = f"{self.home}/commit/{oid}"
        return f"{address}?file={quote(file.encode('utf-8', 'surrogateescape'), safe='/')}" if file else address

    def archive(self, ref: str, suffix: str) -> str:
        """An archive; `ref` is a full ref name or a full id, `suffix` is `zip` or `tar.gz`."""
        return f"{self.home}/archive/{quoted(ref)}.{suffix}"

    @property
    def branches(self) -> str:
        """The list of branches."""
        return f"{self.home}/branches"

    @property
    def tags(self) -> str:
        """The list of tags."""
        return f"{self.home}/tags"

    def _below(self, kind: str, ref: str, path: str) -> str:
        address = f"{self.home}/{kind}/{quoted(ref)}"
        return f"{address}/{quoted(path)}" if path else address


def is_full_id(text: str) -> bool:
    """Tell whether this is a whole object id."""
    return _HEX.fullmatch(text) is not None


def candidates(rest: str, longest: int = 255) -> list[tuple[str, str]]:
    """Return every (ref, path) that `REF/PATH` may mean, the longest ref first."""
    parts = rest.strip("/").split("/")
    found = []
    for count in range(1, len(parts) + 1):
        ref = "/".join(parts[:count])
        if len(ref) > longest:
            break
        found.append((ref, "/".join(parts[count:])))
    return found[::-1]


def can_exist(path: str) -> bool:
    """Tell whether git could hold this path: `..` and its like never reach a command line."""
    return not path or ("\0" not in path and not {"", ".", ".."} & set(path.split("/")))


def line_range(text: str) -> tuple[int, int] | None:
    """Return the lines that `?lines=` names (`7`, `10-20`, `L10-L20`), None for anything else."""
    match = _LINES.fullmatch(text.strip())
    if match is None:
        return None
    first = int(match.group(1))
    last = int(match.group(2) or first)
    return (min(first, last), max(first, last)) if min(first, last) else None


def archive_name(text: str) -> tuple[str, str] | None:
    """Split `NAME.zip` or `NAME.tar.gz` into name and format, None for other endings."""
    for suffix in ("zip", "tar.gz"):
        name = text.removesuffix(f".{suffix}")
        if name and name != text:
            return name, suffix
    return None


def archive_stem(repository: str, ref: str) -> str:
    """Return the file name (without ending) and folder of an archive: only letters that every system takes."""
    short = ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
    return f"{repository}-{_UNSAFE_IN_FILE_NAME.sub('-', short).strip('-.') or 'archive'}"[:150]


def disposition(kind: str, name: str) -> str:
    """Return a Content-Disposition value for any file name."""
    raw = name.encode("utf-8", "surrogateescape")
    simple = re.sub(r"[^A-Za-z0-9._-]", "_", raw.decode("ascii", "replace").replace("\ufffd", "_"))
    return f"{kind}; filename=\"{simple}\"; filename*=UTF-8''{quote(raw, safe='')}"
