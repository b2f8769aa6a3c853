"""Plain text with its web addresses as links: commit messages, READMEs without a mark-up."""

from __future__ import annotations

import re

from markupsafe import Markup

from openhearth.kernel.text.marks import mark

REL = "nofollow ugc noopener"
_ENDS = r"\s<>\"`\x00-\x20\x7f\u200b-\u206f\u2e80-\u303f\uff00-\uffef"
_ADDRESS = re.compile(
    rf"(?<![A-Za-z0-9_/])https?://[^/?#{_ENDS}]{{1,253}}(?:[/?#][^{_ENDS}\u3040-\u9fff\uac00-\ud7af]{{0,2000}})?",
    re.IGNORECASE,
)
"""The path ends at a Chinese, Japanese or Korean character: people write on without a blank."""
_CLOSERS = {")": "(", "]": "[", "}": "{"}


def linked(text: str) -> Markup:
    """The text escaped, hidden characters marked, http and https addresses as links. Line ends are kept."""
    parts: list[Markup] = []
    start = 0
    for match in _ADDRESS.finditer(text):
        address = _trimmed(match.group())
        if not address.partition("://")[2]:
            continue
        end = match.start() + len(address)
        parts.append(mark(text[start : match.start()]))
        parts.append(Markup('<a href="{}" rel="{}">{}</a>').format(address, REL, mark(address)))
        start = end
    parts.append(mark(text[start:]))
    return Markup("").join(parts)


def commit_message(text: str) -> Markup:
    """A commit message for an element with `white-space: pre-wrap`: trailing blank space is taken off."""
    return linked(text.rstrip())


def plain(text: str) -> Markup:
    """A document without mark-up (`README.txt`) as one preformatted block."""
    return Markup('<pre class="plain">{}</pre>').format(linked(text.replace("\r\n", "\n").rstrip()))


def _trimmed(address: str) -> str:
    """The address without the punctuation that ends a sentence around it."""
    while address:
        last = address[-1]
        if last in ".,:;!?'*_~" or (last in _CLOSERS and address.count(last) > address.count(_CLOSERS[last])):
            address = address[:-1]
        else:
            break
    return address
