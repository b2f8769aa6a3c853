"""Source code as lines of HTML with Pygments' short class names.

Pure functions of their arguments, so that a worker process can run them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import lru_cache

from markupsafe import Markup, escape
from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_by_name
from pygments.token import STANDARD_TYPES, Token, _TokenType
from pygments.util import ClassNotFound

from openhearth.kernel.text.encoding import decode
from openhearth.kernel.text.guess import language
from openhearth.kernel.text.marks import mark_html

MAX_BYTES = 512 * 1024
MAX_LINE = 5_000
MAX_LINES = 20_000
SECONDS = 3.0
"""Checked between tokens; one slow token can still take longer."""

_QUIET = frozenset({"", "n", "w", "err", "p", "x", "esc"})
"""Classes that carry no colour here: leaving them out halves the HTML."""


def lines(source: bytes | str, filename: str) -> list[Markup]:
    """Each line of a file as HTML, without its line end; hidden characters are marked.

    An empty file has no lines. Lines end at LF or CRLF. Files over MAX_BYTES, with a line over MAX_LINE characters
    or more than MAX_LINES lines, and files of unknown kind come back escaped without colours.
    """
    text = decode(source)[0] if isinstance(source, bytes) else source
    head = source[:256] if isinstance(source, bytes) else source[:256].encode("utf-8", "replace")
    found = language(filename, head)
    return code(text, found.lexer if found else None)


def code(text: str, alias: str | None) -> list[Markup]:
    """The same for a text whose Pygments lexer is known by its alias; None or an unknown alias means no colours."""
    text = text.replace("\r\n", "\n")
    plain = text.split("\n")
    if plain[-1] == "":
        plain.pop()
    lexer = _lexer(alias) if alias and _fits(text, plain) else None
    coloured = _coloured(lexer, text) if lexer else None
    if coloured is None or len(coloured) < len(plain):
        coloured = [str(escape(line)) for line in plain]
    return [mark_html(Markup(line)) for line in coloured[: len(plain)]]  # noqa: S704 - escaped piece by piece


def _fits(text: str, plain: list[str]) -> bool:
    return len(text) <= MAX_BYTES and len(plain) <= MAX_LINES and max(map(len, plain), default=0) <= MAX_LINE


def _coloured(lexer: Lexer, text: str) -> list[str] | None:
    """Lines of HTML, or None when the lexer lost text or time ran out."""
    done: list[str] = []
    line: list[str] = []
    end = time.monotonic() + SECONDS
    length = 0
    for count, (name, value) in enumerate(_merged(lexer, text)):
        if count % 256 == 0 and time.monotonic() > end:
            return None
        length += len(value)
        first, *more = value.split("\n")
        line.append(_span(name, first))
        for part in more:
            done.append("".join(line))
            line = [_span(name, part)]
    done.append("".join(line))
    return done if length == len(text) else None


def _merged(lexer: Lexer, text: str) -> Iterator[tuple[str, str]]:
    """Class name and text of each token, neighbours of one class joined."""
    last = ""
    gathered: list[str] = []
    for _, token, value in lexer.get_tokens_unprocessed(text):
        name = _short(token)
        if name != last and gathered:
            yield last, "".join(gathered)
            gathered = []
        last = name
        gathered.append(value)
    if gathered:
        yield last, "".join(gathered)


def _span(name: str, value: str) -> str:
    if not value:
        return ""
    return f'<span class="{name}">{escape(value)}</span>' if name else str(escape(value))


@lru_cache(maxsize=512)
def _short(token: _TokenType) -> str:
    while token is not Token and token not in STANDARD_TYPES:
        token = token.parent or Token
    name = STANDARD_TYPES.get(token, "")
    return "" if name in _QUIET else name


def _lexer(alias: str) -> Lexer | None:
    found = _lexer_class(alias)
    return found() if found else None


@lru_cache(maxsize=256)
def _lexer_class(alias: str) -> type[Lexer] | None:
    try:
        found = find_lexer_class_by_name(alias)
    except ClassNotFound:
        return None
    return None if found.name == "Text only" else found


CLASSES = frozenset(name for name in STANDARD_TYPES.values() if name) - _QUIET
"""Every class name that these functions can write."""
