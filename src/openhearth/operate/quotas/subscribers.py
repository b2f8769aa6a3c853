"""The gates: asked before a step with what is known then, and again inside its transaction.

Both halves judge the same way. The second sees what others have written meanwhile.
"""

from __future__ import annotations

from openhearth.code.refs import actions as refs
from openhearth.code.repos import actions as repos
from openhearth.kernel import config, gates
from openhearth.operate.quotas import queries, rules

GATE = "quotas"


def register() -> None:
    """Put the gates at their steps."""
    gates.register_gate(refs.STEP, examine_push, confirm_push, name=GATE)
    gates.register_gate(repos.CREATING, examine_creation, confirm_creation, name=GATE)


def examine_push(context: refs.PushContext) -> gates.Verdict:
    """Refuse a push that would make its repository larger than `limits.repository_bytes`."""
    limit = config.current().limits.repository_bytes
    if not limit or not context.incoming:
        return gates.Verdict()
    held = queries.bytes_of(context.repository.pk)
    if rules.too_large(held=held, incoming=context.incoming, limit=limit):
        return gates.Verdict(refusals={gates.WHOLE: gates.Refusal("quota", {"limit": limit})})
    return gates.Verdict()


def confirm_push(context: refs.PushContext, _before: gates.Verdict) -> gates.Verdict:
    """Ask again: other pushes may have come in between."""
    return examine_push(context)


def examine_creation(context: repos.CreationContext) -> gates.Verdict:
    """Refuse one more repository to an owner of `limits.repositories_per_owner`."""
    limit = config.current().limits.repositories_per_owner
    if limit and rules.too_many(owned=queries.repositories_of(context.owner.pk), limit=limit):
        return gates.Verdict(refusals={gates.WHOLE: gates.Refusal("repositories-limit", {"limit": limit})})
    return gates.Verdict()


def confirm_creation(context: repos.CreationContext, _before: gates.Verdict) -> gates.Verdict:
    """Ask again: the owner's row is locked now, so the count stays true until the end."""
    return examine_creation(context)
