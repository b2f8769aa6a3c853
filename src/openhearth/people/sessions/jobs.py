"""Background work on sessions."""

from __future__ import annotations

from openhearth.kernel.jobs.registry import job
from openhearth.people.sessions import actions


@job("people.sessions.last_seen", every=60)
def last_seen() -> None:
    """Carry over when sessions were last seen."""
    actions.carry_over_last_seen()


@job("people.sessions.expire", every=3600)
def expire() -> None:
    """Remove sessions whose time is over."""
    actions.remove_expired()
