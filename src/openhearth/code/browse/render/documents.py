"""Documents of a repository as HTML: relative links lead to its files, its pictures load through `raw`."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from markupsafe import Markup

from openhearth.code.browse.queries import stored
from openhearth.code.browse.rules import files
from openhearth.code.browse.rules.addresses import Addresses, unquoted
from openhearth.kernel.text import links, markdown

_RENDERER = "1"
"""Changes when the same text gives other HTML."""
_LINES = re.compile(r"L\d+(-L?\d+)?")


@dataclass(frozen=True, slots=True)
class Links:
    """Where a document stands: a ref of a repository and a folder in it (a `LinkContext`)."""

    addresses: Addresses
    ref: str
    folder: str

    def link(self, url: str) -> str:
        """Return the page of the file or folder that a relative link names."""
        path, query, fragment = self._split(url)
        if path is None:
            return url
        if not path or url.partition("#")[0].partition("?")[0].endswith("/"):
            return self.addresses.tree(self.ref, path) + fragment
        if fragment and files.ending(path) in files.MARKDOWN and not _LINES.fullmatch(fragment[1:]):
            fragment = f"#{markdown.ID_PREFIX}{fragment[1:].removeprefix(markdown.ID_PREFIX)}"
        return self.addresses.blob(self.ref, path) + query + fragment

    def image(self, url: str) -> str:
        """Return the raw address of a picture of the repository; addresses elsewhere stay as they are."""
        if urlsplit_or_none(url) is None or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|//", url):
            return url
        path, _query, _fragment = self._split(url)
        return self.addresses.raw(self.ref, path) if path else url

    def _split(self, url: str) -> tuple[str | None, str, str]:
        """Return the path in the repository, the query and the fragment; None as path for no relative link."""
        parts = urlsplit_or_none(url)
        if parts is None or parts[0]:
            return None, "", ""
        _outside, written, query, fragment = parts
        folder = "" if written.startswith("/") else self.folder
        path = posixpath.normpath(posixpath.join("/", folder, unquoted(written).lstrip("/"))).lstrip("/")
        return path, f"?{query}" if query else "", f"#{fragment}" if fragment else ""


def urlsplit_or_none(url: str) -> tuple[str, str, str, str] | None:
    """Return (scheme and host, path, query, fragment), None for what is no address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts.scheme + parts.netloc, parts.path, parts.query, parts.fragment


def document(text: str, *, context: Links, oid: str, scope: str = "") -> Markup:
    """Return Markdown as safe HTML; stored by the blob and the place it is shown at."""
    where = f"{context.addresses.home}:{context.ref}:{context.folder}"
    key = f"browse.document:{_RENDERER}:{oid}:{scope}:{where}"
    return Markup(stored.text(key, lambda: str(markdown.render(text, context=context, scope=scope))))  # noqa: S704


def plain(text: str) -> Markup:
    """Return a document without mark-up."""
    return links.plain(text)
