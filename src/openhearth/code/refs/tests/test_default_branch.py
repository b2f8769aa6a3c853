"""Another default branch: pages, clones and the cache on disk follow; it is never deleted."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from openhearth.kernel.policy import engine
from openhearth.people.accounts.tests.people import browser, faults_of

pytestmark = pytest.mark.django_db


def at(repository: Any) -> str:
    return reverse("repo_settings_branches", kwargs={"owner": repository.owner.name, "repo": repository.name})


@pytest.fixture
def filled(world: Any) -> Any:
    repository = world.repository()
    world.commit(repository, "main", "main\n")
    world.commit(repository, "release/0.9", "other\n")
    return repository


def test_head_moves_for_clones_too(world: Any, filled: Any, tmp_path: Path) -> None:
    directory = world.ref_queries.prepared_storage(filled)
    before = world.ref_queries.current_view(filled)
    client = browser(filled.owner)
    response = client.post(at(filled), {"default_branch": "release/0.9"}, follow=True)
    assert "default branch is changed" in response.content.decode()
    after = world.ref_queries.current_view(filled)
    assert (before.head, after.head) == ("refs/heads/main", "refs/heads/release/0.9")
    assert after.version == before.version + 1
    assert (directory / "HEAD").read_text() == "ref: refs/heads/release/0.9\n"
    subprocess.run(["git", "clone", "-q", str(directory), str(tmp_path / "clone")], check=True)
    assert (tmp_path / "clone" / "README.md").read_text() == "other\n"


def test_choosing_the_same_changes_nothing(world: Any, filled: Any) -> None:
    version = filled.refs_version
    assert browser(filled.owner).post(at(filled), {"default_branch": "main"}).status_code == 303
    filled.refresh_from_db()
    assert filled.refs_version == version


@pytest.mark.parametrize("name", ["", "nope", "x" * 5000, "a\x00", "a\u202e", "..", "refs/heads/main", "MAIN"])
def test_only_branches_that_exist(world: Any, filled: Any, name: str) -> None:
    response = browser(filled.owner).post(at(filled), {"default_branch": name})
    assert response.status_code == 422
    assert 'href="#default_branch"' in faults_of(response)
    filled.refresh_from_db()
    assert filled.default_branch == "main"


@pytest.mark.parametrize(("role", "status"), [("read", 403), ("maintain", 403), ("admin", 303)])
def test_administrators_choose(world: Any, filled: Any, role: str, status: int) -> None:
    client = browser(world.give(filled, "amara", role))
    assert client.post(at(filled), {"default_branch": "release/0.9"}).status_code == status


def test_the_first_page_of_settings_holds_the_form(world: Any, filled: Any) -> None:
    text = browser(filled.owner).get("/linyue/riverbed/settings").content.decode()
    assert f'action="{at(filled)}"' in text
    assert '<option value="release/0.9">' in text


def test_an_empty_repository_has_nothing_to_choose(world: Any) -> None:
    repository = world.repository()
    client = browser(repository.owner)
    assert "no branches yet" in client.get(at(repository)).content.decode()
    assert client.post(at(repository), {"default_branch": "main"}).status_code == 422


def test_archived_repositories_keep_theirs(world: Any, filled: Any) -> None:
    world.actions.archive_repository(actor=world.act("linyue"), repository=filled, archived=True)
    with pytest.raises(engine.Denied):
        world.refs.choose_default_branch(actor=world.act("linyue"), repository=filled, branch="release/0.9")


def test_a_branch_that_became_the_default_meanwhile_is_not_deleted(world: Any, filled: Any) -> None:
    stale = type(filled).objects.get(pk=filled.pk)
    oid = world.ref_queries.branches(world.ref_queries.current_view(filled))["release/0.9"]
    world.refs.choose_default_branch(actor=world.act("linyue"), repository=filled, branch="release/0.9")
    assert stale.default_branch == "main"  # as a push saw it that began before
    from openhearth.git.receive import Quarantine

    ref = "refs/heads/release/0.9"
    outcome = world.refs.apply_push(
        actor=world.act("linyue"),
        repository=stale,
        moves=[world.Move(ref, oid, world.ZERO)],
        quarantine=Quarantine.empty(world.ref_queries.prepared_storage(stale)),
    )
    assert outcome.results[ref].code == "default-branch"
