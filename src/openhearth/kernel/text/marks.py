"""Characters that hide or reorder text, shown as labels.

A reader must see what a machine reads: direction overrides, zero-width characters and control characters in
code, names and messages become a visible `<span class="ctl" title="NAME">U+202E</span>`. Characters that a
script or an emoji needs (joiners in Persian, Indic and emoji sequences, variation selectors, direction marks beside
right-to-left letters) are left alone.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator

from markupsafe import Markup, escape

_BIDI_FORMAT = "\u202a-\u202e\u2066-\u2069"
_BIDI_MARK = "\u200e\u200f\u061c"
_ALWAYS = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e"
    "\u2028\u2029\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0001\U000e0080-\U000e00ff\ud800-\udfff" + _BIDI_FORMAT
)
_SOMETIMES = "\u200b-\u200d\ufe00-\ufe0f\U000e0020-\U000e007f\U000e0100-\U000e01ef" + _BIDI_MARK

_ANY = re.compile(f"[{_ALWAYS}{_SOMETIMES}]")
_CERTAIN = re.compile(f"[{_ALWAYS}]")
_BENIGN_CONTROL = "\x0c"
"""Marked, but no cause for a warning: old sources are divided into pages by form feeds."""

_NO_SPACES = re.compile("[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\ua9e0-\ua9ff\uaa60-\uaadf]")
_JOINING = re.compile("[\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\u1a20-\u1cff\ua840-\uabff\ufb50-\ufeff]")
_EMOJI = re.compile(
    "[\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2934\u2935\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\u00a9\u00ae\U0001f000-\U0001faff]"
)
_KEYCAP = frozenset("#*0123456789")
_EMOJI_SELECTOR = "\ufe0f"
_BLACK_FLAG = "\U0001f3f4"
_TAG_END = "\U000e007f"
_CONTROL_NAMES = {
    0x00: "NULL",
    0x07: "BELL",
    0x08: "BACKSPACE",
    0x0B: "LINE TABULATION",
    0x0C: "FORM FEED",
    0x0D: "CARRIAGE RETURN",
    0x1B: "ESCAPE",
    0x7F: "DELETE",
    0x85: "NEXT LINE",
}

_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|#3[49]);)")
"""An entity that the escaping functions do not write, so one that could stand for anything."""
_PIECES = re.compile(r"(<[^>]*>)|(&[#\w]{1,31};)|([^<&]+|[<&])")


def mark(text: str) -> Markup:
    """The text escaped for HTML, with hidden characters as labels; a carriage return at a line end is none."""
    if not _ANY.search(text):
        return escape(text)
    hidden = set(_hidden(text))
    if not hidden:
        return escape(text)
    parts: list[str] = []
    start = 0
    for at in sorted(hidden):
        parts += (str(escape(text[start:at])), _label(text[at]))
        start = at + 1
    parts.append(str(escape(text[start:])))
    return Markup("".join(parts))  # noqa: S704 - every part was escaped or is a label made here


def mark_html(markup: Markup) -> Markup:
    """The same for text that is HTML already: only the text between tags is touched, entities included."""
    source = str(markup)
    if not _ANY.search(source) and not _ENTITY.search(source):
        return markup
    plain: list[str] = []
    raw: list[tuple[bool, str]] = []
    for tag, entity, text in _PIECES.findall(source):
        if tag:
            raw.append((False, tag))
        elif entity:
            meant = html.unescape(entity)
            single = len(meant) == 1
            raw.append((single, entity))
            plain += meant if single else ""
        else:
            raw += ((True, character) for character in text) if _ANY.search(text) else [(True, text)]
            plain.append(text)
    hidden = set(_hidden("".join(plain)))
    return Markup("".join(_merged(raw, "".join(plain), hidden))) if hidden else markup  # noqa: S704 - see above


def has_marks(text: str) -> bool:
    """Whether the text holds hidden characters that deserve a warning above it."""
    if not _ANY.search(text):
        return False
    return any(text[at] != _BENIGN_CONTROL for at in _hidden(text))


def _merged(raw: list[tuple[bool, str]], plain: str, hidden: set[int]) -> Iterator[str]:
    at = 0
    for counted, piece in raw:
        if not counted:
            yield piece
            continue
        if at in hidden:
            yield _label(plain[at])
        else:
            yield piece
        at += 1 if piece.startswith("&") else len(piece)


def _hidden(text: str) -> Iterator[int]:
    """Places of the characters to mark."""
    right_to_left: bool | None = None
    for match in _ANY.finditer(text):
        at, character = match.start(), match.group()
        if character == "\r" and text[at + 1 : at + 2] in ("", "\n"):
            continue
        if _CERTAIN.match(character):
            yield at
        elif character in _BIDI_MARK:
            if right_to_left is None:
                right_to_left = any(map(_is_right_to_left, text))
            if not right_to_left:
                yield at
        elif not _needed(text, at, character):
            yield at


def _is_right_to_left(character: str) -> bool:
    return character not in _BIDI_MARK and unicodedata.bidirectional(character) in ("R", "AL")


def _needed(text: str, at: int, character: str) -> bool:
    """Whether a joiner, selector or tag character does its proper work at this place."""
    before = text[at - 1] if at else ""
    after = text[at + 1 : at + 2]
    if character == "\u200b":
        return bool(_NO_SPACES.match(before) or _NO_SPACES.match(after))
    if character == "\u200c":
        return bool(_JOINING.match(before))
    if character == "\u200d":
        return bool(_JOINING.match(before) or (_ends_emoji(text, at) and _EMOJI.match(after)))
    if "\U000e0020" <= character <= _TAG_END:
        return _in_flag(text, at)
    if character == _EMOJI_SELECTOR:
        return bool(_EMOJI.match(before)) or (before in _KEYCAP and after == "\u20e3")
    return _takes_selector(before)


def _ends_emoji(text: str, at: int) -> bool:
    """Whether an emoji ends just before `at` (a selector or skin tone may close it)."""
    place = at - 1
    if place > 0 and text[place] == _EMOJI_SELECTOR:
        place -= 1
    return place >= 0 and bool(_EMOJI.match(text[place]))


def _in_flag(text: str, at: int) -> bool:
    """Whether this tag character belongs to a flag: a black flag, a few tags, the closing tag."""
    start = at
    while start > 0 and at - start < 8 and "\U000e0020" <= text[start - 1] <= _TAG_END:
        start -= 1
    end = at
    while end < len(text) - 1 and end - at < 8 and text[end] != _TAG_END:
        end += 1
    return start > 0 and text[start - 1] == _BLACK_FLAG and text[end] == _TAG_END and end - start <= 7


def _takes_selector(before: str) -> bool:
    """Whether a variation selector may follow: ideographs, symbols and Mongolian, never a second selector."""
    if not before or _ANY.match(before):
        return False
    if before < "\x7f":
        return before == "0"  # the slashed zero is the one registered variation of an ASCII character
    return unicodedata.category(before) in ("Lo", "So", "Sm", "Po", "Ps", "Pe", "Sk")


def _label(character: str) -> str:
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:  # a byte that was no UTF-8 (surrogateescape)
        return f'<span class="ctl" title="BYTE">\\x{number - 0xDC00:02X}</span>'
    name = _CONTROL_NAMES.get(number) or unicodedata.name(character, "CONTROL CHARACTER")
    return f'<span class="ctl" title="{name}">U+{number:04X}</span>'
