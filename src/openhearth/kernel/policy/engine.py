"""Judging (`decide`, `require`) and filtering (`visible`) by the declared rows. No rule lives anywhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet

from openhearth.kernel.policy.actors import ANONYMOUS, Actor
from openhearth.kernel.policy.rows import TABLE, Kind, Row

M = TypeVar("M", bound=Model)

NOBODY = Q(pk__in=[])
EVERYTHING = ~NOBODY
"""An empty Q would vanish in `NOBODY | Q()`: Django takes it for no condition at all."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one question. `hidden`: the asker may not even learn that the target exists."""

    allowed: bool
    action: str
    reason: str = ""
    """A code: `sign-in`, `suspended`, `scope`, `role`, or the reason of a condition (`archived`)."""
    needs: str = ""
    """What would open it: a scope, or the relations of the row."""
    hidden: bool = False


class NotAllowed(Exception):
    """A refused action; `decision` says why."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(f"{decision.action}: {decision.reason} (needs {decision.needs})")
        self.decision = decision


class Denied(NotAllowed):
    """The actor may know of the target, but not do this (403)."""


class Hidden(NotAllowed):
    """To this actor the target does not exist (404)."""


def decide(actor: Actor, action: str, target: Any = None) -> Decision:
    """Judge whether `actor` may do `action` to `target`. Raises KeyError for an undeclared action."""
    kind, row = TABLE.row(action)
    if actor.kind == "system":
        return Decision(allowed=True, action=action)
    who = actor if actor.is_active else ANONYMOUS
    reason, needs = _refusal(kind, row, who, target)
    if not reason:
        return Decision(allowed=True, action=action)
    if not actor.is_active and reason == "sign-in":
        reason = "suspended"
    hidden = action == kind.seen_by or not decide(actor, kind.seen_by, target).allowed
    if action == "site.administer":
        hidden = True  # who does not administer need not know what there is to administer
    return Decision(allowed=False, action=action, reason=reason, needs=needs, hidden=hidden)


def _refusal(kind: Kind, row: Row, actor: Actor, target: Any) -> tuple[str, str]:
    """Return (reason, what would open it), both empty where the row lets the actor through."""
    if not any(TABLE.relation(kind, name).holds(actor, target) for name in row.relations):
        return ("sign-in" if actor.is_anonymous else "role"), row.grants
    if actor.scopes is not None:
        scope = row.scope_for(public=target is not None and kind.is_public(target))
        if scope and not covers(actor.scopes, scope):
            return "scope", scope
    if row.when and not kind.conditions[row.when].holds(target):
        return kind.conditions[row.when].reason, row.when
    return "", ""


def require(actor: Actor, action: str, target: Any = None) -> None:
    """Pass silently where `decide` allows; else raise `Hidden` (answer 404) or `Denied` (answer 403)."""
    decision = decide(actor, action, target)
    if not decision.allowed:
        raise (Hidden if decision.hidden else Denied)(decision)


def visible(queryset: QuerySet[M], actor: Actor, action: str) -> QuerySet[M]:
    """Return the rows of `queryset` to which `actor` may do `action`: those for which `decide` allows it."""
    kind, row = TABLE.row(action)
    if actor.kind == "system":
        return queryset
    who = actor if actor.is_active else ANONYMOUS
    granted = NOBODY
    for name in row.relations:
        granted |= TABLE.relation(kind, name).q(who) or EVERYTHING
    if who.scopes is not None:
        granted &= _scope_filter(kind, row, who.scopes)
    if row.when:
        granted &= kind.conditions[row.when].q
    return queryset.filter(granted)


def _scope_filter(kind: Kind, row: Row, scopes: frozenset[str]) -> Q:
    private_open = not row.scope or covers(scopes, row.scope)
    public_scope = row.scope_for(public=True)
    public_open = not public_scope or covers(scopes, public_scope)
    if private_open and public_open:
        return Q()
    public = kind.public or EVERYTHING
    if private_open:
        return ~public
    return public if public_open else NOBODY


IMPLIED: dict[str, tuple[str, ...]] = {
    "repo": ("public_repo", "repo:status", "repo_deployment", "repo:invite", "security_events"),
    "admin:org": ("write:org", "read:org"),
    "write:org": ("read:org",),
    "admin:public_key": ("write:public_key", "read:public_key"),
    "write:public_key": ("read:public_key",),
    "user": ("read:user", "user:email", "user:follow"),
    "admin:repo_hook": ("write:repo_hook", "read:repo_hook"),
    "write:repo_hook": ("read:repo_hook",),
    "write:packages": ("read:packages",),
    "write:discussion": ("read:discussion",),
    "admin:gpg_key": ("write:gpg_key", "read:gpg_key"),
    "write:gpg_key": ("read:gpg_key",),
}
"""GitHub's scopes that contain others."""


def covers(scopes: frozenset[str], wanted: str) -> bool:
    """Tell whether a token with `scopes` carries `wanted`, itself or inside a wider one."""
    return wanted in scopes or any(wanted in IMPLIED.get(scope, ()) for scope in scopes)
