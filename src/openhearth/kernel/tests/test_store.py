from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache
from django.db import connection, connections

from openhearth.kernel import config, locks, store
from openhearth.kernel.database.cachefile import discard_after_reboot


@pytest.fixture(autouse=True)
def _empty(request):
    if "db" in request.fixturenames or request.node.get_closest_marker("django_db"):
        request.getfixturevalue("transactional_db")
        with connections["cache"].cursor() as cursor:
            cursor.execute("DELETE FROM content")


@pytest.mark.django_db(transaction=True)
class TestStore:
    @pytest.mark.parametrize("value", [b"", b"x", bytes(range(256)) * 40, b"long text " * 1000])
    def test_returns_what_was_put(self, value):
        assert store.get("key/\udce4") is None
        store.put("key/\udce4", value)
        store.put("other", b"other")
        assert store.get("key/\udce4") == value
        store.put("key/\udce4", b"new")
        assert store.get("key/\udce4") == b"new"
        store.delete("key/\udce4")
        assert store.get("key/\udce4") is None

    def test_keeps_its_size_by_dropping_what_was_not_used_for_longest(self):
        with connections["cache"].cursor() as cursor:
            for number in range(500):
                store.put(f"key {number}", number.to_bytes(2) * 50)
                cursor.execute("UPDATE content SET used = %s WHERE used > 1000000", [number])
        assert store.size() == 50_000
        assert store.cull(40_000) == 140
        assert store.size() == 36_000
        assert store.get("key 139") is None
        assert store.get("key 140") is not None
        assert store.cull(40_000) == 0

    def test_reading_makes_a_value_young_again(self):
        store.put("old", b"x")
        with connections["cache"].cursor() as cursor:
            cursor.execute("UPDATE content SET used = 5")
            store.get("old")
            cursor.execute("SELECT used FROM content")
            assert cursor.fetchone()[0] > 5

    def test_huge_values_are_not_kept(self, monkeypatch):
        monkeypatch.setattr(store, "LARGEST", 10)
        store.put("huge", b"x" * 11)
        assert store.get("huge") is None

    def test_a_missing_table_is_an_empty_store_and_made_again(self):
        with connections["cache"].cursor() as cursor:
            cursor.execute("DROP TABLE content")
        assert store.get("key") is None
        store.put("key", b"x")
        assert store.get("key") == b"x"

    def test_single_flight_makes_once_for_all_threads(self):
        made, ready = [], threading.Barrier(4)

        def make() -> bytes:
            made.append(1)
            return b"answer"

        def ask(_number: int) -> bytes:
            ready.wait()
            try:
                return store.single_flight("key", make)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(ask, range(4))) == {b"answer"}
        assert made == [1]

    def test_single_flight_hands_errors_on_and_can_be_repeated(self):
        def fail() -> bytes:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            store.single_flight("key", fail)
        assert store.single_flight("key", lambda: b"x") == b"x"

    def test_single_flight_within_itself_is_refused(self):
        with pytest.raises(RuntimeError, match="within"):
            store.single_flight("a", lambda: store.single_flight("b", lambda: b"x"))

    def test_the_cache_of_django_lies_beside_it(self):
        cache.set("name", "value")
        with connections["cache"].cursor() as cursor:
            cursor.execute("SELECT count(*) FROM cache_entries")
            assert cursor.fetchone()[0] == 1
        with connection.cursor() as cursor:
            tables = set(connection.introspection.table_names(cursor))
        assert "cache_entries" not in tables
        assert "jobs_job" in tables
        cache.clear()


FLIGHT = """
import sys, time
from openhearth.kernel import store
def make():
    with open(sys.argv[1], "a") as file:
        file.write("made\\n")
    time.sleep(1)
    return b"answer"
sys.stdin.readline()
print(store.single_flight("key", make))
"""


def test_single_flight_makes_once_for_all_processes(hearth, start):
    made = hearth / "made"
    children = [start(hearth, FLIGHT, str(made)) for _ in range(3)]
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    assert [child.communicate(timeout=60)[0] for child in children] == ["b'answer'\n"] * 3
    assert made.read_text() == "made\n"


def test_the_cache_is_not_trusted_after_a_reboot(tmp_path):
    paths = config.prepare(tmp_path)
    paths.cache.write_bytes(b"x")
    assert discard_after_reboot(paths)
    paths.cache.write_bytes(b"x")
    assert not discard_after_reboot(paths)
    assert paths.cache.exists()
    (paths.tmp / "cache-boot").write_text("another boot")
    assert discard_after_reboot(paths)
    assert not paths.cache.exists()


class TestLocks:
    def test_exclude_each_other_and_end_with_the_block(self, tmp_path):
        path = tmp_path / "a.lock"
        with locks.held(path), pytest.raises(locks.LockTimeout), locks.held(path, seconds=0):
            pass
        with locks.held(path, seconds=0):
            pass

    def test_shared_holders_share(self, tmp_path):
        path = tmp_path / "a.lock"
        one, other = locks.held(path, shared=True), locks.held(path, shared=True, seconds=0)
        with one, other, pytest.raises(locks.LockTimeout), locks.held(path, seconds=0.02):
            pass

    def test_stripes_are_few_and_stable(self, tmp_path):
        names = {locks.stripe(tmp_path, str(number)) for number in range(5000)}
        assert 900 < len(names) <= 1024
        assert locks.stripe(tmp_path, "x") == locks.stripe(tmp_path, "x")
