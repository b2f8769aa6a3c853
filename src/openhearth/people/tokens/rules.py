"""Tokens without a database: their shape, the scope names that exist, how long a token may live."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta

PREFIX = "oht_"
NAME_MAX = 100
TOKENS_MAX = 500
LIFE_MAX = timedelta(days=366)
CHOICES = ("7", "30", "60", "90", "custom", "none")
"""How the page asks for the end of a token: days, a date of one's own, or no end."""

SCOPES = (
    "repo",
    "repo:status",
    "repo_deployment",
    "public_repo",
    "repo:invite",
    "security_events",
    "delete_repo",
    "workflow",
    "write:packages",
    "read:packages",
    "delete:packages",
    "admin:org",
    "write:org",
    "read:org",
    "admin:public_key",
    "write:public_key",
    "read:public_key",
    "admin:repo_hook",
    "write:repo_hook",
    "read:repo_hook",
    "admin:org_hook",
    "gist",
    "notifications",
    "user",
    "read:user",
    "user:email",
    "user:follow",
    "project",
    "read:project",
    "write:discussion",
    "read:discussion",
    "admin:gpg_key",
    "write:gpg_key",
    "read:gpg_key",
    "audit_log",
    "read:audit_log",
    "site_admin",
)
"""The scope names of GitHub, in the order in which they are shown. A token may carry any of them."""


def has_shape(text: str) -> bool:
    """Whether a text is meant as a token, right or wrong, and no password."""
    return text.startswith(PREFIX) and len(text) == len(PREFIX) + 36


def split_scopes(text: str) -> list[str]:
    """Return the names in a list separated by commas or spaces."""
    return [part for part in re.split(r"[\s,]+", text) if part]


def unknown_scopes(names: Iterable[str]) -> list[str]:
    """Return those names that are no scope."""
    return [name for name in names if name not in SCOPES]


def ordered_scopes(names: Iterable[str]) -> list[str]:
    """Return each scope once, in the order of `SCOPES`."""
    wanted = set(names)
    return [name for name in SCOPES if name in wanted]


def end_of(choice: str, day: str, now: datetime) -> datetime | None:
    """Return when a token made now ends, None for never. `day` (YYYY-MM-DD, UTC, inclusive) is read for `custom`.

    Raises ValueError with a code: `unknown`, `no-date`, `past`, `too-far`.
    """
    if choice == "none":
        return None
    if choice != "custom":
        if choice not in CHOICES:
            raise ValueError("unknown")
        return now + timedelta(days=int(choice))
    try:
        last = date.fromisoformat(day)
    except ValueError:
        raise ValueError("no-date") from None
    if last < now.date():
        raise ValueError("past")
    if last > (now + LIFE_MAX).date():
        raise ValueError("too-far")
    return datetime(last.year, last.month, last.day, 23, 59, 59, tzinfo=now.tzinfo)
