"""What happens between the Markdown parser and the sanitiser: addresses, code colours, alerts, tasks, anchors."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from markupsafe import escape

from openhearth.kernel.text import guess
from openhearth.kernel.text.balance import Close, Open, Piece, Text, balanced
from openhearth.kernel.text.highlight import code
from openhearth.kernel.text.languages import BY_EXTENSION, LANGUAGES
from openhearth.kernel.text.marks import mark
from openhearth.kernel.text.sanitise import is_local_image

CODE_BUDGET: Final = 256 * 1024
"""Characters of code that get colours in one document."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_OUTSIDE = re.compile(r"[/\\]{2}")
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_NO_SLUG = re.compile(r"[^\w\- ]")
_TONES: Final = {"note": "info", "tip": "ok", "important": "done", "warning": "warn", "caution": "bad"}


class LinkContext(Protocol):
    """Where a text stands, so that its relative addresses lead somewhere."""

    def link(self, url: str) -> str:
        """The address for a relative link as it was written (`docs/a.md#b`, `/LICENSE`, `../x`)."""

    def image(self, url: str) -> str:
        """The address of an image as it was written, relative or absolute.

        Only an absolute path on this site (`/owner/repo/raw/…`) is shown as an image; any other answer becomes a
        link that shows the image's description.
        """


class Rewriter:
    """One document on its way. Use once."""

    def __init__(self, context: LinkContext, id_prefix: str, text: str) -> None:
        self.context = context
        self.prefix = id_prefix
        self.language = "zh-hans" if guess.script(text) == "zh-Hans" else "en"
        self.budget = CODE_BUDGET
        self.links = 0
        self.code: str | None = None
        self.names: dict[str, int] = {}
        self.anchor: tuple[str, str] | None = None

    def rewritten(self, source: str) -> str:
        """The HTML with everything in its place; words of our own are in the language of the document."""
        with translation.override(self.language):
            return "".join(self._all(list(balanced(source))))

    def _all(self, pieces: list[Piece]) -> Iterator[str]:
        at = 0
        while at < len(pieces):
            piece = pieces[at]
            if not isinstance(piece, Open):
                yield self._one(piece)
                at += 1
                continue
            block = _code_block(pieces, at)
            if block is not None:
                text, end = block
                yield self._code(piece, text)
                at = end
                continue
            title = _alert_title(pieces, at)
            if title is not None:
                yield f"<b>{_alert_words(title)}</b>"
                at += 3
                continue
            if _is_task(pieces, at):
                piece = Open("li", {**piece.attributes, "class": "task"})
            if piece.tag in _HEADINGS:
                piece = self._heading(piece, _words(pieces, at))
            yield self._one(piece)
            at += 1

    def _one(self, piece: Piece) -> str:
        if isinstance(piece, Text):
            return str(mark(html.unescape(piece.html))) if self.code else piece.html
        if isinstance(piece, Close):
            anchor = self._anchor() if piece.tag in _HEADINGS else ""
            self.code = None if piece.tag == self.code else self.code
            self.links -= piece.tag == "a"
            return f"{anchor}</{piece.tag}>"
        if piece.tag in ("code", "pre", "samp", "kbd", "tt"):
            self.code = self.code or piece.tag
        return self._open(piece)

    def _open(self, piece: Open) -> str:
        tag, given = piece.tag, dict(piece.attributes)
        if tag == "img":
            return self._image(given)
        if tag == "a":
            self.links += 1
            return _tag(tag, self._link(given))
        if tag == "input":
            done = "checked" in given
            label = pgettext("task", "Done") if done else pgettext("task", "To do")
            return _tag(
                tag,
                {
                    "type": "checkbox",
                    "disabled": "",
                    "aria-label": label,
                    **({"checked": ""} if done else {}),
                },
            )
        if tag == "section" and "data-footnotes" in given:
            given["aria-label"] = _("Footnotes")
        if tag in ("span", "code") and "data-math-style" in given:
            given["class"] = "math"
        if tag == "div":
            given["class"] = _alert_class(given.get("class", ""))
        if tag == "pre":
            given["tabindex"] = "0"
        return _tag(tag, given)

    def _link(self, given: dict[str, str]) -> dict[str, str]:
        href = given.get("href", "").strip()
        if href.startswith("#"):
            given["href"] = self._fragment(href)
        elif href and not _SCHEME.match(href) and not _OUTSIDE.match(href):
            given["href"] = self.context.link(href)
        if "data-footnote-backref" in given:
            given["aria-label"] = _("Back to the text")
        return given

    def _heading(self, piece: Open, words: str) -> Open:
        """The heading with an id made of its words; equal headings are numbered."""
        name = piece.attributes.get("id") or _slug(words)
        count = self.names[name] = self.names.get(name, -1) + 1
        name = f"{name}-{count}" if count else name
        self.anchor = (name, words) if name else None
        return Open(piece.tag, {**piece.attributes, "id": self.prefix + name}) if name else piece

    def _anchor(self) -> str:
        if self.anchor is None or self.links:
            return ""
        (name, words), self.anchor = self.anchor, None
        label = _("Link to “%(title)s”") % {"title": words}
        return _tag("a", {"class": "anchor", "href": f"#{self.prefix}{name}", "aria-label": label}) + "</a>"

    def _fragment(self, href: str) -> str:
        """Links inside the document lead to the ids as they are written in the page."""
        name = href[1:]
        if not name or name.startswith(self.prefix):
            return href
        return f"#{self.prefix}{name}"

    def _image(self, given: dict[str, str]) -> str:
        source = given.get("src", "").strip()
        if not source:
            return ""
        outside = _OUTSIDE.match(source) is not None
        address = source if outside else self.context.image(source)
        if is_local_image(address):
            return _tag("img", {**given, "src": address, "loading": "lazy"})
        words = given.get("alt", "").strip() or _file_name(source)
        if self.links or not re.match(r"https?://", source, re.IGNORECASE):
            return _tag("span", {"class": "remote-image"}) + f"{escape(words)}</span>"
        return _tag("a", {"class": "remote-image", "href": source}) + f"{escape(words)}</a>"

    def _code(self, opening: Open, text: str) -> str:
        name = opening.attributes.get("lang", "").strip().split(" ")[0].split(",")[0]
        if "data-math-style" in opening.attributes:
            return f'<pre class="math" tabindex="0"><code class="math">{mark(text)}</code></pre>'
        self.budget -= len(text)
        alias = _alias(name.strip("{}.").lower()) if name and self.budget >= 0 else None
        body = "\n".join(str(line) for line in code(text, alias))
        label = {"data-lang": name} if name else {}
        return f"{_tag('pre', {'tabindex': '0'})}{_tag('code', label)}{body}\n</code></pre>"


def _code_block(pieces: list[Piece], at: int) -> tuple[str, int] | None:
    """The text of a code block that begins at `at` and the place after it; None for anything else."""
    first = pieces[at]
    if not isinstance(first, Open) or first.tag != "pre" or at + 3 >= len(pieces):
        return None
    second = pieces[at + 1]
    if not isinstance(second, Open) or second.tag != "code":
        return None
    parts: list[str] = []
    for place in range(at + 2, len(pieces)):
        piece = pieces[place]
        if isinstance(piece, Text):
            parts.append(piece.html)
            continue
        following = pieces[place + 1 : place + 2]
        if piece == Close("code") and following == [Close("pre")]:
            return html.unescape("".join(parts)), place + 2
        return None
    return None


def _words(pieces: list[Piece], at: int) -> str:
    """The text of the heading that begins at `at`, blanks folded."""
    parts: list[str] = []
    for piece in pieces[at + 1 : at + 200]:
        if isinstance(piece, Close) and piece.tag in _HEADINGS:
            break
        if isinstance(piece, Text):
            parts.append(html.unescape(piece.html))
        elif isinstance(piece, Open) and piece.tag == "img":
            parts.append(piece.attributes.get("alt", ""))
    return " ".join("".join(parts).split())[:200]


def _slug(words: str) -> str:
    """The id that people expect of a heading: small letters, blanks as hyphens, no punctuation."""
    return _NO_SLUG.sub("", words.lower()).replace(" ", "-")


def _is_task(pieces: list[Piece], at: int) -> bool:
    """Whether a list item that begins with a check box begins at `at`."""
    first = pieces[at]
    if not isinstance(first, Open) or first.tag != "li":
        return False
    for piece in pieces[at + 1 : at + 4]:
        if isinstance(piece, Open) and piece.tag == "input":
            return True
        blank = isinstance(piece, Text) and not piece.html.strip()
        if not blank and not (isinstance(piece, Open) and piece.tag == "p"):
            return False
    return False


def _alert_title(pieces: list[Piece], at: int) -> str | None:
    """The title when an alert's title paragraph with nothing but text begins at `at`."""
    piece = pieces[at]
    if not isinstance(piece, Open) or piece.attributes.get("class") != "markdown-alert-title":
        return None
    middle, last = [*pieces[at + 1 : at + 3], None, None][:2]
    return middle.html if isinstance(middle, Text) and last == Close("p") else None


def _alert_words(title: str) -> str:
    words = {
        "Note": _("Note"),
        "Tip": _("Tip"),
        "Important": _("Important"),
        "Warning": _("Warning"),
        "Caution": _("Caution"),
    }
    return str(escape(words[title])) if title in words else title


def _alert_class(given: str) -> str:
    for word in given.split():
        tone = _TONES.get(word.removeprefix("markdown-alert-"))
        if tone and word.startswith("markdown-alert-"):
            return f"alert {tone}"
    return ""


def _alias(name: str) -> str:
    """Pygments' name of a language as people write it after the fence."""
    by_extension = BY_EXTENSION.get(name)
    if by_extension is not None:
        return by_extension.lexer
    for language in LANGUAGES.values():
        if language.name.lower() == name:
            return language.lexer
    return name


def _file_name(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return "…"
    if parts.scheme == "data":
        return "…"
    return unquote(parts.path.rstrip("/").rpartition("/")[2])[:80] or parts.netloc[:80] or "…"


def _tag(name: str, attributes: dict[str, str]) -> str:
    written = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items() if key.isascii())
    return f"<{name}{written}>"
