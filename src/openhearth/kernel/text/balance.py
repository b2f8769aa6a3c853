"""HTML as a stream of pieces that nest properly and not too deep, in time linear to its length.

Sanitisers build a tree; hostile HTML makes that tree quadratic in time and memory (ten thousand open elements,
formatting elements repeated in every paragraph). What passes here cannot.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from openhearth.kernel.text.languages import words
from openhearth.kernel.text.sanitise import DROPPED_WITH_CONTENT, TAGS

MAX_DEPTH = 100
MAX_INLINE_DEPTH = 12

_TAG = re.compile(r"""<(/?)([A-Za-z][A-Za-z0-9-]*)((?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+)>""")
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'=<>`]++)))?+""")

VOID = frozenset({"br", "hr", "img", "input", "wbr"})
_INLINE = words("""
    a abbr b bdo cite code del dfn em i ins kbd mark q ruby rp rt s samp small span strike strong sub
    sup time tt var
""")
_CLOSES: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "li": (frozenset({"li"}), frozenset({"ul", "ol"})),
    "dt": (frozenset({"dt", "dd"}), frozenset({"dl"})),
    "dd": (frozenset({"dt", "dd"}), frozenset({"dl"})),
    "td": (frozenset({"td", "th"}), frozenset({"table", "tr"})),
    "th": (frozenset({"td", "th"}), frozenset({"table", "tr"})),
    "tr": (frozenset({"tr"}), frozenset({"table"})),
    "rt": (frozenset({"rt", "rp"}), frozenset({"ruby"})),
    "rp": (frozenset({"rt", "rp"}), frozenset({"ruby"})),
    "a": (frozenset({"a"}), frozenset({"table"})),
}
"""Opening the key closes the nearest of the first set, looked for up to one of the second set."""
_TABLE_PARTS = frozenset({"caption", "thead", "tbody", "tfoot", "tr", "td", "th"})


@dataclass(frozen=True, slots=True)
class Open:
    """A start tag; `attributes` are decoded, the first of a name counts. A void element has no Close."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Close:
    """The end tag of the innermost open element."""

    tag: str


@dataclass(frozen=True, slots=True)
class Text:
    """HTML text without any tag: `<` is escaped, entities stand as they are."""

    html: str


Piece = Open | Close | Text


def balanced(source: str) -> Iterator[Piece]:
    """The pieces of an HTML fragment, tags outside the allow-list left out, comments too."""
    stack = _Stack()
    for piece in _pieces(source):
        if isinstance(piece, Text):
            yield piece
        elif isinstance(piece, Open):
            if piece.tag in VOID:
                yield piece
            else:
                yield from stack.open(piece)
        else:
            yield from stack.close(piece.tag)
    yield from stack.drop_to(0)


class _Stack:
    """The elements that are open."""

    def __init__(self) -> None:
        self.tags: list[str] = []
        self.inline = 0

    def open(self, piece: Open) -> Iterator[Piece]:
        tag = piece.tag
        if tag in _CLOSES:
            closed, border = _CLOSES[tag]
            yield from self._close_nearest(closed, border)
        if tag not in _INLINE:
            yield from self._close_nearest(frozenset({"p"}), frozenset({"table", "td", "th", "li"}))
        if tag in _TABLE_PARTS and "table" not in self.tags:
            return
        if len(self.tags) >= MAX_DEPTH or (tag in _INLINE and self.inline >= MAX_INLINE_DEPTH):
            return
        self.tags.append(tag)
        self.inline += tag in _INLINE
        yield piece

    def close(self, tag: str) -> Iterator[Piece]:
        for at in range(len(self.tags) - 1, -1, -1):
            if self.tags[at] == tag:
                yield from self.drop_to(at)
                return
            if self.tags[at] in ("td", "th") and tag != "table" and tag not in _TABLE_PARTS:
                return

    def _close_nearest(self, closed: frozenset[str], border: frozenset[str]) -> Iterator[Piece]:
        for at in range(len(self.tags) - 1, -1, -1):
            if self.tags[at] in closed:
                yield from self.drop_to(at)
                return
            if self.tags[at] in border:
                return

    def drop_to(self, size: int) -> Iterator[Piece]:
        while len(self.tags) > size:
            tag = self.tags.pop()
            self.inline -= tag in _INLINE
            yield Close(tag)


def _pieces(source: str) -> Iterator[Piece]:
    at = 0
    unclosed: set[str] = set()
    while at < len(source):
        start = source.find("<", at)
        if start < 0:
            yield Text(source[at:])
            return
        if start > at:
            yield Text(source[at:start])
        match = _TAG.match(source, start)
        if match is None:
            at, text = _no_tag(source, start, unclosed)
            if text:
                yield Text(text)
            continue
        at = match.end()
        tag = match.group(2).lower()
        if tag in DROPPED_WITH_CONTENT:
            if not match.group(1):
                at = _past_content(source, at, tag, unclosed)
        elif tag in TAGS:
            yield Close(tag) if match.group(1) else Open(tag, _attributes(match.group(3)))


def _no_tag(source: str, start: int, unclosed: set[str]) -> tuple[int, str]:
    """What to do with a `<` that begins no tag: the place to go on from, and text to show."""
    if source.startswith("<!--", start):
        end = -1 if "--" in unclosed else source.find("-->", start + 2)
        if end >= 0:
            return end + 3, ""
        unclosed.add("--")
    elif source.startswith(("<!", "<?"), start):
        end = -1 if ">" in unclosed else source.find(">", start)
        if end >= 0:
            return end + 1, ""
        unclosed.add(">")
    return start + 1, "&lt;"


def _past_content(source: str, at: int, tag: str, unclosed: set[str]) -> int:
    """The place after the end tag of an element whose content is dropped; `at` when there is no end tag."""
    if tag in unclosed:
        return at
    end = re.compile(f"</{tag}[^>]*>", re.IGNORECASE).search(source, at)
    if end is None:
        unclosed.add(tag)
        return at
    return end.end()


def _attributes(source: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(source):
        found.setdefault(name.lower(), html.unescape(double or single or bare))
    return found
