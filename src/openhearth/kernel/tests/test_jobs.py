from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import transaction

from openhearth.kernel import clock
from openhearth.kernel.jobs import claims, registry, reports, schedule
from openhearth.kernel.jobs.jobs import prune
from openhearth.kernel.jobs.models import Job, Schedule, State
from openhearth.kernel.jobs.queue import NoSuchJob, discard_job, enqueue, retry_job
from openhearth.kernel.jobs.registry import UnknownJob, job
from openhearth.kernel.jobs.running import Again, progress, running, stopping
from openhearth.kernel.jobs.worker import run_due, run_one

pytestmark = pytest.mark.django_db

ran: list[object] = []
trouble: list[Exception] = []


@job("kernel.tests.note", retries=2)
def note(number: int, text: str = "") -> None:
    """Remember that it ran."""
    ran.append((number, text))
    progress("half", 50)
    if trouble:
        raise trouble[0]


@job("kernel.tests.import_much", long=True)
def import_much() -> None:
    """Take long."""
    ran.append("import")


@pytest.fixture(autouse=True)
def _clean():
    ran.clear()
    trouble.clear()


@pytest.fixture
def time():
    with clock.freeze() as stopped:
        yield stopped


def test_a_job_runs_once_with_its_arguments():
    number = enqueue("kernel.tests.note", number=7, text="x")
    assert run_one()
    assert not run_one()
    assert ran == [(7, "x")]
    row = Job.objects.get(pk=number)
    assert (row.state, row.attempts, row.progress_text) == (State.DONE, 1, "half")
    assert row.started_at
    assert row.finished_at


@pytest.mark.parametrize(
    "wrong", [{}, {"number": 1, "other": 2}, {"number": object()}, {"number": {1}}, {"number": (1, 2)}]
)
def test_wrong_arguments_and_unknown_names_are_told_when_queued(wrong):
    with pytest.raises(TypeError):
        enqueue("kernel.tests.note", **wrong)
    with pytest.raises(UnknownJob):
        enqueue("kernel.tests.nothing")
    assert not Job.objects.exists()


def test_names_are_unique_and_arguments_do_not_clash():
    with pytest.raises(ValueError, match="Two jobs"):
        job("kernel.tests.note")(lambda: None)
    with pytest.raises(ValueError, match="no name of a job"):
        job("Note")
    with pytest.raises(ValueError, match="unique_key"):
        job("kernel.tests.clash")(lambda unique_key: None)
    with pytest.raises(TypeError):
        registry.schedule("kernel.tests.note", every=60)


def test_needed_names_are_checked_at_start(monkeypatch):
    monkeypatch.setattr(registry, "_needed", [])
    assert registry.needs("kernel.tests.note", "a") == "kernel.tests.note"
    registry.needs("kernel.tests.gone", "b")
    assert registry.unmet() == [("b", "kernel.tests.gone")]


def test_jobs_wait_for_their_time_and_run_in_its_order(time):
    enqueue("kernel.tests.note", number=2, run_after=time.at + timedelta(minutes=2))
    enqueue("kernel.tests.note", number=1, run_after=time.at + timedelta(minutes=1))
    assert run_due() == 0
    time.move(minutes=3)
    assert run_due() == 2
    assert ran == [(1, ""), (2, "")]


def test_failure_is_tried_again_later_each_time_and_kept_at_last(time):
    trouble.append(RuntimeError("no space left"))
    number = enqueue("kernel.tests.note", number=1)
    waits = []
    for _ in range(2):
        assert run_one()
        row = Job.objects.get(pk=number)
        assert row.state == State.READY
        assert "no space left" in row.last_error
        waits.append((row.run_after - time.at).total_seconds())
        time.at = row.run_after
    assert 7.5 <= waits[0] <= 12.5
    assert 22.5 <= waits[1] <= 37.5
    assert run_one()
    assert Job.objects.get(pk=number).state == State.DEAD
    time.move(days=30)
    assert not run_one()
    assert [row.pk for row in reports.failures()] == [number]


def test_backoff_has_a_ceiling_and_jitter():
    assert claims.backoff(50) <= 1.25 * claims.BACKOFF_MOST
    assert len({claims.backoff(3) for _ in range(20)}) > 1


def test_administrators_retry_and_discard(time):
    trouble.append(RuntimeError())
    number = enqueue("kernel.tests.note", number=1)
    with pytest.raises(NoSuchJob):
        retry_job(number)
    Job.objects.filter(pk=number).update(attempts=2)
    run_one()
    trouble.clear()
    retry_job(number)
    assert run_due() == 1
    assert Job.objects.get(pk=number).state == State.DONE
    with pytest.raises(NoSuchJob):
        discard_job(number)
    waiting = enqueue("kernel.tests.note", number=2)
    discard_job(waiting)
    assert run_due() == 0


class TestUniqueKey:
    def test_one_waits_at_the_earlier_time(self, time):
        later = time.at + timedelta(hours=1)
        first = enqueue("kernel.tests.note", number=1, unique_key="k", run_after=later)
        assert enqueue("kernel.tests.note", number=1, unique_key="k") == first
        assert enqueue("kernel.tests.note", number=1, unique_key="k", run_after=later) == first
        assert enqueue("kernel.tests.note", number=1, unique_key="other") != first
        assert run_due() == 2

    def test_a_running_one_does_not_count_and_is_not_overtaken(self):
        first = enqueue("kernel.tests.note", number=1, unique_key="k")
        running = claims.claim(["kernel.tests.note"], "w", 60)
        second = enqueue("kernel.tests.note", number=1, unique_key="k")
        assert second != first
        assert claims.claim(["kernel.tests.note"], "v", 60) is None
        assert claims.finish(running)
        assert claims.claim(["kernel.tests.note"], "v", 60).pk == second

    def test_the_waiting_one_inherits_the_failures_of_the_running_one(self, time):
        first = enqueue("kernel.tests.note", number=1, unique_key="k")
        running = claims.claim(["kernel.tests.note"], "w", 60)
        second = enqueue("kernel.tests.note", number=1, unique_key="k")
        assert claims.fail(running, "broken")
        assert Job.objects.get(pk=first).state == State.DISCARDED
        row = Job.objects.get(pk=second)
        assert (row.attempts, row.last_error) == (1, "broken")
        assert row.run_after > time.at

    def test_retry_of_a_failed_one_gives_way_to_the_waiting_one(self):
        first = enqueue("kernel.tests.note", number=1, unique_key="k")
        Job.objects.filter(pk=first).update(state=State.DEAD)
        enqueue("kernel.tests.note", number=1, unique_key="k")
        retry_job(first)
        assert Job.objects.get(pk=first).state == State.DISCARDED


class TestLease:
    def test_a_job_whose_lease_ran_out_is_given_to_another(self, time):
        enqueue("kernel.tests.note", number=1)
        lost = claims.claim(["kernel.tests.note"], "w", 60)
        time.move(seconds=59)
        assert claims.claim(["kernel.tests.note"], "v", 60) is None
        time.move(seconds=2)
        again = claims.claim(["kernel.tests.note"], "v", 60)
        assert (again.pk, again.attempts) == (lost.pk, 2)
        assert not claims.finish(lost)
        assert not claims.fail(lost, "too late")
        assert not claims.postpone(lost, 1)
        assert claims.finish(again)

    def test_renewal_keeps_it(self, time):
        enqueue("kernel.tests.note", number=1)
        row = claims.claim(["kernel.tests.note"], "w", 60)
        time.move(seconds=50)
        assert claims.renew("w", 60) == 1
        time.move(seconds=50)
        assert claims.claim(["kernel.tests.note"], "v", 60) is None
        assert claims.finish(row)

    def test_the_same_worker_cannot_finish_an_earlier_run(self, time):
        enqueue("kernel.tests.note", number=1)
        first = claims.claim(["kernel.tests.note"], "w", 60)
        time.move(seconds=61)
        second = claims.claim(["kernel.tests.note"], "w", 60)
        assert not claims.finish(first)
        assert claims.finish(second)

    def test_a_job_that_kills_its_workers_is_buried(self, time):
        number = enqueue("kernel.tests.note", number=1)
        for _ in range(3):
            assert claims.claim(["kernel.tests.note"], "w", 60)
            time.move(seconds=61)
        assert claims.claim(["kernel.tests.note"], "w", 60) is None
        row = Job.objects.get(pk=number)
        assert row.state == State.DEAD
        assert "worker died" in row.last_error


def test_a_job_can_ask_to_run_later_without_counting(time):
    trouble.append(Again(30))
    number = enqueue("kernel.tests.note", number=1)
    for _ in range(5):
        assert run_one()
        assert not run_one()
        time.move(seconds=31)
    assert Job.objects.get(pk=number).attempts == 0


def test_outside_a_job_progress_and_stopping_do_nothing():
    progress("x")
    assert stopping() is False


def test_a_worker_leaves_names_that_it_does_not_know():
    Job.objects.create(name="later.version.job", run_after=clock.now(), max_attempts=1)
    assert not run_one()
    assert reports.counts().unknown == 1


def test_long_jobs_can_be_left_out():
    enqueue("kernel.tests.import_much")
    assert not run_one(names=registry.names(long=False))
    assert run_one()


def test_rollback_takes_the_job_back():
    with transaction.atomic():
        enqueue("kernel.tests.note", number=1)
        transaction.set_rollback(True)
    assert not Job.objects.exists()


def test_counts(time):
    enqueue("kernel.tests.note", number=1)
    enqueue("kernel.tests.note", number=2, run_after=time.at + timedelta(hours=1))
    claims.claim(["kernel.tests.note"], "w", 60)
    enqueue("kernel.tests.note", number=3, run_after=time.at - timedelta(hours=1))
    found = reports.counts()
    assert (found.waiting, found.running, found.failed, found.done) == (2, 1, 0, 0)
    assert found.oldest_due == time.at - timedelta(hours=1)


def test_old_jobs_are_pruned_in_portions(time):
    rows = [
        Job(name="kernel.tests.note", run_after=time.at, max_attempts=1, state=State.DONE, finished_at=time.at)
        for _ in range(450)
    ]
    Job.objects.bulk_create(rows)
    Job.objects.create(
        name="kernel.tests.note", run_after=time.at, max_attempts=1, state=State.DEAD, finished_at=time.at
    )
    waiting = enqueue("kernel.tests.note", number=1)
    prune()
    assert Job.objects.count() == 452
    time.move(days=2)
    prune()
    assert Job.objects.count() == 2
    time.move(days=90)
    prune()
    assert [row.pk for row in Job.objects.all()] == [waiting]


class TestSchedule:
    @pytest.fixture(autouse=True)
    def _only_ours(self, monkeypatch):
        periodic = {"kernel.tests.import_much": 3600}
        monkeypatch.setattr(registry, "periodic", lambda: periodic)
        self.periodic = periodic

    def test_a_periodic_job_is_queued_once_for_each_period(self, time):
        schedule.sync()
        schedule.sync()
        assert [schedule.tick() for _ in range(3)] == [1, 0, 0]
        assert run_due() == 1
        time.move(seconds=3599)
        assert schedule.tick() == 0
        time.move(seconds=1)
        assert schedule.tick() == 1
        time.move(days=3)
        assert schedule.tick() == 1  # missed periods are not made up
        assert run_due() == 1

    def test_two_workers_queue_it_once(self, time):
        schedule.sync()
        seen = Schedule.objects.get()
        assert schedule.tick() == 1
        assert not Schedule.objects.filter(pk=seen.pk, next_run=seen.next_run).update(next_run=time.at)

    def test_a_shorter_period_holds_at_once(self, time):
        schedule.sync()
        schedule.tick()
        self.periodic["kernel.tests.import_much"] = 60
        schedule.sync()
        assert Schedule.objects.get().next_run == time.at + timedelta(seconds=60)


def test_stopping_is_seen_by_the_job():
    stop = threading.Event()
    with running(1, stop):
        assert not stopping()
        stop.set()
        assert stopping()
