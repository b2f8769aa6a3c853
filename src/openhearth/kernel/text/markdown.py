"""The one way from what people write to HTML: parse, rewrite, sanitise.

The parser (`Parser`, today comrak) may be exchanged; everything after it works on any GitHub-flavoured HTML.
"""

from __future__ import annotations

import re
from typing import Final, Protocol

import comrak
from markupsafe import Markup

from openhearth.kernel.text.links import plain
from openhearth.kernel.text.rewrite import LinkContext, Rewriter
from openhearth.kernel.text.sanitise import clean

MAX_CHARACTERS: Final = 1_000_000
"""Longer texts are shown as they were written."""
MAX_MAIL_LINKS: Final = 2_000
"""The parser's time and memory grow with the square of the number of mail addresses in a paragraph."""
MAX_HTML: Final = 4_000_000
"""So are texts that the parser blows up beyond this (half a million nested quotes)."""
MAX_TAGS: Final = 100_000
"""And texts with more tags than a reader could use: a few seconds of work."""
ID_PREFIX: Final = "user-content-"

_SCOPE = re.compile(r"[A-Za-z0-9-]{0,40}")


class Parser(Protocol):
    """Markdown to HTML, raw HTML passed through, nothing sanitised, headings without ids."""

    def __call__(self, text: str) -> str:
        """The HTML of a whole document."""


class Unchanged:
    """Links and images as they were written."""

    def link(self, url: str) -> str:
        """The same address."""
        return url

    def image(self, url: str) -> str:
        """The same address."""
        return url


def render(text: str, *, context: LinkContext | None = None, scope: str = "") -> Markup:
    """Markdown (GitHub's dialect) as safe HTML for the inside of `<div class="md">`.

    `context` gives relative links and images their addresses. `scope` (letters, digits, hyphens) keeps the ids of
    several texts on one page apart. Same text, context and scope give the same HTML.
    """
    if not _SCOPE.fullmatch(scope):
        raise ValueError(f"scope {scope!r}: only letters, digits and hyphens, at most 40")
    if len(text) > MAX_CHARACTERS:
        return plain(text)
    prefix = f"{ID_PREFIX}{scope}-" if scope else ID_PREFIX
    text = text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    source = parse(text)
    if len(source) > MAX_HTML or source.count("<") > MAX_TAGS:
        return plain(text)
    return clean(Rewriter(context or Unchanged(), prefix, text).rewritten(source), prefix)


def parse(text: str) -> str:
    """The comrak adapter."""
    extensions = comrak.ExtensionOptions()
    extensions.alerts = True
    extensions.autolink = text.count("@") <= MAX_MAIL_LINKS
    extensions.cjk_friendly_emphasis = True
    extensions.footnotes = True
    extensions.math_code = True
    extensions.math_dollars = True
    extensions.shortcodes = True
    extensions.strikethrough = True
    extensions.table = True
    extensions.tasklist = True
    extensions.front_matter_delimiter = "---"
    output = comrak.RenderOptions()
    output.unsafe_ = True
    output.github_pre_lang = True
    output.gfm_quirks = True
    return comrak.render_markdown(text, extensions, comrak.ParseOptions(), output)
