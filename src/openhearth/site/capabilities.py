"""The one list of what this instance consists of. Adding a capability adds one line here."""

from __future__ import annotations

KERNEL_APPS: tuple[str, ...] = (
    "openhearth.kernel.jobs",
    "openhearth.kernel.events",
    "openhearth.kernel.mail",
)

CAPABILITIES: tuple[str, ...] = (
    "openhearth.people.sessions",
    "openhearth.people.accounts",
    "openhearth.people.keys",
    "openhearth.people.tokens",
    "openhearth.code.repos",
    "openhearth.code.refs",
    "openhearth.code.starters",
    "openhearth.code.browse",
    "openhearth.code.places",
    "openhearth.reach.feeds",
    "openhearth.operate.quotas",
    "openhearth.operate.instance",
)
"""Dotted names of the capabilities, lowest layer first."""

TRANSPORTS: tuple[str, ...] = ("openhearth.transport.http_git",)
"""Modules whose `ROUTES: tuple[NativeRoute, ...]` are served beside Django (`transport.native`)."""
