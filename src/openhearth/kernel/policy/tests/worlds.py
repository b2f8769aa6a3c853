"""Holding `decide` and `visible` together: a helper for property tests of any kind of target.

A capability's test builds a random world (rows in the database, actors), then calls `assert_together`. Both halves of
every relation and condition are asked, for every action of the kind: what `visible` returns must be exactly the
targets for which `decide` allows the action.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Model, QuerySet

from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import ANONYMOUS, Actor, system
from openhearth.kernel.policy.rows import TABLE


def actions_of(kind: str) -> list[str]:
    """Return the declared actions on a kind of target."""
    return [action for action, row in TABLE.rows.items() if TABLE.row(action)[0].name == kind and row]


def scope_sets(kind: str) -> list[frozenset[str] | None]:
    """Return scope sets that tell the rows of a kind apart: none at all, each one alone, all of them."""
    rows = [TABLE.rows[action] for action in actions_of(kind)]
    names = sorted({scope for row in rows for scope in (row.scope, row.public_scope or "") if scope})
    return [None, frozenset(), *(frozenset({name}) for name in names), frozenset(names)]


def actors_for(account: Any, kind: str) -> list[Actor]:
    """Return an account as a browser would act for it, and as its tokens would with each set of scopes."""
    return [
        Actor(
            kind="account" if scopes is None else "token",
            account_id=account.pk,
            name=account.name,
            is_active=account.is_active,
            is_admin=account.is_admin,
            scopes=scopes,
        )
        for scopes in scope_sets(kind)
    ]


def everybody(accounts: Iterable[Any], kind: str) -> list[Actor]:
    """Return visitors, the instance itself, and every account in all its shapes."""
    return [ANONYMOUS, system("test"), *(actor for account in accounts for actor in actors_for(account, kind))]


def assert_together(kind: str, queryset: QuerySet[Any], actors: Sequence[Actor]) -> int:
    """Compare `visible` with `decide` for every action of the kind, every actor and every row; return how many."""
    targets: list[Model] = list(queryset)
    asked = 0
    for actor in actors:
        for action in actions_of(kind):
            seen = set(engine.visible(queryset.all(), actor.fresh(), action).values_list("pk", flat=True))
            for target in targets:
                decision = engine.decide(actor.fresh(), action, target)
                assert decision.allowed == (target.pk in seen), (
                    f"{action} on {target!r}: decide says {decision}, visible says {target.pk in seen}, for {actor!r}"
                )
                assert decision.allowed or decision.reason, f"{action}: refused without a reason"
                asked += 1
    return asked
