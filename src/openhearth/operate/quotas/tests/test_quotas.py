"""Limits hold before the transaction and inside it, for pushes and for new repositories."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from openhearth.kernel.errors import Invalid
from openhearth.operate.quotas import rules
from openhearth.people.accounts.tests.people import browser, codes


def test_rules() -> None:
    assert not rules.too_large(held=10, incoming=10, limit=0)
    assert not rules.too_large(held=10, incoming=10, limit=20)
    assert rules.too_large(held=10, incoming=11, limit=20)
    assert not rules.too_large(held=30, incoming=0, limit=20)
    assert rules.too_many(owned=2, limit=2)
    assert not rules.too_many(owned=1, limit=2)
    assert not rules.too_many(owned=9, limit=0)


def _push(world: Any, repository: Any, branch: str, size: int = 40_000) -> Any:
    """Push a file that does not compress as a branch of its own."""
    import random

    data = random.Random(branch).randbytes(size)
    directory = world.ref_queries.prepared_storage(repository)
    author = world.Person(name="Lin", email="l@example.org", when=world.datetime(2026, 11, 24, tzinfo=world.UTC))
    quarantine, oid = world.write.commit_files(
        directory, files={"data.bin": data}, parents=(), author=author, message="Data"
    )
    ref = world.HEADS + branch
    outcome = world.refs.apply_push(
        actor=world.actor_of(repository.owner),
        repository=repository,
        moves=[world.Move(ref, world.ZERO, oid)],
        quarantine=quarantine,
    )
    return outcome.results[ref]


@pytest.mark.django_db
def test_a_push_over_the_limit_is_refused(world: Any, data: Path) -> None:
    repository = world.repository()
    with world.configured(data, LIMITS__REPOSITORY_BYTES="60000"):
        assert _push(world, repository, "main") is None
        refusal = _push(world, repository, "second")
        assert (refusal.code, refusal.params) == ("quota", {"limit": 60000})
        repository.refresh_from_db()
        assert repository.size_bytes < 60000
        assert _push(world, repository, "small", 100) is None
    assert _push(world, repository, "second") is None


@pytest.mark.django_db
def test_deleting_is_open_to_a_repository_over_its_limit(world: Any, data: Path) -> None:
    from openhearth.git.receive import Quarantine

    repository = world.repository()
    assert _push(world, repository, "main") is None
    assert _push(world, repository, "old") is None
    oid = world.ref_queries.branches(world.ref_queries.current_view(repository))["old"]
    with world.configured(data, LIMITS__REPOSITORY_BYTES="1000"):
        outcome = world.refs.apply_push(
            actor=world.act("linyue"),
            repository=repository,
            moves=[world.Move(world.HEADS + "old", oid, world.ZERO)],
            quarantine=Quarantine.empty(world.ref_queries.prepared_storage(repository)),
        )
    assert outcome.moved == [world.HEADS + "old"]


@pytest.mark.django_db
def test_owners_have_so_many_and_no_more(world: Any, data: Path) -> None:
    with world.configured(data, LIMITS__REPOSITORIES_PER_OWNER="2"):
        first = world.repository("a")
        world.repository("b")
        with pytest.raises(Invalid) as refused:
            world.repository("c")
        assert codes(refused) == {("owner", "repositories-limit")}
        world.repository("c", owner="amara")
        world.actions.delete_repository(actor=world.act("linyue"), repository=first)
        world.repository("c")
        with pytest.raises(Invalid) as refused:
            world.actions.restore_repository(actor=world.act("linyue"), repository=first)
        assert codes(refused) == {("owner", "repositories-limit")}


@pytest.mark.django_db
def test_the_page_says_so(world: Any, data: Path) -> None:
    world.repository("a")
    form = {"owner": "linyue", "name": "b", "visibility": "public", "default_branch": "main"}
    with world.configured(data, LIMITS__REPOSITORIES_PER_OWNER="1"):
        response = browser(world.account("linyue")).post("/-/new", form)
    assert response.status_code == 422
    assert "linyue has 1 repositories, as many as this instance allows" in response.content.decode()


def _at_once(count: int, work: Any) -> list[Any]:
    gate = threading.Barrier(count)

    def run(number: int) -> Any:
        gate.wait(20)
        try:
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.mark.django_db(transaction=True)
def test_creations_at_once_stay_within_the_limit(world: Any, data: Path) -> None:
    owner, actor = world.account("linyue"), world.act("linyue")

    def create(number: int) -> bool:
        try:
            world.actions.create_repository(actor=actor.fresh(), owner=owner, name=f"r{number}", visibility="public")
        except Invalid as refused:
            return refused.faults[0].code == "made"
        return True

    with world.configured(data, LIMITS__REPOSITORIES_PER_OWNER="3"):
        assert sum(_at_once(10, create)) == 3
    assert world.Repository.objects.filter(owner=owner).count() == 3


@pytest.mark.django_db(transaction=True)
def test_pushes_at_once_stay_within_the_limit(world: Any, data: Path) -> None:
    repository = world.repository()
    with world.configured(data, LIMITS__REPOSITORY_BYTES="100000"):
        refusals = _at_once(5, lambda number: _push(world, repository, f"b{number}"))
    assert [refusal is None for refusal in refusals].count(True) == 2
    assert {refusal.code for refusal in refusals if refusal} == {"quota"}
    repository.refresh_from_db()
    assert repository.size_bytes <= 100000
