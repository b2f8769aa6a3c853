"""Octicons from one external sprite, `static/icons.svg` (made by `tools/icons.py`)."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from markupsafe import Markup, escape

from openhearth.web.assets import assets, static

_SYMBOL = re.compile(rb'<symbol id="([a-z0-9-]+)"')


@cache
def names() -> frozenset[str]:
    """Return the ids that the sprite holds, such as `repo-16` and `law-24`."""
    return frozenset(found.decode() for found in _SYMBOL.findall(assets()["icons.svg"].data))


@lru_cache(maxsize=2048)
def icon(name: str, size: int = 16, cls: str = "") -> Markup:
    """Return the icon as decoration: hidden from screen readers, in the colour of its surroundings.

    Drawn from the 24 px original from 24 px up where the sprite has it, else from the 16 px one.
    Raises LookupError for an icon that the sprite lacks.
    """
    drawn = f"{name}-24" if size >= 24 and f"{name}-24" in names() else f"{name}-16"
    if drawn not in names():
        raise LookupError(f"No icon {drawn} in the sprite. Add it with: python tools/icons.py {drawn}")
    classes = f"i {cls}".rstrip()
    return Markup('<svg class="{}" width="{}" height="{}" aria-hidden="true"><use href="{}#{}"/></svg>').format(
        escape(classes), size, size, static("icons.svg"), drawn
    )
