"""Who is told of which event: a job (durable, queued with the event) or a function (after the commit)."""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from openhearth.kernel.events.facts import Event
from openhearth.kernel.jobs import registry

Fact = TypeVar("Fact", bound=Event)

_durable: defaultdict[str, list[str]] = defaultdict(list)
_listeners: defaultdict[str, list[Callable[[Any], None]]] = defaultdict(list)


def subscribe(kind: type[Event], job_name: str) -> None:
    """Queue the job `job_name` with `event_id` for each event of this kind, in the same transaction."""
    if job_name not in _durable[kind.name]:
        _durable[kind.name].append(job_name)


def listen(kind: type[Fact], function: Callable[[Fact], None]) -> None:
    """Call `function` with the event after the commit, in the process that emitted it.

    For what may be lost (waking live pages, dropping caches). Its errors are logged and hurt nobody.
    """
    if function not in _listeners[kind.name]:
        _listeners[kind.name].append(function)


def jobs_for(name: str) -> Sequence[str]:
    """Return the jobs that are queued for an event."""
    return tuple(_durable.get(name, ()))


def listeners_for(name: str) -> Sequence[Callable[[Any], None]]:
    """Return the functions that are called after the commit of an event."""
    return tuple(_listeners.get(name, ()))


def faults() -> list[str]:
    """Return what is wrong with the subscriptions, for the start-up check."""
    found = []
    for name, job_names in sorted(_durable.items()):
        for job_name in job_names:
            try:
                body = registry.find(job_name).body
                inspect.signature(body).bind(event_id=1)
            except registry.UnknownJob:
                found.append(f"The event {name!r} is to queue the job {job_name!r}, which nobody has registered.")
            except TypeError:
                found.append(f"The event {name!r} queues the job {job_name!r}, which does not take `event_id` alone.")
    return found
