"""The base of all events. Knows no Django: the `events` files of capabilities import only this."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_registered: dict[str, type[Event]] = {}


@dataclass(frozen=True, slots=True)
class Event:
    """A fact. A subclass is a frozen dataclass with a `name` such as "repository.created" and plain fields.

    The fields are numbers, texts, flags and tuples of them: ids rather than names of people, since an event
    is never changed afterwards.
    """

    name: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super(Event, cls).__init_subclass__(**kwargs)
        if not _NAME.fullmatch(cls.name):
            raise TypeError(f"{cls.__name__}.name is {cls.name!r}; it must look like repository.created")
        before = _registered.get(cls.name)
        if before is not None and _place(before) != _place(cls):  # `slots=True` makes every class twice
            raise TypeError(f"Two events are named {cls.name!r}: {_place(before)} and {_place(cls)}")
        _registered[cls.name] = cls


@dataclass(frozen=True, slots=True)
class EventKind:
    """One kind of event as the reference page shows it; `fields` are (name, type) pairs."""

    name: str
    meaning: str
    fields: tuple[tuple[str, str], ...]
    module: str


def registered() -> Mapping[str, type[Event]]:
    """Return all kinds of events by name."""
    return dict(sorted(_registered.items()))


def describe() -> list[EventKind]:
    """Return all kinds of events for the generated page, by name."""
    return [
        EventKind(
            name=name,
            meaning=(inspect.getdoc(kind) or "").strip(),
            fields=tuple((field.name, str(field.type)) for field in fields(kind)),
            module=kind.__module__,
        )
        for name, kind in registered().items()
    ]


def _place(kind: type[Event]) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
