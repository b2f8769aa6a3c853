"""What administrators did to the instance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from openhearth.kernel.events.facts import Event


@dataclass(frozen=True, slots=True)
class JobRetried(Event):
    """An administrator let a failed job run again."""

    name: ClassVar[str] = "instance.job_retried"
    job_id: int
    job_name: str


@dataclass(frozen=True, slots=True)
class JobDiscarded(Event):
    """An administrator gave up a failed or waiting job for good."""

    name: ClassVar[str] = "instance.job_discarded"
    job_id: int
    job_name: str
