"""The engine itself, on kinds of the test's own: `decide` and `visible` agree, tables refuse nonsense."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openhearth.kernel.policy import engine, rows
from openhearth.kernel.policy.actors import ANONYMOUS, Actor, system
from openhearth.kernel.policy.rows import Condition, Kind, Relation, Row, Table
from openhearth.kernel.policy.tests.worlds import actions_of, assert_together, everybody

LABELS = ["alpha", "beta", "gamma", "delta"]
SCOPES = ["", "repo", "public_repo", "user", "read:user", "admin:org", "read:org"]


def _labelled(label: str) -> Relation:
    return Relation(
        lambda actor, target: actor.is_signed_in and target.app_label == label,
        lambda actor: Q(app_label=label) if actor.is_signed_in else Q(pk__in=[]),
        f"targets called {label}",
    )


def _kind(public: str) -> Kind:
    return Kind(
        name="thing",
        model=ContentType,
        seen_by="thing.read",
        relations={label: _labelled(label) for label in LABELS},
        conditions={"short": Condition(lambda t: t.model == "s", Q(model="s"), "too-long")},
        is_public=lambda target: target.app_label == public,
        public=Q(app_label=public),
    )


grants = st.lists(st.sampled_from([*LABELS, *rows.COMMON]), min_size=1, max_size=3, unique=True).map(" | ".join)
row_lists = st.lists(
    st.tuples(grants, st.sampled_from(SCOPES), st.sampled_from([None, *SCOPES]), st.sampled_from(["", "short"])),
    min_size=1,
    max_size=4,
)
people = st.lists(
    st.builds(
        SimpleNamespace,
        pk=st.integers(1, 3),
        name=st.just("someone"),
        is_active=st.booleans(),
        is_admin=st.booleans(),
    ),
    max_size=2,
)


@pytest.mark.django_db
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(written=row_lists, accounts=people, public=st.sampled_from(LABELS))
def test_decide_and_visible_agree_for_any_rows(
    written: list[tuple[str, str, str | None, str]], accounts: list[object], public: str
) -> None:
    ContentType.objects.all().delete()
    for label in LABELS:
        for model in ("s", "long"):
            ContentType.objects.create(app_label=label, model=model)
    table = Table()
    table.add(rows.TABLE.kinds["site"], [row for row in rows.TABLE.rows.values() if row.action.startswith("site.")])
    declared = [
        Row(f"thing.act{n}", grant, "", scope, public_scope, when)
        for n, (grant, scope, public_scope, when) in enumerate(written)
    ]
    table.add(_kind(public), [Row("thing.read", "everyone", ""), *declared])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "TABLE", table)
        patch.setattr("openhearth.kernel.policy.tests.worlds.TABLE", table)
        queryset = ContentType.objects.filter(app_label__in=LABELS)
        actors = everybody(accounts, "thing")
        asked = assert_together("thing", queryset, actors)
        assert asked == len(actors) * len(actions_of("thing")) * 8


def test_a_suspended_account_is_a_visitor_who_hears_why() -> None:
    suspended = Actor(kind="account", account_id=1, is_active=False, is_admin=True)
    decision = engine.decide(suspended, "site.act")
    assert (decision.allowed, decision.reason) == (False, "suspended")
    assert not engine.decide(suspended, "site.administer").allowed
    assert engine.decide(suspended, "site.visit").allowed


def test_a_token_needs_the_scope_even_where_its_account_may() -> None:
    actor = Actor(kind="token", account_id=1, scopes=frozenset({"repo"}))
    decision = engine.decide(actor, "site.act")
    assert (decision.reason, decision.needs) == ("scope", "user")
    assert engine.decide(Actor(kind="token", account_id=1, scopes=frozenset({"user"})), "site.act").allowed
    assert engine.covers(frozenset({"user"}), "read:user")
    assert not engine.covers(frozenset({"read:user"}), "user")


def test_refusals_tell_hidden_from_denied() -> None:
    with pytest.raises(engine.Denied):
        engine.require(ANONYMOUS, "site.act")
    with pytest.raises(engine.Hidden):
        engine.require(Actor(kind="account", account_id=1), "site.administer")
    engine.require(system("test"), "site.administer")


def test_tables_refuse_what_they_do_not_know() -> None:
    table = Table()
    kind = _kind("alpha")
    with pytest.raises(ValueError, match="no action of thing"):
        table.add(kind, [Row("other.read", "everyone", "")])
    with pytest.raises(ValueError, match="unknown"):
        table.add(kind, [Row("thing.read", "nobody_known", "")])
    with pytest.raises(ValueError, match="unknown"):
        table.add(kind, [Row("thing.read", "everyone", "", when="never")])
    with pytest.raises(ValueError, match=r"thing\.read is not declared"):
        table.add(kind, [Row("thing.write", "everyone", "")])
    with pytest.raises(KeyError):
        engine.decide(ANONYMOUS, "thing.unheard_of")
