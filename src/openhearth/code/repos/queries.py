"""Reading repositories."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db.models import Q, QuerySet

from openhearth.code.repos import rules
from openhearth.code.repos.models import Collaborator, FormerName, Repository
from openhearth.git import store
from openhearth.kernel import config
from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import Actor
from openhearth.people.accounts import rules as account_rules
from openhearth.people.accounts.models import Account


def find_repository(owner: str, name: str) -> Repository | None:
    """Return the repository at an address, in any case, whoever asks. Never a deleted one, no redirect."""
    rows = Repository.objects.select_related("owner").filter(
        owner__name_key=account_rules.name_key(owner), name_key=rules.name_key(name), deleted_at=None
    )
    return rows.first()


def find_by_former_name(owner: str, name: str) -> Repository | None:
    """Return the repository that once had this address."""
    former = (
        FormerName.objects.select_related("repository__owner")
        .filter(owner__name_key=account_rules.name_key(owner), name_key=rules.name_key(name))
        .first()
    )
    return former.repository if former and former.repository.deleted_at is None else None


def hidden() -> engine.Hidden:
    """Return the refusal that a missing and a private repository share."""
    return engine.Hidden(engine.Decision(allowed=False, action="repo.read", reason="missing", hidden=True))


def locate(actor: Actor, owner: str, name: str) -> tuple[Repository, bool]:
    """Return (the repository at an address, whether the address is a former one). Raises `Hidden`.

    A former name leads on only for those who may see the repository: for others it says nothing.
    """
    repository = find_repository(owner, name)
    moved = repository is None
    if repository is None:
        repository = find_by_former_name(owner, name)
    if repository is None or not engine.decide(actor, "repo.read", repository).allowed:
        raise hidden()
    return repository, moved


def visible_repositories(actor: Actor) -> QuerySet[Repository]:
    """Return what `actor` may see, last pushed first, with owners."""
    rows = engine.visible(Repository.objects.select_related("owner"), actor, "repo.read")
    return rows.order_by("-pushed_at", "-id")


def repositories_of(actor: Actor, owner: Account) -> QuerySet[Repository]:
    """Return an account's repositories as far as `actor` may see them."""
    return visible_repositories(actor).filter(owner=owner)


def repositories_with_role(actor: Actor) -> QuerySet[Repository]:
    """Return what `actor` owns or was given a role in."""
    given = Collaborator.objects.filter(account_id=actor.account_id).values("repository_id")
    return visible_repositories(actor).filter(Q(owner_id=actor.account_id) | Q(pk__in=given))


def deleted_repositories(actor: Actor) -> QuerySet[Repository]:
    """Return the deleted repositories that `actor` can restore, newest first."""
    rows = engine.visible(Repository.objects.select_related("owner"), actor, "repo.restore")
    return rows.order_by("-deleted_at")


def search_repositories(actor: Actor, text: str) -> QuerySet[Repository]:
    """Return visible repositories whose name, owner or description holds every word of `text`."""
    rows = visible_repositories(actor)
    for word in text.split()[:8]:
        rows = rows.filter(Q(name__icontains=word) | Q(description__icontains=word) | Q(owner__name__icontains=word))
    return rows


def collaborators(repository: Repository) -> QuerySet[Collaborator]:
    """Return who was given a role, highest first."""
    rows = Collaborator.objects.filter(repository=repository).select_related("account")
    return rows.order_by("-role", "account__name_key")


def storage(repository: Repository | int) -> Path:
    """Return the folder of a repository's objects; it may not exist before the first push."""
    number = repository if isinstance(repository, int) else repository.pk
    return store.storage_path(config.current().data, number)


def load_repository(actor: Actor, arguments: dict[str, Any]) -> tuple[Repository, bool]:
    """Take `owner` and `repo` out of a route's arguments and return `locate` of them."""
    return locate(actor, arguments.pop("owner"), arguments.pop("repo"))
