"""Background work on access tokens."""

from __future__ import annotations

from openhearth.kernel.jobs.registry import job
from openhearth.people.tokens import actions


@job("people.tokens.last_use", every=60)
def last_use() -> None:
    """Carry over when tokens were last used."""
    actions.carry_over_last_use()
