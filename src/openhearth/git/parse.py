"""From the bytes of commits, tags and trees to records, never failing on odd old history."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, Literal

EntryKind = Literal["folder", "file", "link", "submodule"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Two days inside the range of datetime, so that no change of zone can overflow later.
_FIRST: Final = datetime(1, 1, 3, tzinfo=UTC)
_LAST: Final = datetime(9999, 12, 29, tzinfo=UTC)
_FIRST_SECOND: Final = int((_FIRST - _EPOCH).total_seconds())
_LAST_SECOND: Final = int((_LAST - _EPOCH).total_seconds())
_DAY_MINUTES: Final = 24 * 60

_DATE = re.compile(rb"\s*(-?\d{1,40})(?:\s+([+-]\d{1,12}))?")
_SIGNATURE = re.compile(rb"^-----BEGIN (PGP SIGNATURE|PGP MESSAGE|SSH SIGNATURE|SIGNED MESSAGE)-----$", re.MULTILINE)

# Python knows codecs that are no text encodings or that take quadratic time; only these are tried.
_TEXT_CODECS = re.compile(
    r"(us-?)?ascii|utf-?8|utf-?(16|32)([bl]e)?|iso-?8859-?\d{1,2}|latin-?\d{1,2}|(windows|cp)-?\d{3,4}"
    r"|koi8-?[rtu]|gb(2312|k|18030)|big5(-?hkscs)?|euc-?(jp|kr|tw|cn)|shift-?jis|sjis|iso-?2022-?(jp|kr)"
    r"|mac-?roman|tis-?620|hz(-gb-2312)?|johab"
)


@dataclass(frozen=True, slots=True)
class Person:
    """Who and when, as a commit or tag states it; `when` is aware and keeps the original offset.

    A missing date is the epoch; one that no calendar holds is the nearest that it does.
    """

    name: str
    email: str
    when: datetime


NOBODY: Final = Person(name="", email="", when=_EPOCH)


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit. `subject` is the first paragraph on one line, `message` the whole text as written."""

    oid: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    subject: str
    body: str
    signature: str | None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Tag:
    """An annotated tag. A signature is the tail of the text and is kept apart in `signature`."""

    oid: str
    target: str
    target_kind: str
    name: str
    tagger: Person | None
    subject: str
    body: str
    signature: str | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a tree; `mode` is one of git's five, whatever old tools wrote."""

    name: str
    mode: int
    kind: EntryKind
    oid: str
    executable: bool


def path_text(raw: bytes) -> str:
    """A path as text; bytes that are no UTF-8 survive the way back (see `path_bytes`)."""
    return raw.decode("utf-8", "surrogateescape")


def path_bytes(path: str) -> bytes:
    """The bytes of a path from `path_text` or from a client; lone surrogates of other kinds become `?`."""
    try:
        return path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return path.encode("utf-8", "replace")


def decode(raw: bytes, encoding: str | None = None) -> str:
    """Text of any origin: the named encoding if it is known and fits, else UTF-8 with replacements."""
    if encoding is not None:
        name = encoding.strip().lower().replace("_", "-")
        if _TEXT_CODECS.fullmatch(name):
            try:
                text = raw.decode(name)
                text.encode("utf-8")
            except (LookupError, ValueError):
                pass
            else:
                return text
    return raw.decode("utf-8", "replace")


def parse_person(raw: bytes, encoding: str | None = None) -> Person:
    """`Name <mail> 1700000000 +0100` and every broken form of it, read as git reads it."""
    open_at = raw.find(b"<")
    if open_at < 0:
        return Person(name=decode(raw, encoding).strip(), email="", when=_EPOCH)
    close_at = raw.find(b">", open_at)
    mail = raw[open_at + 1 :] if close_at < 0 else raw[open_at + 1 : close_at]
    # The date follows the last bracket: names and addresses may hold brackets of their own.
    found = None if close_at < 0 else _DATE.match(raw, raw.rfind(b">") + 1)
    when = _EPOCH if found is None else moment(int(found[1]), (found[2] or b"+0").decode("ascii"))
    return Person(name=decode(raw[:open_at], encoding).strip(), email=decode(mail, encoding).strip(), when=when)


def moment(seconds: int, zone: str) -> datetime:
    """A git date as an aware datetime; an impossible zone becomes UTC, an impossible time the nearest."""
    digits = int(zone.lstrip("+-") or "0")
    # git reads the digits as one number: hours are its hundreds, whatever the minutes add up to.
    minutes = digits // 100 * 60 + digits % 100
    if minutes >= _DAY_MINUTES:
        minutes = 0
    if zone.startswith("-"):
        minutes = -minutes
    clamped = min(max(seconds, _FIRST_SECOND), _LAST_SECOND)
    offset = timezone(timedelta(minutes=minutes)) if minutes else UTC
    return (_EPOCH + timedelta(seconds=clamped)).astimezone(offset)


def parse_commit(oid: str, raw: bytes) -> Commit:
    """The record of a commit's bytes; absent parts are empty, never an error."""
    headers, text = _split(raw)
    encoding = _first(headers, b"encoding")
    codec = None if encoding is None else encoding.decode("ascii", "replace")
    author = _first(headers, b"author")
    committer = _first(headers, b"committer")
    signature = _first(headers, b"gpgsig")
    message = decode(text, codec)
    subject, body = split_message(message)
    return Commit(
        oid=oid,
        tree=(_first(headers, b"tree") or b"").decode("ascii", "replace"),
        parents=tuple(value.decode("ascii", "replace") for key, value in headers if key == b"parent"),
        author=NOBODY if author is None else parse_person(author, codec),
        committer=NOBODY if committer is None else parse_person(committer, codec),
        subject=subject,
        body=body,
        signature=None if signature is None else decode(signature),
        message=message,
    )


def commit_links(raw: bytes) -> tuple[bytes, list[bytes], int]:
    """Tree id, parent ids (20 bytes each) and committer date in seconds, without decoding the rest."""
    tree, parents, date = bytes(20), [], 0
    for line in raw.partition(b"\n\n")[0].split(b"\n"):
        key, _, value = line.partition(b" ")
        if key == b"committer":
            found = _DATE.match(value, value.rfind(b">") + 1)
            date = 0 if found is None else int(found[1])
            break
        if key in {b"tree", b"parent"}:
            try:
                oid = bytes.fromhex(value.decode("ascii"))
            except ValueError:
                continue
            if key == b"tree":
                tree = oid
            else:
                parents.append(oid)
    return tree, parents, date


def parse_tag(oid: str, raw: bytes) -> Tag:
    """The record of an annotated tag's bytes; absent parts are empty, never an error."""
    headers, text = _split(raw)
    encoding = _first(headers, b"encoding")
    codec = None if encoding is None else encoding.decode("ascii", "replace")
    tagger = _first(headers, b"tagger")
    text, signature = _split_signature(text)
    message = decode(text, codec)
    subject, body = split_message(message)
    return Tag(
        oid=oid,
        target=(_first(headers, b"object") or b"").decode("ascii", "replace"),
        target_kind=(_first(headers, b"type") or b"").decode("ascii", "replace"),
        name=path_text(_first(headers, b"tag") or b""),
        tagger=None if tagger is None else parse_person(tagger, codec),
        subject=subject,
        body=body,
        signature=None if signature is None else decode(signature),
        message=message,
    )


def split_message(message: str) -> tuple[str, str]:
    """Subject (first paragraph, joined by spaces) and body (the rest, without blank lines around it)."""
    lines = message.replace("\r\n", "\n").split("\n")
    start = next((n for n, line in enumerate(lines) if line.strip()), len(lines))
    stop = next((n for n in range(start, len(lines)) if not lines[n].strip()), len(lines))
    rest = next((n for n in range(stop, len(lines)) if lines[n].strip()), len(lines))
    subject = " ".join(line.strip() for line in lines[start:stop])
    return subject, "\n".join(lines[rest:]).rstrip()


def raw_entries(raw: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """Name, mode as written and 20-byte id of each row of a tree; stops where the bytes make no sense."""
    at, end = 0, len(raw)
    while at < end:
        space = raw.find(b" ", at, at + 12)
        stop = raw.find(b"\0", space + 1)
        if space < 0 or stop < 0 or stop + 21 > end:
            return
        try:
            mode = int(raw[at:space], 8)
        except ValueError:
            return
        yield raw[space + 1 : stop], mode, raw[stop + 1 : stop + 21]
        at = stop + 21


def parse_tree(raw: bytes) -> list[Entry]:
    """All rows in page order: folders and submodules first, then the rest, each by the bytes of the name."""
    rows = [(kind_of(mode), name, mode, oid) for name, mode, oid in raw_entries(raw)]
    rows.sort(key=lambda row: (row[0] not in {"folder", "submodule"}, row[1]))
    return [make_entry(name, mode, oid.hex()) for _, name, mode, oid in rows]


def make_entry(name: bytes, mode: int, oid: str) -> Entry:
    """The record of one row."""
    kind = kind_of(mode)
    executable = kind == "file" and bool(mode & 0o100)
    modes: dict[EntryKind, int] = {"folder": 0o040000, "link": 0o120000, "submodule": 0o160000}
    plain = 0o100755 if executable else 0o100644
    return Entry(name=path_text(name), mode=modes.get(kind, plain), kind=kind, oid=oid, executable=executable)


def kind_of(mode: int) -> EntryKind:
    """What a mode stands for, by the type bits alone, as git reads it."""
    kinds: dict[int, EntryKind] = {0o040000: "folder", 0o100000: "file", 0o120000: "link"}
    return kinds.get(mode & 0o170000, "submodule")


def _split(raw: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers in order (continuation lines joined) and the text behind the first empty line."""
    head, _, text = raw.partition(b"\n\n")
    headers: list[tuple[bytes, bytes]] = []
    folded: list[bytes] = []
    key = b""
    for line in head.split(b"\n"):
        if line.startswith(b" ") and folded:
            folded.append(line[1:])
            continue
        if folded:
            headers.append((key, b"\n".join(folded)))
        key, _, value = line.partition(b" ")
        folded = [value]
    if folded:
        headers.append((key, b"\n".join(folded)))
    return headers, text


def _first(headers: list[tuple[bytes, bytes]], key: bytes) -> bytes | None:
    """The first value of a header: git itself reads the first and ignores repetitions."""
    return next((value for name, value in headers if name == key), None)


def _split_signature(text: bytes) -> tuple[bytes, bytes | None]:
    """A tag's text without the signature at its end, and that signature."""
    starts = [found.start() for found in _SIGNATURE.finditer(text)]
    return (text[: starts[-1]], text[starts[-1] :]) if starts else (text, None)
