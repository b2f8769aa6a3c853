"""The jobs by name. Whoever queues work knows a name, not a function, so that nobody imports upward."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

Body = TypeVar("Body", bound=Callable[..., None])

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_RESERVED = frozenset({"run_after", "unique_key"})
RETRIES = 8


class UnknownJob(LookupError):
    """A job is queued by a name that nobody has registered."""


@dataclass(frozen=True, slots=True)
class JobType:
    """A registered job. `retries` counts runs after the first; `every` is in seconds."""

    name: str
    body: Callable[..., None]
    retries: int = RETRIES
    every: int | None = None
    long: bool = False

    @property
    def meaning(self) -> str:
        """What it does, in one line."""
        return (inspect.getdoc(self.body) or "").partition("\n")[0]


_jobs: dict[str, JobType] = {}
_needed: list[tuple[str, str]] = []


def job(name: str, *, retries: int = RETRIES, every: int | None = None, long: bool = False) -> Callable[[Body], Body]:
    """Register a function as the job `name`. Its parameters are plain values: ids, texts, flags.

    `every` makes it run by itself every so many seconds, once for the whole instance. `long` jobs (imports,
    repacks) leave one thread of each worker free for the others.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a job; it looks like code.repos.repack")

    def register(body: Body) -> Body:
        parameters = inspect.signature(body).parameters
        if clash := _RESERVED & set(parameters):
            raise ValueError(f"The job {name!r} has a parameter that `enqueue` uses itself: {', '.join(clash)}")
        before = _jobs.get(name)
        if before is not None and _origin(before.body) != _origin(body):
            raise ValueError(f"Two jobs are named {name!r}: {_origin(before.body)} and {_origin(body)}")
        _jobs[name] = JobType(name, body, retries=retries, long=long)
        if every is not None:
            schedule(name, every=every)
        return body

    return register


def schedule(name: str, *, every: int) -> None:
    """Let the registered job `name`, which takes no arguments, run every `every` seconds."""
    kind = find(name)
    if every < 1:
        raise ValueError(f"The job {name!r} cannot run every {every} seconds")
    inspect.signature(kind.body).bind()
    _jobs[name] = replace(kind, every=every)


def find(name: str) -> JobType:
    """Return a registered job; UnknownJob where there is none."""
    try:
        return _jobs[name]
    except KeyError:
        raise UnknownJob(f"No job is named {name!r}") from None


def needs(name: str, user: str) -> str:
    """Say that `user` (a module) queues the job `name`; start-up fails when nobody registers it."""
    _needed.append((user, name))
    return name


def unmet() -> list[tuple[str, str]]:
    """Return (user, name) for every needed job that nobody registered."""
    return [(user, name) for user, name in _needed if name not in _jobs]


def names(*, long: bool = True) -> list[str]:
    """Return the names of all jobs, without the long ones where `long` is false."""
    return sorted(kind.name for kind in _jobs.values() if long or not kind.long)


def periodic() -> Mapping[str, int]:
    """Return the seconds between two runs of each periodic job."""
    return {kind.name: kind.every for kind in _jobs.values() if kind.every is not None}


def check_arguments(kind: JobType, arguments: Mapping[str, Any]) -> None:
    """Raise TypeError where `arguments` do not fit the job or are no plain values."""
    inspect.signature(kind.body).bind(**arguments)
    if json.loads(json.dumps(arguments)) != arguments:
        raise TypeError(f"The arguments of the job {kind.name!r} do not survive JSON: {arguments!r}")


def _origin(body: Callable[..., Any]) -> str:
    return f"{body.__module__}.{body.__qualname__}"
