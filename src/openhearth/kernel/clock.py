"""The time, in one place: tests can stop it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta


class Frozen:
    """A stopped clock that a test moves by hand."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def move(self, **by: float) -> datetime:
        """Move the time on, with the words of `timedelta` (`seconds=`, `days=`); returns the new time."""
        self.at += timedelta(**by)
        return self.at


_frozen: list[Frozen] = []


def now() -> datetime:
    """Return the present moment, aware, in UTC, with microseconds."""
    return _frozen[-1].at if _frozen else datetime.now(UTC)


@contextmanager
def freeze(at: datetime | None = None) -> Iterator[Frozen]:
    """For tests: stop this process's clock at `at` (aware; default: this moment) until the block ends."""
    moment = at or datetime.now(UTC)
    if moment.tzinfo is None:
        raise ValueError("freeze() wants an aware datetime")
    clock = Frozen(moment.astimezone(UTC))
    _frozen.append(clock)
    try:
        yield clock
    finally:
        _frozen.remove(clock)
