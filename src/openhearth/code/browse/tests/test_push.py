"""From a real push to the page: what `apply_push` brought is what readers see."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from openhearth.code.refs.actions import apply_push
from openhearth.code.refs.queries import prepared_storage
from openhearth.code.refs.rules import ZERO, Move
from openhearth.code.repos.models import Repository
from openhearth.git.objects import Person
from openhearth.git.receive import Quarantine
from openhearth.git.write import commit_files
from openhearth.people.accounts.queries import actor_of

pytestmark = pytest.mark.django_db(databases=["default", "cache"])

ADA = Person("Ada", "ada@example.org", datetime(2026, 1, 1, tzinfo=UTC))
MAIN = "refs/heads/main"


def test_pushed_files_are_shown_and_deleted_ones_are_gone(owner, reader):
    repository = Repository.objects.create(owner=owner, name="fresh", visibility="public")
    directory = prepared_storage(repository)
    quarantine, oid = commit_files(
        directory, files={"README.md": b"# Pushed\n", "a.py": b"pass\n"}, parents=[], author=ADA, message="Push\n"
    )
    actor = actor_of(owner)
    outcome = apply_push(actor=actor, repository=repository, moves=[Move(MAIN, ZERO, oid)], quarantine=quarantine)
    assert outcome.moved == [MAIN]
    assert "user-content-pushed" in reader.get("/banyan/fresh").content.decode()
    second, lost = commit_files(directory, files={"canary": b"x"}, parents=[oid], author=ADA, message="Canary\n")
    side = "refs/heads/side"
    repository.refresh_from_db()
    apply_push(actor=actor, repository=repository, moves=[Move(side, ZERO, lost)], quarantine=second)
    assert reader.get(f"/banyan/fresh/commit/{lost}").status_code == 200
    repository.refresh_from_db()
    nothing = Quarantine(directory, None)
    apply_push(actor=actor, repository=repository, moves=[Move(side, lost, ZERO)], quarantine=nothing)
    assert reader.get(f"/banyan/fresh/commit/{lost}").status_code == 404
    assert reader.get(f"/banyan/fresh/commit/{oid}").status_code == 200
