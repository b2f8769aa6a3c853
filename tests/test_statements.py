"""What pages and pushes ask of the main database: how many statements, none twice, and none inside that need not be."""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from openhearth.code.refs.rules import ZERO
from openhearth.kernel import config, store

pytestmark = pytest.mark.django_db

TELL = os.environ.get("HEARTH_TELL_STATEMENTS")
"""Set it, with `pytest -s`, to read the statements."""


@pytest.fixture(autouse=True)
def _ground(data: Path) -> None:
    importlib.import_module("openhearth.code.refs.queries")._views.clear()
    config.prepare(data)
    store.ensure()


@pytest.fixture
def world() -> Any:
    return importlib.import_module("openhearth.code.starters.tests.world")


@pytest.fixture
def browser(world: Any) -> Client:
    """The browser of linyue, who owns repositories and takes part in another's."""
    made = Client(headers={"Accept": "text/html", "Accept-Language": "en"})
    own = [world.repository(f"own-{number}") for number in range(12)]
    for row in own[:4]:
        world.commit(row)
    world.commit(own[0], "topic", text="other\n")
    world.give(world.repository("shared", owner="banyan", visibility="private"), "linyue", "write")
    made.force_login(world.account("linyue"))
    return made


def asked(seen: CaptureQueriesContext, name: str) -> list[str]:
    found = [query["sql"] for query in seen.captured_queries]
    if TELL:
        print(f"\n=== {name}: {len(found)}")
        for sql in found:
            print("  ", sql[:400])
    return found


PAGES = {
    "/": 7,
    "/-/explore": 7,
    "/linyue": 7,
    "/linyue?tab=stars": 7,
    "/linyue/own-0": 5,
    "/linyue/own-0/branches": 5,
    "/linyue/own-0/commits/main": 5,
    "/linyue/own-0/blob/main/README.md": 5,
}


@pytest.mark.parametrize("address", PAGES)
def test_a_page_asks_nothing_twice(browser: Client, address: str) -> None:
    browser.get(address)
    with CaptureQueriesContext(connection) as seen:
        assert browser.get(address).status_code == 200
    found = asked(seen, address)
    twice = [sql for sql, count in Counter(found).items() if count > 1]
    assert not twice
    assert len(found) <= PAGES[address]


OUTSIDE = (
    "subprocess.Popen",
    "os.posix_spawn",
    "os.fork",
    "os.rename",
    "os.mkdir",
    "os.remove",
    "os.link",
    "socket.connect",
)
"""What Python tells its auditors of work that must not keep a transaction open. Opening files is judged by the mode."""
ENGINE = (".queue", ".pen")
"""The files in which SQLite's writers wait for their turn."""

_watching = threading.local()


def _audit(event: str, args: tuple[Any, ...]) -> None:
    found = getattr(_watching, "found", None)
    if found is None or not (event in OUTSIDE or event == "open") or not connection.in_atomic_block:
        return
    writes = event != "open" or bool(args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
    if writes and not str(args[0]).endswith(ENGINE):
        found.append(f"{event} {args[:2]}")


sys.addaudithook(_audit)  # cannot be taken away again; it listens only where `watched` asks it to


@contextmanager
def watched() -> Iterator[list[str]]:
    """Gather what this thread does outside of the database while a transaction is open."""
    _watching.found = found = []
    try:
        yield found
    finally:
        _watching.found = None


@pytest.fixture
def pusher(world: Any) -> Any:
    tests = importlib.import_module("openhearth.code.refs.tests.test_push")
    return tests.Pusher(world, world.repository(), world.act("linyue"))


def test_the_transaction_of_a_push_is_short(pusher: Any) -> None:
    first = pusher.first()
    quarantine, second = pusher.commit("two", first)
    with CaptureQueriesContext(connection) as seen:
        assert pusher.push(("refs/heads/main", first, second), quarantine=quarantine).moved
    found = asked(seen, "push")
    begun = next(at for at, sql in enumerate(found) if sql.startswith(("SAVEPOINT", "BEGIN")))
    ended = max(at for at, sql in enumerate(found) if sql.startswith(("RELEASE", "COMMIT")))
    assert ended - begun - 1 <= 12
    assert len(found) <= 17


def test_the_statements_of_a_push_do_not_grow_with_its_refs(pusher: Any) -> None:
    first = pusher.first()

    def cost(name: str, count: int) -> int:
        moves = [(f"refs/heads/{name}/{number}", ZERO, first) for number in range(count)]
        with CaptureQueriesContext(connection) as seen:
            assert len(pusher.push(*moves).moved) == count
        return len(seen)

    assert cost("few", 2) == cost("many", 60)


@pytest.mark.django_db(transaction=True)
def test_no_transaction_waits_for_git_files_or_other_machines(world: Any, pusher: Any) -> None:
    actions = importlib.import_module("openhearth.code.repos.actions")
    refs = importlib.import_module("openhearth.code.refs.actions")
    worker = importlib.import_module("openhearth.kernel.jobs.worker")
    with watched() as found:
        first = pusher.first()
        quarantine, second = pusher.commit("two", first)
        pusher.push(("refs/heads/main", first, second), quarantine=quarantine)
        pusher.push(("refs/heads/topic", ZERO, first), ("refs/heads/odd", ZERO, second))
        refs.choose_default_branch(actor=pusher.actor, repository=pusher.repository, branch="topic")
        actions.rename_repository(actor=pusher.actor, repository=pusher.repository, name="elsewhere")
        actions.delete_repository(actor=pusher.actor, repository=pusher.repository)
        assert worker.run_due() > 0
    assert found == []
    with watched() as found, transaction.atomic():  # the watch itself works
        (config.current().data / "noted").write_text("x")
    assert len(found) == 1
