"""Rights on repositories."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q

from openhearth.code.repos.models import Collaborator, Repository
from openhearth.code.repos.rules import Role
from openhearth.kernel.policy.actors import Actor
from openhearth.kernel.policy.rows import TABLE, Condition, Kind, Relation, Row

_NONE = Q(pk__in=[])


def direct_role(actor: Actor, repository: Repository) -> int:
    """Return the role given to the actor in the repository, 0 for none. The owner has the highest."""
    if not actor.is_signed_in:
        return 0
    if actor.account_id == repository.owner_id:
        return int(Role.ADMIN)
    key = ("repo-role", repository.pk)
    if key not in actor.memo:
        rows = Collaborator.objects.filter(repository_id=repository.pk, account_id=actor.account_id or 0)
        actor.memo[key] = rows.values_list("role", flat=True).first() or 0
    return int(actor.memo[key])


def _at_least(role: Role) -> Relation:
    def holds(actor: Actor, target: Any) -> bool:
        return direct_role(actor, target) >= role

    def q(actor: Actor) -> Q:
        if not actor.is_signed_in:
            return _NONE
        given = Collaborator.objects.filter(account_id=actor.account_id or 0, role__gte=role).values("repository_id")
        return Q(owner_id=actor.account_id) | Q(pk__in=given)

    return Relation(holds, q, f"the owner and collaborators with the role {role.word} or a higher one")


def _by_visibility(visibility: str, notes: str, admits: Callable[[Actor], bool]) -> Relation:
    def holds(actor: Actor, target: Any) -> bool:
        return bool(target.visibility == visibility) and admits(actor)

    def q(actor: Actor) -> Q:
        return Q(visibility=visibility) if admits(actor) else _NONE

    return Relation(holds, q, notes)


def _was_given_role(actor: Actor, target: Any) -> bool:
    return actor.account_id != target.owner_id and direct_role(actor, target) > 0


def _given_role(actor: Actor) -> Q:
    if not actor.is_signed_in:
        return _NONE
    given = Collaborator.objects.filter(account_id=actor.account_id or 0).values("repository_id")
    return Q(pk__in=given) & ~Q(owner_id=actor.account_id)


def _is_owner(actor: Actor, target: Any) -> bool:
    return actor.is_signed_in and actor.account_id == target.owner_id


REPO = Kind(
    name="repo",
    model=Repository,
    seen_by="repo.read",
    relations={
        "everyone_if_public": _by_visibility("public", "everyone, where the repository is public", lambda _a: True),
        "accounts_if_internal": _by_visibility(
            "internal", "every account, where the repository is internal", lambda actor: actor.is_signed_in
        ),
        "reader": _at_least(Role.READ),
        "triager": _at_least(Role.TRIAGE),
        "writer": _at_least(Role.WRITE),
        "maintainer": _at_least(Role.MAINTAIN),
        "admin": _at_least(Role.ADMIN),
        "collaborator": Relation(_was_given_role, _given_role, "who was given a role"),
        "owner": Relation(
            _is_owner,
            lambda a: Q(owner_id=a.account_id) if a.is_signed_in else _NONE,
            "the account that owns it",
        ),
    },
    conditions={
        "present": Condition(lambda t: t.deleted_at is None, Q(deleted_at=None), "deleted"),
        "writable": Condition(
            lambda t: t.deleted_at is None and t.archived_at is None,
            Q(deleted_at=None, archived_at=None),
            "archived",
        ),
        "deleted": Condition(lambda t: t.deleted_at is not None, Q(deleted_at__isnull=False), "not-deleted"),
    },
    is_public=lambda target: bool(target.visibility == Repository.Visibility.PUBLIC),
    public=Q(visibility="public"),
)

_SEE = "everyone_if_public | accounts_if_internal | reader"

ROWS = [
    Row(
        "repo.read",
        _SEE,
        "see it: pages, clone, fetch, archive",
        scope="repo",
        public_scope="",
        when="present",
    ),
    Row(
        "repo.push",
        "writer",
        "push branches and tags",
        scope="repo",
        public_scope="public_repo",
        when="writable",
    ),
    Row(
        "repo.describe",
        "maintainer",
        "change the description",
        scope="repo",
        public_scope="public_repo",
        when="writable",
    ),
    Row(
        "repo.settings",
        "maintainer",
        "open the settings",
        scope="repo",
        public_scope="public_repo",
        when="present",
    ),
    Row(
        "repo.set_default_branch",
        "admin",
        "choose the default branch",
        scope="repo",
        public_scope="public_repo",
        when="writable",
    ),
    Row("repo.rename", "admin", "rename it", scope="repo", public_scope="public_repo", when="present"),
    Row("repo.set_visibility", "admin", "make it public, internal or private", scope="repo", when="present"),
    Row("repo.manage_collaborators", "admin", "give and take roles", scope="repo", when="present"),
    Row("repo.leave", "collaborator", "give up the own role", scope="repo", when="present"),
    Row(
        "repo.archive",
        "admin",
        "make it read-only, or writable again",
        scope="repo",
        public_scope="public_repo",
        when="present",
    ),
    Row("repo.delete", "owner", "delete it", scope="delete_repo", when="present"),
    Row("repo.restore", "owner", "restore it after a deletion", scope="delete_repo", when="deleted"),
]


def declare() -> None:
    """Add the rows to the table."""
    TABLE.add(REPO, ROWS)
