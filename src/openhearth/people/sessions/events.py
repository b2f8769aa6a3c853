"""What happens to sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from openhearth.kernel.events.facts import Event


@dataclass(frozen=True, slots=True)
class SessionsEnded(Event):
    """Somebody ended sessions of an account: one, or all but the one they used."""

    name: ClassVar[str] = "session.ended"
    account_id: int
    count: int
