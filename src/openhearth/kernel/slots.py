"""Slots: named places in pages that higher layers fill, without the page knowing them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup

logger = logging.getLogger("openhearth.slots")

Filler = Callable[[Mapping[str, Any]], Markup | None]

_fillers: dict[str, list[tuple[int, str, Filler]]] = {}


def fill(name: str, function: Filler, *, order: int = 100) -> None:
    """Let `function` put something into the slot `name` (`repo.sidebar`); it returns None to stay out.

    Smaller `order` comes first.
    """
    place = f"{function.__module__}.{function.__qualname__}"
    fillers = _fillers.setdefault(name, [])
    if all(other is not function for _, _, other in fillers):
        fillers.append((order, place, function))
        fillers.sort(key=lambda filler: filler[:2])


def filled(name: str, context: Mapping[str, Any]) -> list[Markup]:
    """Return what the fillers of a slot put there. One that fails is logged and left out: the page stands."""
    parts = []
    for _, place, function in _fillers.get(name, []):
        try:
            part = function(context)
        except Exception:
            logger.exception("%s could not fill the slot %s", place, name)
        else:
            if part:
                parts.append(part)
    return parts
