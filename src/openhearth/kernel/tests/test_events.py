from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import ClassVar

import pytest
from django.db import connection, transaction

from openhearth.kernel.events import facts, subscriptions
from openhearth.kernel.events.emit import emit
from openhearth.kernel.events.facts import Event
from openhearth.kernel.events.models import EventRow, Immutable
from openhearth.kernel.events.stored import load
from openhearth.kernel.events.subscriptions import listen, subscribe
from openhearth.kernel.jobs.models import Job, Schedule
from openhearth.kernel.jobs.registry import job
from openhearth.kernel.jobs.worker import run_due
from openhearth.kernel.policy.actors import Actor, system
from openhearth.kernel.tests import processes
from openhearth.kernel.transactions import NotInTransaction


@dataclass(frozen=True, slots=True)
class Lit(Event):
    """A fire was lit."""

    name: ClassVar[str] = "kernel_tests.lit"
    hearth: int
    logs: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class PutOut(Event):
    """A fire was put out."""

    name: ClassVar[str] = "kernel_tests.put_out"


got: list[object] = []
LIGHTER = Actor(kind="account", account_id=5)


@job("kernel.tests.hear")
def hear(event_id: int) -> None:
    """Remember the fact."""
    got.append(load(Lit, event_id))


@pytest.fixture(autouse=True)
def _subscribed(monkeypatch):
    got.clear()
    for table in ("_durable", "_listeners"):
        monkeypatch.setattr(subscriptions, table, type(getattr(subscriptions, table))(list))
    subscribe(Lit, "kernel.tests.hear")


@pytest.mark.django_db(transaction=True)
class TestEmit:
    def test_outside_a_transaction_fails_and_writes_nothing(self):
        with pytest.raises(NotInTransaction, match=r"kernel_tests\.lit"):
            emit(Lit(1), actor=LIGHTER, target=None)
        assert not EventRow.objects.exists()
        assert not Job.objects.exists()

    def test_writes_the_fact_and_a_job_that_reads_it_back(self):
        target = Job.objects.create(name="x.y", run_after="2026-01-01T00:00Z", max_attempts=1)
        with transaction.atomic():
            row = emit(Lit(1, (("beech", 2),)), actor=LIGHTER, target=target)
        assert run_due() == 1
        (found,) = got
        assert found.fact == Lit(1, (("beech", 2),))
        assert (found.uid, found.id) == (row.uid, row.pk)
        assert (found.actor_kind, found.actor_id) == ("account", 5)
        assert (found.target_type, found.target_id) == ("jobs.job", target.pk)

    def test_rollback_leaves_neither_fact_nor_job_nor_call(self):
        listen(Lit, got.append)
        with transaction.atomic():
            emit(Lit(1), actor=system("test"), target=None)
            transaction.set_rollback(True)
        assert not EventRow.objects.exists()
        assert not Job.objects.exists()
        assert got == []

    def test_listeners_hear_after_the_commit_and_cannot_hurt(self, caplog):
        def fail(_fact: Lit) -> None:
            raise RuntimeError("listener is broken")

        listen(Lit, fail)
        listen(Lit, got.append)
        with caplog.at_level(logging.ERROR, "openhearth.events"), transaction.atomic():
            emit(Lit(1), actor=LIGHTER, target=None)
            assert got == []
        assert got == [Lit(1)]
        assert "listener is broken" in caplog.text

    def test_other_events_are_not_told(self):
        with transaction.atomic():
            emit(PutOut(), actor=LIGHTER, target=None)
        assert EventRow.objects.count() == 1
        assert not Job.objects.exists()

    def test_an_unsaved_target_is_refused(self):
        with pytest.raises(ValueError, match="not saved"), transaction.atomic():
            emit(Lit(1), actor=LIGHTER, target=Job())

    def test_a_thread_without_transaction_is_outside(self):
        errors = []

        def outside() -> None:
            try:
                emit(Lit(1), actor=LIGHTER, target=None)
            except NotInTransaction as error:
                errors.append(error)
            finally:
                connection.close()

        with transaction.atomic():
            Schedule.objects.exists()
            thread = threading.Thread(target=outside)
            thread.start()
            thread.join()
        assert errors


@pytest.mark.django_db
def test_facts_are_not_changed_through_the_orm():
    with transaction.atomic():
        row = emit(Lit(1), actor=LIGHTER, target=None)
    row.name = "other"
    for change in (
        row.save,
        row.delete,
        EventRow.objects.all().delete,
        lambda: EventRow.objects.update(name="x"),
        lambda: EventRow.objects.bulk_update([row], ["name"]),
        lambda: EventRow.objects.update_or_create(pk=row.pk, defaults={"name": "x"}),
    ):
        with pytest.raises(Immutable):
            change()
    assert EventRow.objects.get().name == "kernel_tests.lit"


CHANGES = """
from django.db import DatabaseError, connection
from openhearth.kernel.events.models import EventRow
EventRow.objects.create(name="a.b", actor_kind="system")
for sql in ("UPDATE events_eventrow SET name = 'x'", "DELETE FROM events_eventrow"):
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
    except DatabaseError as error:
        print(error)
print(EventRow.objects.get().name)
"""


def test_migrated_databases_refuse_changes_by_sql_as_well(hearth):
    refusal = "events are facts: they are neither changed nor deleted"
    lines = [line for line in processes.run(hearth, CHANGES).splitlines() if not line.startswith("CONTEXT")]
    assert lines == [refusal, refusal, "a.b"]


def test_migrations_are_complete(hearth):
    code = "from django.core.management import call_command; call_command('makemigrations', check=True)"
    assert processes.run(hearth, code) == "No changes detected"


def test_names_are_checked_and_unique():
    with pytest.raises(TypeError, match="must look like"):
        type("Nameless", (Event,), {})
    with pytest.raises(TypeError, match="Two events"):
        type("Lit2", (Event,), {"name": "kernel_tests.lit"})


def test_reference_lists_every_event():
    found = {kind.name: kind for kind in facts.describe()}["kernel_tests.lit"]
    assert found.meaning == "A fire was lit."
    assert found.fields == (("hearth", "int"), ("logs", "tuple[tuple[str, int], ...]"))


def test_subscriptions_are_checked_at_start():
    assert subscriptions.faults() == []
    subscribe(PutOut, "kernel.tests.nowhere")
    subscribe(PutOut, "kernel.jobs.prune")
    unknown, unfit = subscriptions.faults()
    assert "nobody has registered" in unknown
    assert "event_id" in unfit
