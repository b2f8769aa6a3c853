"""What happens to access tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from openhearth.kernel.events.facts import Event


@dataclass(frozen=True, slots=True)
class TokenCreated(Event):
    """A program can act as an account within these scopes."""

    name: ClassVar[str] = "token.created"
    account_id: int
    token_id: int
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TokenRevoked(Event):
    """A token opens nothing any more."""

    name: ClassVar[str] = "token.revoked"
    account_id: int
    token_id: int
