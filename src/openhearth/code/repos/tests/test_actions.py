"""Every write, by every role; names that were left; what is deleted; many at once."""

from __future__ import annotations

import copy
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from openhearth.kernel import clock
from openhearth.kernel.errors import Invalid
from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import ANONYMOUS
from openhearth.people.accounts.tests.people import codes

ACTS: dict[str, tuple[str, str]] = {
    "describe": ("maintain", "archived"),
    "rename": ("admin", ""),
    "visibility": ("admin", ""),
    "archive": ("admin", ""),
    "collaborators": ("admin", ""),
    "delete": ("owner", ""),
}
ORDER = ["none", "read", "triage", "write", "maintain", "admin", "owner"]


def _do(world: Any, name: str, actor: Any, repository: Any) -> Any:
    acts = world.actions
    return {
        "describe": lambda: acts.describe_repository(actor=actor, repository=repository, description="new"),
        "rename": lambda: acts.rename_repository(actor=actor, repository=repository, name="delta"),
        "visibility": lambda: acts.set_visibility(actor=actor, repository=repository, visibility="internal"),
        "archive": lambda: acts.archive_repository(actor=actor, repository=repository, archived=True),
        "collaborators": lambda: acts.set_collaborator(
            actor=actor, repository=repository, account=world.account("olek"), role="read"
        ),
        "delete": lambda: acts.delete_repository(actor=actor, repository=repository),
    }[name]()


@pytest.mark.django_db
@pytest.mark.parametrize("role", ORDER)
@pytest.mark.parametrize("name", ACTS)
def test_each_act_begins_at_its_role(world: Any, name: str, role: str) -> None:
    repository = world.repository()
    if role not in {"none", "owner"}:
        world.give(repository, "amara", role)
    actor = world.act("linyue" if role == "owner" else "amara")
    if ORDER.index(role) >= ORDER.index(ACTS[name][0]):
        _do(world, name, actor, repository)
    else:
        with pytest.raises(engine.Denied):
            _do(world, name, actor, repository)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ACTS)
def test_nobody_acts_on_what_they_cannot_see(world: Any, name: str) -> None:
    repository = world.repository(visibility="private")
    for actor in (ANONYMOUS, world.act("amara")):
        with pytest.raises(engine.Hidden):
            _do(world, name, actor, repository)


@pytest.mark.django_db
def test_tokens_need_their_scopes(world: Any) -> None:
    repository = world.repository()
    public = world.act("linyue", scopes=frozenset({"public_repo"}))
    world.actions.describe_repository(actor=public, repository=repository, description="new")
    for name in ("visibility", "collaborators", "delete"):
        with pytest.raises(engine.Denied):
            _do(world, name, public, repository)
    with pytest.raises(engine.Denied):
        world.actions.create_repository(actor=public, owner=world.account("linyue"), name="x", visibility="private")
    full = world.act("linyue", scopes=frozenset({"repo"}))
    with pytest.raises(engine.Denied):
        world.actions.delete_repository(actor=full, repository=repository)
    mine = world.give(repository, "amara", "read")
    with pytest.raises(engine.Denied):
        world.actions.remove_collaborator(
            actor=world.act("amara", scopes=frozenset()), repository=repository, account=mine
        )


@pytest.mark.django_db
def test_nobody_makes_repositories_for_others(world: Any) -> None:
    with pytest.raises(engine.Denied):
        world.actions.create_repository(
            actor=world.act("amara"), owner=world.account("linyue"), name="x", visibility="public"
        )


@pytest.mark.django_db
def test_all_faults_come_at_once(world: Any) -> None:
    with pytest.raises(Invalid) as refused:
        world.repository("a b", visibility="secret", description="x" * 5000, default_branch="-x")
    assert codes(refused) == {
        ("name", "characters"),
        ("visibility", "unknown"),
        ("description", "too-long"),
        ("default_branch", "leading-dash"),
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    "branch", ["", "a b", "x" * 5000, "a\x00", "..", "a/.lock", "HEAD", "a\u202e", "@{", "名" * 90]
)
def test_branches_have_names_that_git_allows(world: Any, branch: str) -> None:
    with pytest.raises(Invalid) as refused:
        world.repository(default_branch=branch)
    assert {field for field, _code in codes(refused)} == {"default_branch"}


@pytest.mark.django_db
@pytest.mark.parametrize("twin", ["Riverbed", "RIVERBED", "riverbed"])
def test_case_twins_are_taken(world: Any, twin: str) -> None:
    world.repository("riverbed")
    with pytest.raises(Invalid) as refused:
        world.repository(twin)
    assert codes(refused) == {("name", "taken")}


@pytest.mark.django_db
def test_names_go_round(world: Any) -> None:
    repository, actor = world.repository("a"), world.act("linyue")
    for name in ("b", "c", "a"):
        world.actions.rename_repository(actor=actor, repository=repository, name=name)
    from openhearth.code.repos import queries

    assert queries.find_repository("linyue", "A") == repository
    assert queries.find_by_former_name("linyue", "B") == repository
    assert queries.find_by_former_name("linyue", "a") is None
    world.actions.delete_repository(actor=actor, repository=repository)
    assert queries.find_by_former_name("linyue", "b") is None


@pytest.mark.django_db
def test_restoring_takes_a_former_name_back(world: Any) -> None:
    from openhearth.code.repos import queries

    actor = world.act("linyue")
    first = world.repository("a")
    world.actions.delete_repository(actor=actor, repository=first)
    second = world.repository("a")
    world.actions.rename_repository(actor=actor, repository=second, name="b")
    world.actions.restore_repository(actor=actor, repository=first)
    assert queries.find_repository("linyue", "a") == first
    assert queries.find_by_former_name("linyue", "a") is None


@pytest.mark.django_db
def test_only_the_owner_restores_and_only_what_is_deleted(world: Any) -> None:
    repository = world.repository()
    world.give(repository, "amara", "admin")
    with pytest.raises(engine.Denied):
        world.actions.restore_repository(actor=world.act("linyue"), repository=repository)
    world.actions.delete_repository(actor=world.act("linyue"), repository=repository)
    with pytest.raises(engine.Hidden):
        world.actions.restore_repository(actor=world.act("amara"), repository=repository)


@pytest.mark.django_db
def test_what_is_over_is_removed_and_what_came_back_is_not(world: Any, data: Path) -> None:
    from openhearth.code.repos import jobs, queries

    actor = world.act("linyue")
    old, back = world.repository("old"), world.repository("back")
    for repository in (old, back):
        world.commit(repository)
        world.actions.delete_repository(actor=actor, repository=repository)
        type(repository).objects.filter(pk=repository.pk).update(deleted_at=clock.now() - timedelta(days=31))
    assert not queries.deleted_repositories(actor).exists()
    back.refresh_from_db()
    world.actions.restore_repository(actor=actor, repository=back)
    jobs.purge()
    assert not type(old).objects.filter(pk=old.pk).exists()
    assert not queries.storage(old.pk).exists()
    assert queries.storage(back).exists()
    with pytest.raises(engine.Hidden):
        world.actions.restore_repository(actor=actor, repository=old)


@pytest.mark.django_db
def test_only_what_never_received_anything_is_taken_back(world: Any) -> None:
    actor, empty, filled = world.act("linyue"), world.repository("a"), world.repository("b")
    world.commit(filled)
    assert world.actions.abandon_repository(actor=actor, repository=empty)
    assert not world.actions.abandon_repository(actor=actor, repository=filled)
    with pytest.raises(engine.Denied):
        world.actions.abandon_repository(actor=world.act("amara"), repository=filled)


def _at_once(count: int, work: Any) -> list[Any]:
    """Run `work(number)` in threads that begin together; their connections are closed."""
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
def test_twenty_at_once_make_one(world: Any) -> None:
    owner, actor = world.account("linyue"), world.act("linyue")

    def create(number: int) -> Any:
        try:
            return world.actions.create_repository(
                actor=actor.fresh(), owner=owner, name="River" if number % 2 else "river", visibility="public"
            )
        except Invalid as refused:
            return {fault.code for fault in refused.faults}

    made = _at_once(20, create)
    assert len([one for one in made if not isinstance(one, set)]) == 1
    assert [one for one in made if isinstance(one, set)] == [{"taken"}] * 19


@pytest.mark.django_db(transaction=True)
def test_renames_and_restorations_at_once_leave_one_of_a_name(world: Any) -> None:
    actor = world.act("linyue")
    gone = world.repository("delta")
    world.actions.delete_repository(actor=actor, repository=gone)
    others = [world.repository(f"r{number}") for number in range(5)]

    def take(number: int) -> str:
        try:
            if number == 5:
                world.actions.restore_repository(actor=actor.fresh(), repository=gone)
            else:
                world.actions.rename_repository(actor=actor.fresh(), repository=others[number], name="delta")
        except Invalid as refused:
            return refused.faults[0].code
        return "won"

    assert sorted(_at_once(6, take)) == ["taken"] * 5 + ["won"]
    assert type(gone).objects.filter(name_key="delta", deleted_at=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_deletions_at_once_are_one_event(world: Any) -> None:
    from openhearth.kernel.events.models import EventRow

    repository, actor = world.repository(), world.act("linyue")

    def delete(_number: int) -> None:
        world.actions.delete_repository(actor=actor.fresh(), repository=copy.copy(repository))

    _at_once(6, delete)
    assert EventRow.objects.filter(name="repository.deleted").count() == 1
