"""On random worlds of accounts, what the lists show is exactly what the judgement allows."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openhearth.kernel.policy.tests.worlds import assert_together, everybody
from openhearth.people.accounts.models import Account
from openhearth.people.accounts.tests.people import make_account

NAMES = ["amara", "keeper", "olek", "zhou"]
worlds = st.lists(
    st.tuples(st.sampled_from(Account.State.values), st.sampled_from(Account.Kind.values), st.booleans()),
    min_size=1,
    max_size=len(NAMES),
)


@pytest.mark.django_db
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=worlds)
def test_decide_and_visible_agree_on_accounts(world: list[tuple[str, str, bool]]) -> None:
    Account.objects.all().delete()
    accounts = [
        make_account(name, state=state, kind=kind, is_admin=is_admin)
        for name, (state, kind, is_admin) in zip(NAMES, world, strict=False)
    ]
    assert assert_together("account", Account.objects.all(), everybody(accounts, "account")) > 0
