"""What a job can ask and tell while it runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from openhearth.kernel.jobs.models import Job

_WRITE_SECONDS = 1.0


class Again(Exception):
    """Raised by a job that cannot work yet; it is run again after `seconds`, and this run does not count."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"again in {seconds:g} s")
        self.seconds = seconds


@dataclass(slots=True)
class _Run:
    job_id: int
    stop: threading.Event
    written: float = field(default=0.0)


_run: ContextVar[_Run | None] = ContextVar("openhearth_job", default=None)


@contextmanager
def running(job_id: int, stop: threading.Event) -> Iterator[None]:
    """Make the job known to `progress` and `stopping` for the block."""
    token = _run.set(_Run(job_id, stop))
    try:
        yield
    finally:
        _run.reset(token)


def progress(text: str, percent: int | None = None) -> None:
    """Show people how far the job is. Written once a second at most; does nothing outside a job."""
    run = _run.get()
    if run is None or time.monotonic() - run.written < _WRITE_SECONDS:
        return
    run.written = time.monotonic()
    Job.objects.filter(pk=run.job_id).update(progress_text=text[:200], progress_percent=percent)


def stopping() -> bool:
    """Whether the worker is asked to stop: a long job then saves what it has and raises `Again(0)`."""
    run = _run.get()
    return run is not None and run.stop.is_set()
