"""What feeds put on pages of others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from openhearth.reach.feeds import queries, render
from openhearth.web import pages

ON_PROFILE = 10


@dataclass(frozen=True, slots=True)
class Recent:
    """The newest activity of an account."""

    lines: tuple[render.Line, ...]


def of_account(context: Mapping[str, Any]) -> Markup | None:
    """Fill `profile.main`: what the account did lately in public, nothing where it did nothing."""
    found = queries.cut(queries.public_of(context["account"]), most=ON_PROFILE)
    if not found.rows:
        return None
    page = Recent(render.lines(found.rows))
    return Markup(pages.text("feeds/recent.html", pages.context(context["request"], page)))  # noqa: S704  a rendered template
