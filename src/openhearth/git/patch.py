"""Reading the output of `git diff-tree --raw --numstat -p -z` piece by piece, within limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from openhearth.git.errors import GitError
from openhearth.git.parse import path_text

Status = Literal["added", "removed", "modified", "renamed", "copied", "mode"]
RowKind = Literal[" ", "+", "-"]

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(?: (.*))?")
_NULL: Final = "0" * 40
_ESCAPES: Final = {
    7: b"\\a", 8: b"\\b", 9: b"\\t", 10: b"\\n", 11: b"\\v", 12: b"\\f", 13: b"\\r", 34: b'\\"', 92: b"\\\\",
}  # fmt: skip
_KINDS: Final[dict[int, RowKind]] = {32: " ", 43: "+", 45: "-"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a hunk. `no_newline`: the file ends here without a line end."""

    kind: RowKind
    old_no: int | None
    new_no: int | None
    text: str
    no_newline: bool = False


@dataclass(frozen=True, slots=True)
class Hunk:
    """Changed lines with their surroundings. `header` is the `@@ … @@`, `function` what git put behind."""

    header: str
    function: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class DiffLimits:
    """How much of a diff is read.

    Beyond the limits of one file that file is `too_large`; beyond those of all files the rest is, and the
    diff is `truncated`. Blobs above `blob_bytes` are never compared. `lines` counts rows, context too.
    """

    files: int = 1000
    file_lines: int = 3000
    file_bytes: int = 512 * 1024
    lines: int = 20_000
    bytes: int = 4 * 1024 * 1024
    blob_bytes: int = 4 * 1024 * 1024
    seconds: float = 20
    context: int = 3
    renames: int = 400


@dataclass(slots=True)
class Change:
    """One file of the list, filled as the patch is read. Without a text counterpart `adds` is 0."""

    old_path: str
    new_path: str
    status: Status
    old_mode: int
    new_mode: int
    old_oid: str | None
    new_oid: str | None
    similarity: int
    raw_paths: tuple[bytes, bytes]
    binary: bool = False
    counted: bool = False
    adds: int = 0
    dels: int = 0
    too_large: bool = False
    hunks: list[Hunk] = field(default_factory=list)


class _Source:
    """Bytes that arrive in pieces, taken by separators."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._buffer = b""
        self._at = 0

    def peek(self) -> bytes:
        """The next byte; empty at the end."""
        while self._at >= len(self._buffer) and self._more():
            pass
        return self._buffer[self._at : self._at + 1]

    def starts(self, expected: bytes) -> bool:
        """Whether these bytes come next."""
        while len(self._buffer) - self._at < len(expected) and self._more():
            pass
        return self._buffer.startswith(expected, self._at)

    def until(self, separator: bytes) -> bytes:
        """What comes before the separator (or the end), which is taken, too."""
        searched = self._at
        while (stop := self._buffer.find(separator, searched)) < 0:
            searched = len(self._buffer) - self._at
            if not self._more():
                rest = self._buffer[self._at :]
                self._at = len(self._buffer)
                return rest
        found = self._buffer[self._at : stop]
        self._at = stop + 1
        return found

    def _more(self) -> bool:
        """Append a piece, dropping what was taken. Positions then count from the first byte not taken."""
        piece = next(self._pieces, b"")
        self._buffer = self._buffer[self._at :] + piece
        self._at = 0
        return bool(piece)


class PatchReader:
    """Takes the list of files, their counts, then their patches, in the order in which git writes them."""

    def __init__(self, pieces: Iterator[bytes], limits: DiffLimits) -> None:
        self._source = _Source(pieces)
        self._limits = limits
        self.changes: list[Change] = []
        self.truncated = False
        self.adds = 0
        self.dels = 0
        self._rows = 0
        self._bytes = 0

    def read_list(self) -> None:
        """The files: `:modes ids status NUL path NUL`, two paths for renames."""
        while self._source.peek() == b":":
            self.changes.append(self._record())

    def _record(self) -> Change:
        old_mode, new_mode, old, new, status = self._source.until(b"\0")[1:].split(b" ")
        first = self._source.until(b"\0")
        letter = status[:1]
        second = self._source.until(b"\0") if letter in b"RC" else first
        return Change(
            old_path=path_text(first),
            new_path=path_text(second),
            status=_status(letter, old, new, old_mode, new_mode),
            old_mode=int(old_mode, 8),
            new_mode=int(new_mode, 8),
            old_oid=None if old.decode() == _NULL else old.decode(),
            new_oid=None if new.decode() == _NULL else new.decode(),
            similarity=int(status[1:] or b"0"),
            raw_paths=(first, second),
        )

    def read_counts(self) -> None:
        """The counts: `adds TAB dels TAB path NUL`, or with an empty path and two behind it for renames."""
        by_paths = {change.raw_paths: change for change in self.changes}
        while (first := self._source.peek()) and (first == b"-" or first.isdigit()):
            adds, dels, path = self._source.until(b"\0").split(b"\t", 2)
            paths = (path, path) if path else (self._source.until(b"\0"), self._source.until(b"\0"))
            change = by_paths.get(paths)
            if change is None:
                raise GitError("diff-unreadable", path=path_text(paths[1]))
            change.counted = True
            change.binary = adds == b"-"
            if not change.binary:
                change.adds, change.dels = int(adds), int(dels)
                self.adds += change.adds
                self.dels += change.dels
        if self._source.peek() == b"\0":
            self._source.until(b"\0")

    def cut_list(self) -> None:
        """Keep no more files than the limit says. The rest of the patch would not be read anyway."""
        if len(self.changes) > self._limits.files:
            del self.changes[self._limits.files :]
            self.truncated = True

    def read_patches(self) -> None:
        """The patches, as far as the limits reach; what lies behind them is marked."""
        place = -1
        while self._source.peek():
            line = self._source.until(b"\n")
            place = self._find(line, max(place, 0))
            if place >= len(self.changes):
                return
            self._read_file(self.changes[place])
            if self._rows > self._limits.lines or self._bytes > self._limits.bytes:
                self.give_up(place)
                return

    def give_up(self, place: int = -1) -> None:
        """Mark every file behind a place that has something to show as too large."""
        self.truncated = True
        for change in self.changes[place + 1 :]:
            if not change.binary and not change.hunks and (change.adds or change.dels or not change.counted):
                change.too_large = True

    def _find(self, line: bytes, place: int) -> int:
        """The file whose patch begins with this line. A change of kind has two patches in a row."""
        for number in range(place, len(self.changes)):
            if line == _first_line(self.changes[number]):
                return number
        if self.truncated:
            return len(self.changes)
        raise GitError("diff-unreadable", line=line[:200].decode("utf-8", "replace"))

    def _read_file(self, change: Change) -> None:
        if change.adds + change.dels > self._limits.file_lines:
            change.too_large = True
        rows = size = 0
        while (first := self._source.peek()) and not (first == b"d" and self._source.starts(b"diff --git ")):
            if first != b"@":
                self._source.until(b"\n")  # modes, ids, names, "Binary files differ": known from the list
                continue
            hunk, taken = self._hunk(keep=not change.too_large)
            rows += len(hunk.rows)
            size += taken
            self._bytes += taken
            if rows > self._limits.file_lines or size > self._limits.file_bytes:
                change.too_large = True
                change.hunks.clear()
            if not change.too_large:
                change.hunks.append(hunk)
        if not change.too_large:
            self._rows += rows

    def _hunk(self, *, keep: bool) -> tuple[Hunk, int]:
        line = self._source.until(b"\n")
        found = _HUNK.fullmatch(line)
        if found is None:
            raise GitError("diff-unreadable", line=line[:200].decode("utf-8", "replace"))
        old_no, new_no = int(found[1]), int(found[3])
        old_end = old_no + int(found[2] or 1)
        new_end = new_no + int(found[4] or 1)
        rows: list[Row] = []
        size = 0
        while old_no < old_end or new_no < new_end or self._source.peek() == b"\\":
            raw = self._source.until(b"\n")
            size += len(raw)
            if raw.startswith(b"\\"):
                if rows:
                    rows[-1] = _without_newline(rows[-1])
                continue
            kind = _KINDS.get(raw[0]) if raw else None
            if kind is None:
                raise GitError("diff-unreadable", line=raw[:200].decode("utf-8", "replace"))
            if keep:
                rows.append(
                    Row(
                        kind,
                        None if kind == "+" else old_no,
                        None if kind == "-" else new_no,
                        raw[1:].decode("utf-8", "replace"),
                    )
                )
            old_no += kind != "+"
            new_no += kind != "-"
        header, _, function = line.decode("utf-8", "replace")[3:].partition(" @@")
        return Hunk(f"@@ {header} @@", function.strip(), tuple(rows)), size


def _without_newline(row: Row) -> Row:
    return Row(row.kind, row.old_no, row.new_no, row.text, no_newline=True)


def _status(letter: bytes, old: bytes, new: bytes, old_mode: bytes, new_mode: bytes) -> Status:
    if letter == b"M" and old == new and old_mode != new_mode:
        return "mode"
    known: dict[bytes, Status] = {b"A": "added", b"D": "removed", b"R": "renamed", b"C": "copied"}
    return known.get(letter, "modified")


def _first_line(change: Change) -> bytes:
    old, new = change.raw_paths
    return b"diff --git " + _quoted(b"a/" + old) + b" " + _quoted(b"b/" + new)


def _quoted(path: bytes) -> bytes:
    """A path as git writes it in a patch with core.quotePath off: quoted only for control characters."""
    if not any(byte < 32 or byte in {34, 92, 127} for byte in path):
        return path
    made = b"".join(
        _ESCAPES.get(byte) or (b"\\%03o" % byte if byte < 32 or byte == 127 else bytes([byte])) for byte in path
    )
    return b'"' + made + b'"'
