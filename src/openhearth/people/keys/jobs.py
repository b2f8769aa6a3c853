"""Background work on SSH keys."""

from __future__ import annotations

from openhearth.kernel.jobs.registry import job
from openhearth.people.keys import actions


@job("people.keys.last_use", every=60)
def last_use() -> None:
    """Carry over when keys were last used."""
    actions.carry_over_last_use()
