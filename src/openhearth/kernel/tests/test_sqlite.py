"""The fair queue of writers, with real processes on a real file."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from openhearth.kernel.database.sqlite.turn import Turn, TurnTimeout
from openhearth.kernel.database.statements import changes_nothing, is_read
from openhearth.kernel.database.watch import WriteForbidden, writes_forbidden
from openhearth.kernel.events.models import EventRow
from openhearth.kernel.jobs.models import Schedule
from openhearth.kernel.tests import processes

pytestmark = pytest.mark.skipif(connection.vendor != "sqlite", reason="this engine is for SQLite")

WRITER = """
import json, sys, time
from django.db import transaction
from openhearth.kernel.jobs.models import Schedule
sys.stdin.readline()
until, count, worst = time.monotonic() + float(sys.argv[1]), 0, 0.0
while time.monotonic() < until:
    began = time.monotonic()
    with transaction.atomic():
        worst = max(worst, time.monotonic() - began)
        Schedule.objects.filter(name="x").update(every=count)
        time.sleep(float(sys.argv[2]))
    count += 1
print(json.dumps([count, worst]))
"""


def pen_is_free() -> bool:
    with Path(f"{connection.settings_dict['NAME']}.pen").open("rb") as pen:
        try:
            fcntl.flock(pen, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@pytest.mark.parametrize("hold", ["0", "0.004"])
def test_two_busy_writers_get_equal_shares(hearth, hold, start):
    children = [start(hearth, WRITER, "1.5", hold) for _ in range(2)]
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    found = [json.loads(child.communicate(timeout=60)[0]) for child in children]
    counts = sorted(count for count, _ in found)
    # Without the queue one of them gets a single turn. Equal shares need an idle machine; a fifth does not.
    assert counts[0] > 5
    assert counts[0] > counts[1] * 0.2, found


@pytest.mark.django_db(transaction=True)
class TestTurn:
    def test_is_taken_by_atomic_and_left_after_commit_rollback_and_errors(self):
        with transaction.atomic():
            assert not pen_is_free()
        assert pen_is_free()
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            raise ZeroDivisionError
        assert pen_is_free()
        Schedule.objects.create(name="a", every=1, next_run="2026-01-01T00:00Z")
        with pytest.raises(IntegrityError), transaction.atomic():
            Schedule.objects.create(name="a", every=1, next_run="2026-01-01T00:00Z")
        assert pen_is_free()

    def test_is_kept_over_savepoints(self):
        with transaction.atomic():
            with pytest.raises(ZeroDivisionError), transaction.atomic():
                raise ZeroDivisionError
            assert not pen_is_free()
            with transaction.atomic():
                Schedule.objects.create(name="kept", every=1, next_run="2026-01-01T00:00Z")
            assert not pen_is_free()
        assert pen_is_free()
        assert Schedule.objects.filter(name="kept").exists()

    def test_is_left_when_the_connection_closes_within_a_transaction(self):
        with transaction.atomic():
            connection.close()
            assert pen_is_free()
        with transaction.atomic():  # and it can be used again
            assert not pen_is_free()

    def test_is_left_after_statements_outside_a_transaction(self):
        row = EventRow.objects.create(name="a.b", actor_kind="system")  # INSERT … RETURNING
        assert pen_is_free()
        assert EventRow.objects.get(pk=row.pk).name == "a.b"
        with pytest.raises(OperationalError), connection.cursor() as cursor:
            cursor.execute("INSERT INTO nowhere VALUES (1)")
        assert pen_is_free()

    def test_reads_do_not_wait_for_it(self):
        with Path(f"{connection.settings_dict['NAME']}.pen").open("rb") as pen:
            fcntl.flock(pen, fcntl.LOCK_EX)
            assert Schedule.objects.count() == 0

    def test_waiting_ends_with_the_database_error_that_people_know(self, monkeypatch):
        connection.ensure_connection()
        monkeypatch.setattr(connection._turn, "seconds", 0.05)
        with Path(f"{connection.settings_dict['NAME']}.pen").open("rb") as pen:
            fcntl.flock(pen, fcntl.LOCK_EX)
            with pytest.raises(OperationalError, match="database is locked"), transaction.atomic():
                pass
            with pytest.raises(OperationalError, match="database is locked"):
                Schedule.objects.all().delete()
        with transaction.atomic():
            Schedule.objects.all().delete()

    def test_threads_queue_as_well(self):
        inside, most, errors = [], [], []

        def write() -> None:
            try:
                for _ in range(20):
                    with transaction.atomic():
                        inside.append(1)
                        most.append(len(inside))
                        time.sleep(0.0005)
                        inside.pop()
            except OperationalError as error:
                errors.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not errors
        assert max(most) == 1
        assert len(most) == 80

    def test_a_forked_child_uses_no_connection_of_its_parent(self):
        Schedule.objects.create(name="before", every=1, next_run="2026-01-01T00:00Z")
        ours = connection.connection
        with transaction.atomic():
            Schedule.objects.create(name="unseen", every=1, next_run="2026-01-01T00:00Z")
            reader, writer = os.pipe()
            pid = os.fork()
            if pid == 0:
                inherited = connection.connection is not None or connection.in_atomic_block
                seen = list(Schedule.objects.values_list("name", flat=True))
                os.write(writer, json.dumps([inherited, seen, connection.connection is ours]).encode())
                os._exit(0)
            os.waitpid(pid, 0)
            assert json.loads(os.read(reader, 1000)) == [False, ["before"], False]
            os.close(reader)
            os.close(writer)
            assert not pen_is_free()
        assert pen_is_free()
        assert Schedule.objects.count() == 2

    def test_a_forked_child_does_not_keep_the_turn_of_a_dead_parent(self, tmp_path):
        turn = Turn(str(tmp_path / "db"), 1)
        turn.take()
        copy = os.dup(turn._pen)  # what a fork would leave open
        turn.leave()
        other = Turn(str(tmp_path / "db"), 0.05)
        other.take()
        turn.seconds = 0.05
        with pytest.raises(TurnTimeout):
            turn.take()
        other.close()
        turn.take()
        turn.close()
        os.close(copy)


TWO_CONNECTIONS = """
import sys, threading
from django.db import connection
from openhearth.kernel.jobs.models import Schedule
def look():
    Schedule.objects.exists()
    connection.close()
Schedule.objects.exists()
thread = threading.Thread(target=look)
thread.start()
thread.join()
print("ready", flush=True)
sys.stdin.readline()
"""


def test_a_second_connection_leaves_the_locks_of_the_first_alone(hearth, start):
    """POSIX locks are the process's: whoever opens and closes the file beside SQLite loses them all."""
    child = start(hearth, TWO_CONNECTIONS)
    assert child.stdout.readline() == "ready\n"
    database = sqlite3.connect(hearth / "hearth.sqlite3", timeout=0.1)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        database.execute("PRAGMA journal_mode=DELETE")  # refused as long as anybody else has it open
    database.close()


def test_settings_reach_the_file(tmp_path):
    found = processes.run(
        tmp_path,
        "from django.db import connections\n"
        "for alias in ('default', 'cache'):\n"
        "    with connections[alias].cursor() as cursor:\n"
        "        for name in ('journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout'):\n"
        "            cursor.execute(f'PRAGMA {name}'); print(cursor.fetchone()[0], end=' ')\n",
    )
    assert found.split() == ["wal", "2", "1", "20000", "wal", "0", "1", "20000"]


@pytest.mark.parametrize(
    ("sql", "reads", "harmless"),
    [
        ("SELECT 1", True, True),
        ("  select 1", True, True),
        ("-- note\n/* x */ (SELECT 1)", True, True),
        ("SELECT 1 FOR UPDATE", True, False),
        ("WITH a AS (SELECT 1) SELECT * FROM a", True, True),
        ("WITH a AS (DELETE FROM b RETURNING *) SELECT * FROM a", False, False),
        ("WITH a AS (SELECT 1) INSERT INTO b SELECT * FROM a", False, False),
        ("INSERT INTO a VALUES (1)", False, False),
        ("CREATE TABLE a (b)", False, False),
        ("SAVEPOINT a", True, False),
        ("BEGIN IMMEDIATE", True, False),
        ("VACUUM", False, False),
        ("", False, False),
    ],
)
def test_statements_are_told_apart(sql, reads, harmless):
    assert (is_read(sql), changes_nothing(sql)) == (reads, harmless)


@pytest.mark.django_db
class TestWatch:
    def test_lets_reads_pass(self):
        with writes_forbidden() as refused:
            list(Schedule.objects.all())
        assert refused == []

    def test_fails_on_a_write(self):
        with pytest.raises(WriteForbidden), writes_forbidden():
            Schedule.objects.create(name="a", every=1, next_run="2026-01-01T00:00Z")

    def test_fails_on_a_transaction_around_reads(self):
        with pytest.raises(WriteForbidden), writes_forbidden(), transaction.atomic():
            list(Schedule.objects.all())

    def test_fails_even_where_the_code_swallows_it(self):
        watch = pytest.raises(WriteForbidden, match="1 writes")
        with watch, writes_forbidden(), contextlib.suppress(WriteForbidden):
            Schedule.objects.update(every=1)
