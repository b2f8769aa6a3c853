"""`apply_push` on a real database and real repositories."""

from __future__ import annotations

import threading
from importlib import import_module

import pytest
from django.db import connections

from openhearth.code.refs.rules import ZERO, Move
from openhearth.git import store
from openhearth.git.objects import Person
from openhearth.git.receive import Quarantine
from openhearth.git.write import commit_files
from openhearth.kernel import clock, gates, participants
from openhearth.kernel.policy import engine

pytestmark = pytest.mark.django_db


class Pusher:
    """Makes commits and pushes them as an account."""

    def __init__(self, world, repository, actor):
        self.models = import_module("openhearth.code.refs.models")
        self.actions = import_module("openhearth.code.refs.actions")
        self.queries = world.ref_queries
        self.repository, self.actor = repository, actor
        self.directory = self.queries.prepared_storage(repository)

    def commit(self, text, *parents):
        person = Person("Lin", "lin@example.org", clock.now())
        return commit_files(
            self.directory, files={"a.txt": text.encode()}, parents=list(parents), author=person, message=text
        )

    def push(self, *moves, quarantine=None, **more):
        return self.actions.apply_push(
            actor=self.actor,
            repository=self.repository,
            moves=[Move(*move) for move in moves],
            quarantine=quarantine or Quarantine.empty(self.directory),
            **more,
        )

    def first(self, branch="main", text="one"):
        quarantine, oid = self.commit(text)
        assert self.push((f"refs/heads/{branch}", ZERO, oid), quarantine=quarantine).moved
        return oid

    def refs(self):
        rows = self.models.Ref.objects.filter(repository=self.repository)
        return dict(rows.values_list("name", "oid"))


@pytest.fixture
def pusher(world):
    repository = world.repository()
    return Pusher(world, repository, world.act(repository.owner.name))


def codes(outcome):
    return {ref: refusal.code if refusal else None for ref, refusal in outcome.results.items()}


def test_a_push_writes_refs_log_pack_size_version_and_event_together(pusher):
    oid = pusher.first()
    row = pusher.repository
    row.refresh_from_db()
    assert pusher.refs() == {"refs/heads/main": oid}
    assert row.refs_version == 1
    log = pusher.models.PushLog.objects.get(repository=row)
    assert (log.ref, log.old, log.new, log.version) == ("refs/heads/main", ZERO, oid, 1)
    pack = pusher.models.Pack.objects.get(repository=row)
    assert row.size_bytes == pack.size == store.packs(pusher.directory)[0].size
    events = import_module("openhearth.kernel.events.models").EventRow.objects
    assert events.filter(name="refs.pushed", target_id=row.pk).count() == 1
    assert store.refs_version(pusher.directory) == 1
    assert oid in (pusher.directory / "packed-refs").read_text()


def test_what_moved_meanwhile_is_refused_and_the_rest_goes_through(pusher):
    first = pusher.first()
    quarantine, second = pusher.commit("two", first)
    outcome = pusher.push(
        ("refs/heads/main", "1" * 40, second), ("refs/heads/new", ZERO, second), quarantine=quarantine
    )
    assert codes(outcome) == {"refs/heads/main": "stale", "refs/heads/new": None}
    assert pusher.refs() == {"refs/heads/main": first, "refs/heads/new": second}


@pytest.mark.parametrize("bad", [("refs/heads/main", "1" * 40), ("refs/heads/-x", ZERO), ("refs/internal/x", ZERO)])
def test_an_atomic_push_moves_all_or_nothing(pusher, bad):
    first = pusher.first()
    quarantine, second = pusher.commit("two", first)
    outcome = pusher.push((*bad, second), ("refs/heads/new", ZERO, second), quarantine=quarantine, atomic=True)
    assert outcome.version is None
    assert codes(outcome)["refs/heads/new"] == "atomic"
    assert pusher.refs() == {"refs/heads/main": first}
    assert pusher.models.PushLog.objects.count() == 1
    assert not list((pusher.directory / "objects").glob("incoming-*"))


def test_the_default_branch_stays_and_others_go(pusher):
    first = pusher.first()
    pusher.push(("refs/heads/topic", ZERO, first))
    outcome = pusher.push(("refs/heads/main", first, ZERO), ("refs/heads/topic", first, ZERO))
    assert codes(outcome) == {"refs/heads/main": "default-branch", "refs/heads/topic": None}


def test_a_rewritten_branch_is_marked_in_the_log(pusher):
    first = pusher.first()
    quarantine, other = pusher.commit("unrelated")
    pusher.push(("refs/heads/main", first, other), quarantine=quarantine)
    assert list(pusher.models.PushLog.objects.order_by("pk").values_list("forced", flat=True)) == [False, True]


def test_a_push_may_build_for_a_while_on_what_a_branch_was(pusher, monkeypatch):
    first = pusher.first()
    quarantine, other = pusher.commit("unrelated")
    pusher.push(("refs/heads/main", first, other), quarantine=quarantine)
    assert pusher.queries.tips_to_build_on(pusher.repository) == [other, first]
    pusher.queries._views.clear()
    later = clock.now() + pusher.queries.SHOWN_FOR
    monkeypatch.setattr(clock, "now", lambda: later)
    assert pusher.queries.tips_to_build_on(pusher.repository) == [other]


def test_annotated_tags_know_what_they_point_to(pusher, world):
    from openhearth.git import command

    first = pusher.first()
    tag = f"object {first}\ntype commit\ntag v1\ntagger L <l@e.org> 1700000000 +0000\n\nFirst\n"
    quarantine = Quarantine.create(pusher.directory)
    oid = command.run(pusher.directory, "mktag", stdin=tag.encode(), quarantine=quarantine.directory).decode().strip()
    quarantine.discard()
    command.run(pusher.directory, "mktag", stdin=tag.encode())
    pusher.push(("refs/tags/v1", ZERO, oid), ("refs/tags/light", ZERO, first))
    rows = pusher.models.Ref.objects.filter(repository=pusher.repository, name__startswith="refs/tags/")
    assert dict(rows.values_list("name", "peeled")) == {"refs/tags/v1": first, "refs/tags/light": ""}


def test_the_first_branch_becomes_the_default_one(pusher):
    pusher.first(branch="trunk")
    pusher.repository.refresh_from_db()
    assert pusher.repository.default_branch == "trunk"
    assert pusher.queries.current_view(pusher.repository).head == "refs/heads/trunk"


def test_who_may_not_push_moves_nothing(pusher, world):
    pusher.actor = world.act("eve")
    quarantine, oid = pusher.commit("mine")
    with pytest.raises(engine.Denied):
        pusher.push(("refs/heads/main", ZERO, oid), quarantine=quarantine)
    assert pusher.refs() == {}
    assert store.packs(pusher.directory) == []


def test_a_gate_refuses_one_ref_or_the_whole_push(pusher, monkeypatch):
    answers = {"refs/heads/closed": gates.Refusal("quota", {"limit": 1})}
    monkeypatch.setattr(gates, "_gates", {})
    gates.register_gate(
        pusher.actions.STEP, lambda _context: gates.Verdict(refusals=answers), lambda _context, before: before
    )
    first = pusher.first()
    outcome = pusher.push(("refs/heads/closed", ZERO, first), ("refs/heads/open", ZERO, first))
    assert codes(outcome) == {"refs/heads/closed": "quota", "refs/heads/open": None}
    answers.clear()
    answers[gates.WHOLE] = gates.Refusal("quota", {"limit": 1})
    outcome = pusher.push(("refs/heads/a", ZERO, first), ("refs/heads/b", ZERO, first))
    assert set(codes(outcome).values()) == {"quota"}


def test_a_participant_that_fails_rolls_everything_back(pusher, monkeypatch):
    first = pusher.first()

    def fail(_context):
        raise RuntimeError("no")

    monkeypatch.setattr(participants, "_participants", {pusher.actions.STEP: {"test": fail}})
    with pytest.raises(RuntimeError):
        pusher.push(("refs/heads/new", ZERO, first))
    assert pusher.refs() == {"refs/heads/main": first}
    assert pusher.models.PushLog.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_pushes_at_once_to_one_branch_one_wins(pusher):
    first = pusher.first()
    ready = [pusher.commit(f"try {number}", first) for number in range(8)]
    start, outcomes = threading.Barrier(8), []

    def push(quarantine, oid):
        start.wait()
        try:
            outcomes.append((oid, pusher.push(("refs/heads/main", first, oid), quarantine=quarantine)))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=push, args=pair) for pair in ready]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [oid for oid, outcome in outcomes if outcome.moved]
    assert len(outcomes) == 8
    assert len(winners) == 1
    assert pusher.refs() == {"refs/heads/main": winners[0]}
    assert {codes(o)["refs/heads/main"] for _oid, o in outcomes} == {None, "stale"}
    assert not list((pusher.directory / "objects").glob("incoming-*"))
