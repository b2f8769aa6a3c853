"""Workers as real processes on a real database."""

from __future__ import annotations

import signal
import time

from openhearth.kernel.tests import processes

WORKER = """
import os, signal, sys, threading, time
from openhearth.kernel.jobs import registry
from openhearth.kernel.jobs.registry import job
from openhearth.kernel.jobs.worker import run_worker

@job("kernel.tests.slow")
def slow(seconds: float) -> None:
    print("begin", flush=True)
    time.sleep(seconds)
    print("end", flush=True)

@job("kernel.tests.count", every=3600)
def count() -> None:
    print("count", flush=True)

registry._jobs = {name: kind for name, kind in registry._jobs.items() if name.startswith("kernel.tests.")}
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
print("ready", flush=True)
run_worker(stop, threads=int(sys.argv[1]) or None, lease=float(sys.argv[2]))
print("over", flush=True)
"""


def queue(hearth, name: str, args: str = "{}", times: int = 1) -> None:
    row = f"('{name}', '{args}', 'ready', CURRENT_TIMESTAMP, 0, 9, '', '', '', CURRENT_TIMESTAMP)"
    processes.query(
        hearth,
        "INSERT INTO jobs_job (name, args, state, run_after, attempts, max_attempts, leased_by, last_error,"  # noqa: S608
        f" progress_text, created_at) VALUES {', '.join([row] * times)}",
    )


def rows(hearth) -> list[tuple[str, str, int]]:
    return processes.query(hearth, "SELECT name, state, attempts FROM jobs_job ORDER BY id")


def wait_for(condition, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


def read_until(child, word: str) -> None:
    while (line := child.stdout.readline()) != f"{word}\n":
        assert line, f"the worker ended before {word!r}"


def test_a_killed_workers_job_is_run_again_after_its_lease(hearth, start):
    queue(hearth, "kernel.tests.slow", '{"seconds": 600}')
    first = start(hearth, WORKER, "1", "1.5")
    read_until(first, "begin")
    time.sleep(2.5)  # the lease is renewed: nobody else may take the job
    second = start(hearth, WORKER, "1", "1.5")
    read_until(second, "ready")
    wait_for(lambda: ("kernel.tests.count", "done", 1) in rows(hearth))
    assert ("kernel.tests.slow", "running", 1) in rows(hearth)
    first.kill()
    began = time.monotonic()
    read_until(second, "begin")
    assert time.monotonic() - began < 15
    assert ("kernel.tests.slow", "running", 2) in rows(hearth)
    second.kill()
    for child in (first, second):
        child.communicate()
        assert child.returncode == -signal.SIGKILL


def test_many_workers_run_each_job_once_and_periodic_ones_once(hearth, start):
    queue(hearth, "kernel.tests.slow", '{"seconds": 0}', times=60)
    children = [start(hearth, WORKER, "2", "30") for _ in range(2)]
    wait_for(lambda: {state for _, state, _ in rows(hearth)} == {"done"} and len(rows(hearth)) == 61)
    for child in children:
        child.terminate()
    out = "".join(child.communicate(timeout=30)[0] for child in children)
    assert [child.returncode for child in children] == [0, 0]
    assert out.count("end") == 60
    assert out.count("count") == 1
    assert {attempts for _, _, attempts in rows(hearth)} == {1}


def test_a_stopped_worker_finishes_its_job_and_takes_no_other(hearth, start):
    queue(hearth, "kernel.tests.slow", '{"seconds": 1}', times=2)
    child = start(hearth, WORKER, "1", "30")
    read_until(child, "begin")
    child.terminate()
    out, _ = child.communicate(timeout=30)
    assert out.splitlines()[-2:] == ["end", "over"]
    assert [state for name, state, _ in rows(hearth) if name.endswith("slow")] == ["done", "ready"]


def test_an_idle_worker_starts_new_work_at_once(hearth, start):
    child = start(hearth, WORKER, "0", "30")
    read_until(child, "count")
    time.sleep(0.5)
    began = time.monotonic()
    queue(hearth, "kernel.tests.slow", '{"seconds": 0}')
    read_until(child, "end")
    assert time.monotonic() - began < 5
    child.terminate()
    child.communicate(timeout=30)
