"""What happens to refs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from openhearth.kernel.events.facts import Event


@dataclass(frozen=True, slots=True)
class RefsPushed(Event):
    """One push moved refs. `updates` holds (ref, old, new) with 40 zeros for none; `version` is the new state."""

    name: ClassVar[str] = "refs.pushed"
    repository_id: int
    version: int
    updates: tuple[tuple[str, str, str], ...]
