"""Reads what a client asks of upload-pack, checks its form, and writes it anew in one normal form."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from openhearth.git.errors import Refused
from openhearth.git.pktline import DELIM, FLUSH, PktReader, Special, line, packet
from openhearth.git.views import RefView

MIB = 1 << 20

_FLAGS = frozenset(
    {
        "done",
        "thin-pack",
        "no-progress",
        "include-tag",
        "ofs-delta",
        "deepen-relative",
        "wait-for-done",
    }
)
_WITH_OID = re.compile(r"(want|have|shallow) ([0-9a-f]{40})")
_WITH_NUMBER = re.compile(r"(deepen|deepen-since) (\d{1,18})")
_WANT_V0 = re.compile(r"want ([0-9a-f]{40})(?: (.*))?")
_FILTER = re.compile(r"filter (\S{1,1000})")
_SESSION = ("agent=", "session-id=")


@dataclass(frozen=True, slots=True)
class Request:
    """One v2 request: its command, the capability lines behind it, its arguments."""

    command: str
    capabilities: tuple[str, ...]
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """A fetch in normal form. `lines` is None at each flush; equal requests have equal bodies.

    `body` is what git is fed with; `key` names the request for a store of answers. An answer depends on the
    refs as well unless `is_content_addressed`.
    """

    version: int
    wants: tuple[str, ...]
    lines: tuple[str | None, ...]

    def body(self) -> bytes:
        """Return the bytes that git reads."""
        start = (packet("command=fetch"), packet("object-format=sha1"), DELIM) if self.version == 2 else ()
        return b"".join((*start, *(FLUSH if text is None else packet(f"{text}\n") for text in self.lines)))

    def key(self) -> str:
        """Return a digest of everything that decides the answer, refs aside."""
        return hashlib.sha256(b"%d\n" % self.version + self.body()).hexdigest()

    @property
    def is_content_addressed(self) -> bool:
        """Whether the answer depends on nothing but the objects named: no tags, no refs, no negotiation."""
        texts = [text for text in self.lines if text is not None]
        named = any(text == "include-tag" or text.startswith("deepen-not ") for text in texts)
        return "done" in texts and not named


async def read_v2(packets: PktReader) -> Request | None:
    """Read one v2 request; None at a flush or at the end of the stream."""
    lines: list[str] = []
    arguments: list[str] | None = None
    while (data := await packets.packet()) is not Special.FLUSH:
        if isinstance(data, bytes):
            (lines if arguments is None else arguments).append(_text(data))
        elif data is Special.DELIM and arguments is None and lines:
            arguments = []
        elif data is Special.END and not lines:
            return None
        else:
            raise Refused("malformed-packet", reason="unexpected end")
    return _request(lines, arguments or []) if lines else None


def _request(lines: Sequence[str], arguments: Sequence[str]) -> Request:
    commands = [text[8:] for text in lines if text.startswith("command=")]
    if len(commands) != 1:
        raise Refused("two-commands" if commands else "no-command")
    capabilities = tuple(text for text in lines if not text.startswith("command="))
    for text in capabilities:
        if text.startswith("object-format=") and text != "object-format=sha1":
            raise Refused("object-format", format=text.partition("=")[2])
        if not text.startswith((*_SESSION, "object-format=", "server-option=")):
            raise Refused("unknown-capability", capability=text)
    return Request(commands[0], capabilities, tuple(arguments))


def _text(data: bytes) -> str:
    return line(data).decode("utf-8", "surrogateescape")


def fetch_v2(request: Request, view: RefView) -> FetchRequest:
    """Check the arguments of a v2 fetch and return it in normal form."""
    lines = [_argument(text, view) for text in request.arguments]
    wants = tuple(text[5:] for text in lines if text.startswith("want "))
    if not wants:
        raise Refused("no-wants")
    return FetchRequest(2, wants, (*lines, None))


def _argument(text: str, view: RefView) -> str:
    if text in _FLAGS or _WITH_OID.fullmatch(text) or _WITH_NUMBER.fullmatch(text):
        return text
    if text.startswith("deepen-not "):
        return f"deepen-not {_named(text[11:], view)}"
    if match := _FILTER.fullmatch(text):
        return f"filter {_allowed_filter(match[1])}"
    raise Refused("unexpected-line", line=text)


def _allowed_filter(spec: str) -> str:
    """Return a filter git will accept; the kinds that cost a walk per path are refused with their name."""
    if spec == "blob:none" or re.fullmatch(r"blob:limit=\d{1,18}[kmgKMG]?|tree:\d{1,9}", spec):
        return spec
    raise Refused("filter-not-supported", filter=spec)


def _named(name: str, view: RefView) -> str:
    """Return the full name of a visible ref that a client named as people do."""
    if name == "HEAD" and view.head_ref() is not None:
        return str(view.head)
    visible = {ref.name for ref in view.refs}
    for full in (name, f"refs/{name}", f"refs/tags/{name}", f"refs/heads/{name}"):
        if full in visible:
            return full
    raise Refused("unknown-ref", ref=name)


async def read_v0(packets: PktReader, view: RefView) -> FetchRequest | None:
    """Read the wants of a v0 or v1 request up to their flush; None when the client wants nothing."""
    lines: list[str | None] = []
    wants: list[str] = []
    while True:
        data = await packets.packet()
        if data is Special.FLUSH or (data is Special.END and not lines):
            break
        if isinstance(data, Special):
            raise Refused("malformed-packet", reason="unexpected end")
        text = _text(data)
        if match := _WANT_V0.fullmatch(text):
            text = f"want {match[1]}" + (_offered(match[2]) if not wants and match[2] else "")
            wants.append(match[1])
        elif text.startswith(("have ", "want ")) or text in _FLAGS:
            raise Refused("unexpected-line", line=text)
        else:
            text = _argument(text, view)
        lines.append(text)
    return FetchRequest(0, tuple(wants), (*lines, None)) if wants else None


def _offered(capabilities: str) -> str:
    """Return the capabilities of a first want without those that only name the client."""
    kept = [word for word in capabilities.split() if not word.startswith(_SESSION)]
    if any(word.startswith("object-format=") and word != "object-format=sha1" for word in kept):
        raise Refused("object-format", format="")
    return "".join(f" {word}" for word in kept)


async def read_haves(packets: PktReader) -> Sequence[str | None]:
    """Read the rest of a stateless v0 or v1 request: what the client has, to the end of the body."""
    lines: list[str | None] = []
    while (data := await packets.packet()) is not Special.END:
        if data is Special.FLUSH:
            lines.append(None)
        elif isinstance(data, bytes) and re.fullmatch(rb"(have [0-9a-f]{40}|done)\n?", data):
            lines.append(_text(data))
        else:
            raise Refused("malformed-packet", reason="unexpected line")
        if data in {b"done\n", b"done"}:
            break
    return lines
