"""On random worlds of repositories, what the lists show is exactly what the judgement allows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PEOPLE = ["amara", "linyue", "olek"]
repositories = st.tuples(
    st.sampled_from(PEOPLE),
    st.sampled_from(["public", "internal", "private"]),
    st.sampled_from(["", "archived", "deleted", "both"]),
    st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(["READ", "TRIAGE", "WRITE", "MAINTAIN", "ADMIN"])),
)


@pytest.mark.django_db
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=st.lists(repositories, min_size=1, max_size=4), suspended=st.sampled_from(["", *PEOPLE]))
def test_decide_and_visible_agree_on_repositories(world: list[Any], suspended: str) -> None:
    from openhearth.code.repos.models import Collaborator, Repository
    from openhearth.code.repos.rules import Role
    from openhearth.kernel import clock
    from openhearth.kernel.policy.tests.worlds import assert_together, everybody
    from openhearth.people.accounts.models import Account
    from openhearth.people.accounts.tests.people import make_account

    Repository.objects.all().delete()
    Account.objects.all().delete()
    accounts = {
        name: make_account(name, state="suspended" if name == suspended else "active", is_admin=name == "olek")
        for name in PEOPLE
    }
    for number, (owner, visibility, state, roles) in enumerate(world):
        row = Repository.objects.create(
            owner=accounts[owner],
            name=f"r{number}",
            visibility=visibility,
            archived_at=clock.now() if state in {"archived", "both"} else None,
            deleted_at=clock.now() if state in {"deleted", "both"} else None,
        )
        for name, role in roles.items():
            Collaborator.objects.create(repository=row, account=accounts[name], role=Role[role])
    assert assert_together("repo", Repository.objects.all(), everybody(accounts.values(), "repo")) > 0
