"""The Jinja2 environment of all pages: what templates can call and how they write figures and moments.

Only things that hold for every page are globals. What belongs to one request (`request`, `me`, `page`,
`theme`, `here`, `csrf_input`, `slots`, `may_register`) comes from `pages.render` as context; macros of
`kit.html` get it as arguments, because an imported template does not see it.
"""

from __future__ import annotations

from functools import cache
from importlib import metadata
from typing import Any

from django.urls import reverse
from django.utils import translation
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

import openhearth
from openhearth.kernel.text import marks
from openhearth.web import formats
from openhearth.web.assets import static
from openhearth.web.avatars import picture
from openhearth.web.icons import icon
from openhearth.web.shell import link


@cache
def source() -> str:
    """Return the address of the program's source (`Source` in the package's metadata), "" if unknown."""
    try:
        addresses = metadata.metadata("openhearth").get_all("Project-URL") or []
    except metadata.PackageNotFoundError:
        return ""
    named = dict(entry.split(", ", 1) for entry in addresses)
    return str(named.get("Source", ""))


def url(name: str, /, **arguments: object) -> str:
    """Return the address of a named page. Raises NoReverseMatch where there is none (see `link`)."""
    return reverse(name, kwargs=arguments)


def lang() -> str:
    """Return the language of the page as HTML names it: `zh-Hans` or `en`."""
    return "zh-Hans" if (translation.get_language() or "").startswith("zh") else "en"


def attributes(values: dict[str, Any]) -> Markup:
    """Return HTML attributes: a true value stands alone, None and False are left out, the rest is quoted."""
    parts = [
        Markup(" {}").format(name) if value is True else Markup(' {}="{}"').format(name, value)
        for name, value in values.items()
        if value is not None and value is not False
    ]
    return Markup("").join(parts)


GLOBALS: dict[str, Any] = {
    "url": url,
    "link": link,
    "static": static,
    "icon": icon,
    "lang": lang,
    "picture": picture,
    "version": openhearth.__version__,
    "source": source,
}

FILTERS: dict[str, Any] = {
    "ago": formats.ago,
    "stamp": formats.stamp,
    "on_day": formats.on_day,
    "day": formats.day,
    "weekday": formats.weekday,
    "number": formats.number,
    "compact": formats.compact,
    "percent": formats.percent,
    "bytes": formats.size,
    "attrs": attributes,
    "marks": marks.mark,
}


def environment(**options: Any) -> Environment:
    """Make the environment; Django calls this with its loader and options."""
    options["undefined"] = StrictUndefined
    options.update(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    env = Environment(**options)  # noqa: S701  # autoescape is on, two lines up
    env.add_extension("jinja2.ext.i18n")
    env.policies["ext.i18n.trimmed"] = True
    env.install_gettext_callables(  # type: ignore[attr-defined]
        translation.gettext,
        translation.ngettext,
        newstyle=True,
        pgettext=translation.pgettext,
        npgettext=translation.npgettext,
    )
    env.globals.update(GLOBALS)
    env.filters.update(FILTERS)
    return env
