"""The last guard: what HTML may leave the text pipeline. Everything else is dropped, whatever came before."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

import nh3
from markupsafe import Markup

from openhearth.kernel.text.highlight import CLASSES
from openhearth.kernel.text.languages import words
from openhearth.kernel.text.links import REL

TAGS: Final = words("""
    a abbr b bdo blockquote br caption cite code dd del details dfn div dl dt em figcaption figure h1 h2
    h3 h4 h5 h6 hr i img input ins kbd li mark ol p pre q rp rt ruby s samp section small span strike
    strong sub summary sup table tbody td tfoot th thead time tr tt ul var wbr
""")
DROPPED_WITH_CONTENT: Final = words("""
    script style title textarea xmp iframe noembed noframes noscript plaintext template svg math object
    select
""")
SCHEMES: Final = frozenset({"http", "https", "mailto", "irc", "ircs", "xmpp"})

_ATTRIBUTES: Final[Mapping[str, frozenset[str]]] = {
    "*": frozenset({"align", "class", "dir", "id", "lang", "title", "aria-label", "aria-hidden"}),
    "a": frozenset({"href", "name"}),
    "img": frozenset({"src", "alt", "width", "height", "loading"}),
    "input": frozenset({"type", "checked", "disabled"}),
    "ol": frozenset({"start", "type", "reversed"}),
    "li": frozenset({"value"}),
    "td": frozenset({"colspan", "rowspan", "valign", "width", "height"}),
    "th": frozenset({"colspan", "rowspan", "valign", "scope", "width", "height"}),
    "tr": frozenset({"valign"}),
    "details": frozenset({"open"}),
    "time": frozenset({"datetime"}),
    "del": frozenset({"datetime"}),
    "ins": frozenset({"datetime"}),
    "span": frozenset({"data-math-style"}),
    "code": frozenset({"data-math-style", "data-lang"}),
    "pre": frozenset({"tabindex"}),
}
_OWN_CLASSES: Final[Mapping[str, frozenset[str]]] = {
    "a": frozenset({"anchor", "remote-image", "footnote-backref"}),
    "span": CLASSES | {"ctl", "math", "remote-image"},
    "code": frozenset({"math"}),
    "pre": frozenset({"math", "plain"}),
    "li": frozenset({"task"}),
    "div": frozenset({"alert", "info", "ok", "done", "warn", "bad"}),
    "sup": frozenset({"footnote-ref"}),
    "section": frozenset({"footnotes"}),
}
_SIZE = re.compile(r"\d{1,5}%?")
_WORD = re.compile(r"[\w.+#-]{1,40}")
_VALUES: Final[Mapping[str, re.Pattern[str]]] = {
    "width": _SIZE,
    "height": _SIZE,
    "align": re.compile(r"left|right|center|justify", re.IGNORECASE),
    "valign": re.compile(r"top|middle|bottom|baseline", re.IGNORECASE),
    "dir": re.compile(r"ltr|rtl|auto", re.IGNORECASE),
    "lang": re.compile(r"[A-Za-z0-9-]{1,35}"),
    "colspan": re.compile(r"\d{1,3}"),
    "rowspan": re.compile(r"\d{1,4}"),
    "start": re.compile(r"-?\d{1,9}"),
    "value": re.compile(r"-?\d{1,9}"),
    "loading": re.compile("lazy"),
    "tabindex": re.compile("0"),
    "data-lang": _WORD,
    "data-math-style": re.compile("inline|display"),
    "aria-hidden": re.compile("true|false"),
}
_BOOLEAN: Final = frozenset({"checked", "disabled", "open", "reversed"})
_LOCAL_IMAGE = re.compile(r"/(?![/\\])[^\\\x00-\x20]*")


def clean(source: str, id_prefix: str) -> Markup:
    """HTML made safe for a page: ids and names begin with `id_prefix`, images load from this site alone."""
    cleaner = nh3.Cleaner(
        tags=set(TAGS),
        clean_content_tags=set(DROPPED_WITH_CONTENT),
        attributes={tag: set(names - {"class"}) for tag, names in _ATTRIBUTES.items()},
        allowed_classes={tag: set(names) for tag, names in _OWN_CLASSES.items()},
        attribute_filter=_filter(id_prefix),
        link_rel=REL,
        url_schemes=set(SCHEMES),
        id_prefix=id_prefix,
        set_tag_attribute_values={"input": {"type": "checkbox", "disabled": ""}},
    )
    return Markup(cleaner.clean(source))  # noqa: S704 - this is the sanitiser


def is_local_image(address: str) -> bool:
    """Whether a browser would load the address from this site: an absolute path, no `//host`, no backslash."""
    return _LOCAL_IMAGE.fullmatch(address) is not None


def _filter(id_prefix: str) -> Callable[[str, str, str], str | None]:
    def judge(_tag: str, name: str, value: str) -> str | None:
        if name == "src":
            return value if is_local_image(value) else None
        if name == "name":
            return value if value.startswith(id_prefix) else id_prefix + value
        if name in _BOOLEAN:
            return ""
        pattern = _VALUES.get(name)
        return value if pattern is None or pattern.fullmatch(value) else None

    return judge
