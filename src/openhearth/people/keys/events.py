"""What happens to SSH keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from openhearth.kernel.events.facts import Event


@dataclass(frozen=True, slots=True)
class KeyAdded(Event):
    """An account can be reached with one more key."""

    name: ClassVar[str] = "key.added"
    account_id: int
    key_id: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class KeyRemoved(Event):
    """A key no longer opens an account."""

    name: ClassVar[str] = "key.removed"
    account_id: int
    key_id: int
    fingerprint: str
