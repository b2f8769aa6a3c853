"""Rights on accounts."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from openhearth.kernel.policy.actors import Actor
from openhearth.kernel.policy.rows import TABLE, Condition, Kind, Relation, Row
from openhearth.people.accounts.models import Account

_NONE = Q(pk__in=[])


def _is_self(actor: Actor, target: Any) -> bool:
    return actor.is_signed_in and actor.account_id == target.pk


def _self_q(actor: Actor) -> Q:
    return Q(pk=actor.account_id) if actor.is_signed_in else _NONE


def _is_living(_actor: Actor, target: Any) -> bool:
    return bool(target.state == Account.State.ACTIVE)


ACCOUNT = Kind(
    name="account",
    model=Account,
    seen_by="account.read",
    relations={
        "self": Relation(_is_self, _self_q, "the account itself"),
        "everyone_if_active": Relation(
            _is_living, lambda _actor: Q(state="active"), "everyone, where the account is active"
        ),
    },
    conditions={
        "active": Condition(lambda target: target.state == Account.State.ACTIVE, Q(state="active"), "inactive"),
    },
    is_public=lambda _target: True,
    public=Q(),
)

ROWS = [
    Row("account.read", "everyone_if_active | self | instance_admin", "see the profile"),
    Row("account.update", "self", "change profile and settings", scope="user", when="active"),
    Row("account.read_keys", "self", "see the own SSH keys", scope="read:public_key", when="active"),
    Row("account.add_key", "self", "add SSH keys", scope="write:public_key", when="active"),
    Row("account.manage_keys", "self", "remove SSH keys", scope="admin:public_key", when="active"),
    Row("account.manage_tokens", "self", "make and revoke access tokens", scope="site_session", when="active"),
    Row(
        "account.create_repository",
        "self",
        "create a repository under the account",
        scope="repo",
        public_scope="public_repo",
        when="active",
    ),
    Row("account.administer", "instance_admin", "approve, suspend, make administrator", scope="site_admin"),
]


def declare() -> None:
    """Add the rows to the table."""
    TABLE.add(ACCOUNT, ROWS)
