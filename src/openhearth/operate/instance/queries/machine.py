"""What the instance stands on: its processes, its disk, its checks."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from openhearth.kernel import clock, config, health
from openhearth.kernel.jobs import reports
from openhearth.kernel.jobs.reports import Counts
from openhearth.web import formats

LITTLE_SPACE = 0.05
"""Share of the disk below which an administrator should act."""
JOBS_LATE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk that holds the data directory, in bytes."""

    total: int
    free: int
    database: int

    @property
    def is_short(self) -> bool:
        """Whether pushes may soon fail for want of space."""
        return self.free < self.total * LITTLE_SPACE


@dataclass(frozen=True, slots=True)
class Check:
    """One check in plain words; `fault` is "" where all is well, `advice` says what to do otherwise.

    `is_note`: it may be meant so, and nothing is wrong.
    """

    title: str
    fault: str
    advice: str = ""
    is_note: bool = False


@dataclass(frozen=True, slots=True)
class Running:
    """The processes of the instance; `started` is unknown where it was not started by `serve`."""

    started: datetime | None
    parts: tuple[tuple[str, int], ...]
    failing: tuple[str, ...]


def disk() -> Disk:
    """Measure the disk."""
    paths = config.current().paths
    usage = shutil.disk_usage(paths.root)
    files = (paths.database, paths.database.with_name(paths.database.name + "-wal"), paths.cache)
    return Disk(usage.total, usage.free, sum(_size(file) for file in files))


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def running() -> Running:
    """Read what the supervisor says of its parts."""
    state = _state()
    counted: dict[str, int] = {}
    for part in state.get("parts", ()):
        counted[part["name"]] = counted.get(part["name"], 0) + 1
    failing = tuple(part["name"] for part in state.get("parts", ()) if part["state"] == "failing")
    started = state.get("started")
    return Running(datetime.fromisoformat(started) if started else None, tuple(counted.items()), failing)


def _state() -> Mapping[str, Any]:
    try:
        found: dict[str, Any] = json.loads((config.current().data / "run.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def checks(space: Disk, parts: Running, jobs: Counts) -> tuple[Check, ...]:
    """Return what is well and what is not, in words that say what to do."""
    found = [Check(_title(finding.name), finding.fault, _("The log says more.")) for finding in health.findings()]
    return (*found, _parts_check(parts), _jobs_check(jobs), _disk_check(space), _mail_check())


def _title(name: str) -> str:
    return {"database": _("The database answers"), "cache": _("The cache answers")}.get(name, name)


def _parts_check(parts: Running) -> Check:
    fault = ""
    if parts.failing:
        fault = _("%(parts)s dies again and again.") % {"parts": ", ".join(parts.failing)}
    return Check(_("All parts run"), fault, _("The log says why they end."))


def _jobs_check(jobs: Counts) -> Check:
    late = clock.now() - jobs.oldest_due if jobs.oldest_due else timedelta()
    fault = ""
    if late > JOBS_LATE:
        minutes = int(late.total_seconds() // 60)
        fault = ngettext(
            "A job has waited for %(minutes)s minute.", "A job has waited for %(minutes)s minutes.", minutes
        ) % {"minutes": formats.number(minutes)}
    return Check(
        _("Background work keeps up"),
        fault,
        _("See whether a worker runs and what it is busy with; jobs.workers sets how many there are."),
    )


def _disk_check(space: Disk) -> Check:
    fault = _("Only %(free)s are free.") % {"free": formats.size(space.free)} if space.is_short else ""
    return Check(_("There is room on the disk"), fault, _("Make room before pushes fail for want of it."))


def _mail_check() -> Check:
    fault = "" if config.current().mail.host else _("No mail server is set, so mails are kept here.")
    return Check(_("Mail is sent"), fault, _("Set mail.host to send them, or hand them on yourself."), is_note=True)


def job_counts() -> Counts:
    """Count the jobs."""
    return reports.counts()
