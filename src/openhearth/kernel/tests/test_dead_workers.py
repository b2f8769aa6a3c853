"""A worker that was killed holds its jobs no longer than until the next one starts."""

from __future__ import annotations

import os
import socket
import threading
import time
from datetime import timedelta
from typing import Any

import pytest

from openhearth.kernel import clock
from openhearth.kernel.jobs import claims, queue, registry, worker
from openhearth.kernel.jobs.models import Job, State


@pytest.fixture
def name(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(registry, "_jobs", {})
    registry.job("kernel.test_dead")(lambda: None)
    return "kernel.test_dead"


def claimed_by(name: str, who: str) -> Any:
    queue.enqueue(name)
    row = claims.claim([name], who, 60)
    assert row is not None
    return row


@pytest.mark.django_db
def test_only_leases_of_the_dead_on_this_machine_end(name: str) -> None:
    dead = claimed_by(name, "here:1001:aa")
    living = claimed_by(name, "here:1002:bb")
    elsewhere = claimed_by(name, "there:1001:aa")
    assert claims.end_leases_of_the_dead("here", lambda pid: pid == 1002) == 1
    row = claims.claim([name], "here:1003:cc", 60)
    assert row is not None
    assert row.pk == dead.pk
    assert row.attempts == 2
    assert claims.claim([name], "here:1003:cc", 60) is None
    for other in (living, elsewhere):
        other.refresh_from_db()
        assert other.state == State.RUNNING
        assert other.lease_until > clock.now() + timedelta(seconds=30)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("buried", [True, False])
def test_a_new_worker_takes_over_at_once(name: str, buried: bool) -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    if buried:
        os.waitpid(pid, 0)
    claimed_by(name, f"{socket.gethostname()[:50]}:{pid}:aa")
    stop = threading.Event()
    running = threading.Thread(target=worker.run_worker, args=(stop,), kwargs={"threads": 1})
    running.start()
    try:
        until = time.monotonic() + 10
        while time.monotonic() < until and not Job.objects.filter(state=State.DONE).exists():
            time.sleep(0.02)
        assert Job.objects.filter(state=State.DONE).exists()
    finally:
        stop.set()
        running.join(20)
        if not buried:
            os.waitpid(pid, 0)
