"""What happens to accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from openhearth.kernel.events.facts import Event


@dataclass(frozen=True, slots=True)
class AccountCreated(Event):
    """Somebody has an account now, active or waiting for approval."""

    name: ClassVar[str] = "account.created"
    account_id: int
    state: str


@dataclass(frozen=True, slots=True)
class AccountChanged(Event):
    """A profile or setting changed; `fields` names which, not to what."""

    name: ClassVar[str] = "account.changed"
    account_id: int
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccountStateChanged(Event):
    """An account was approved, suspended or let in again."""

    name: ClassVar[str] = "account.state_changed"
    account_id: int
    state: str


@dataclass(frozen=True, slots=True)
class SignedIn(Event):
    """Somebody signed in with a browser; `method` says how."""

    name: ClassVar[str] = "account.signed_in"
    account_id: int
    method: str


@dataclass(frozen=True, slots=True)
class RegistrationChanged(Event):
    """An administrator chose how people come in."""

    name: ClassVar[str] = "account.registration_changed"
    mode: str
