"""Runs jobs: threads that claim and work, one that keeps the leases alive."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from django.db import close_old_connections, connection, connections

from openhearth.kernel import config, log, metrics
from openhearth.kernel.jobs import claims, registry, schedule
from openhearth.kernel.jobs.models import Job
from openhearth.kernel.jobs.running import Again, running

LEASE_SECONDS = 60.0
_IDLE_SECONDS = 1.0
_LOOK_SECONDS = 0.1
_FAULT_SECONDS = 2.0

logger = logging.getLogger("openhearth.jobs")

_runs = metrics.counter("openhearth_jobs_total", "Runs of jobs by outcome.", ("job", "outcome"))
_seconds = metrics.histogram("openhearth_job_seconds", "Time that runs of jobs took.", ("job",))


def run_worker(stop: threading.Event, *, threads: int | None = None, lease: float = LEASE_SECONDS) -> None:
    """Run jobs until `stop` is set; returns when the jobs then running are over.

    `threads` jobs run at a time (default: `jobs.threads` of the configuration), each held on a `lease` of so
    many seconds that is renewed while this process lives. With more than one thread, one of them takes no long
    jobs, so that mail is not stuck behind an import.
    """
    threads = threads or config.current().jobs.threads
    worker = f"{_host()}:{os.getpid()}:{secrets.token_hex(4)}"
    over = threading.Event()
    keeper = threading.Thread(target=_keep_leases, args=(worker, lease, over), name="leases", daemon=True)
    loops = [
        threading.Thread(
            target=_loop,
            args=(stop, worker, lease, threads == 1 or number > 0),
            name=f"jobs-{number}",
            daemon=True,
        )
        for number in range(threads)
    ]
    keeper.start()
    for loop in loops:
        loop.start()
    for loop in loops:
        loop.join()
    over.set()
    keeper.join()


def _host() -> str:
    return socket.gethostname().replace(":", "-")[:50]


def _is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and that nobody has buried yet does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except OSError:
        return True  # somebody else's, or a system without /proc


def run_one(*, worker: str = "one", lease: float = LEASE_SECONDS, names: Sequence[str] | None = None) -> bool:
    """Run the next due job, if there is one, in this thread; whether there was one."""
    row = claims.claim(registry.names() if names is None else names, worker, lease)
    if row is None:
        return False
    _run(row, threading.Event())
    return True


def run_due(*, most: int = 1000) -> int:
    """Run due jobs here until none is left or `most` are done; returns how many. For commands and tests."""
    count = 0
    while count < most and run_one():
        count += 1
    return count


def _loop(stop: threading.Event, worker: str, lease: float, long: bool) -> None:
    synced = False
    try:
        while not stop.is_set():
            try:
                close_old_connections()
                if not synced:
                    schedule.sync()
                    claims.end_leases_of_the_dead(_host(), _is_alive)
                    synced = True
                _work(stop, worker, lease, long)
            except Exception:
                logger.exception("The worker could not reach its queue; it tries again in %g s", _FAULT_SECONDS)
                connection.close()
                stop.wait(_FAULT_SECONDS)
    finally:
        connections.close_all()


def _work(stop: threading.Event, worker: str, lease: float, long: bool) -> None:
    seen = _data_version()
    schedule.tick()
    names = registry.names(long=long)
    while not stop.is_set() and claims.is_due(names):
        row = claims.claim(names, worker, lease)
        if row is None:
            break
        _run(row, stop)
    _wait(stop, seen)


def _wait(stop: threading.Event, seen: int | None) -> None:
    """Wait for a second, or until somebody else has committed something (SQLite tells for 7 µs)."""
    until = time.monotonic() + _IDLE_SECONDS
    while time.monotonic() < until and not stop.wait(_LOOK_SECONDS):
        if seen is not None and _data_version() != seen:
            return


def _data_version() -> int | None:
    if connection.vendor != "sqlite":
        return None
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA data_version")
        return int(cursor.fetchone()[0])


def _run(row: Job, stop: threading.Event) -> None:
    began = time.perf_counter()
    with log.request(f"job-{row.pk}"), running(row.pk, stop):
        outcome = _outcome(row)
    _runs.inc(row.name, outcome)
    _seconds.observe(time.perf_counter() - began, row.name)


def _outcome(row: Job) -> str:
    try:
        registry.find(row.name).body(**row.args)
    except Again as again:
        return "postponed" if claims.postpone(row, again.seconds) else _lost(row)
    except Exception:
        logger.exception("The job %s failed (attempt %d of %d)", row.name, row.attempts, row.max_attempts)
        return "failed" if claims.fail(row, traceback.format_exc()) else _lost(row)
    return "done" if claims.finish(row) else _lost(row)


def _lost(row: Job) -> str:
    logger.warning("The lease of the job %s ran out while it ran; another worker has it now", row.name)
    return "lost"


def _keep_leases(worker: str, lease: float, over: threading.Event) -> None:
    try:
        while not over.wait(lease / 4):
            try:
                close_old_connections()
                claims.renew(worker, lease)
            except Exception:
                logger.exception("Leases could not be renewed")
                connection.close()
    finally:
        connections.close_all()
