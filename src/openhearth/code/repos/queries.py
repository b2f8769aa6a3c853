"""Reading repositories."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db.models import Q, QuerySet, Sum

from openhearth.code.repos import rules
from openhearth.code.repos.models import Collaborator, FormerName, Repository
from openhearth.git import store
from openhearth.kernel import clock, config
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


def present_repository(repository_id: int) -> Repository | None:
    """Return the repository of that id with its owner, None where it is gone or deleted; for jobs."""
    return Repository.objects.select_related("owner").filter(pk=repository_id, deleted_at=None).first()


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
    given = Collaborator.objects.filter(account_id=actor.account_id or 0).values("repository_id")
    return visible_repositories(actor).filter(Q(owner_id=actor.account_id) | Q(pk__in=given))


def own_repositories(account: Account) -> QuerySet[Repository]:
    """Return what an account owns, by name, for the account itself; nothing that is deleted."""
    return Repository.objects.select_related("owner").filter(owner=account, deleted_at=None).order_by("name_key")


def own_bytes(account: Account) -> int:
    """Return how many bytes the repositories of an account hold together."""
    return own_repositories(account).aggregate(total=Sum("size_bytes"))["total"] or 0


def roles_elsewhere(account: Account) -> QuerySet[Collaborator]:
    """Return the roles of an account in repositories of others, by their names."""
    rows = Collaborator.objects.select_related("repository__owner").filter(account=account)
    return rows.filter(repository__deleted_at=None).order_by("repository__owner__name_key", "repository__name_key")


def deleted_repositories(actor: Actor) -> QuerySet[Repository]:
    """Return the deleted repositories that `actor` can still restore, newest first."""
    rows = engine.visible(Repository.objects.select_related("owner"), actor, "repo.restore")
    since = clock.now() - timedelta(days=config.current().repositories.undo_days)
    return rows.filter(deleted_at__gte=since).order_by("-deleted_at")


def deleted_repository(actor: Actor, number: int) -> Repository:
    """Return a deleted repository that `actor` may restore. Raises `Hidden`."""
    rows = Repository.objects.select_related("owner").filter(pk=number, deleted_at__isnull=False)
    repository = rows.first() if number < 2**63 else None
    if repository is None or not engine.decide(actor, "repo.restore", repository).allowed:
        raise hidden()
    return repository


def owners_for(actor: Actor) -> list[Account]:
    """Return the accounts under which `actor` may make repositories, by name."""
    rows = engine.visible(Account.objects.all(), actor, "account.create_repository")
    return list(rows.order_by("name_key")[:200])


def taken_keys(owner: Account, keys: Iterable[str]) -> set[str]:
    """Return those of the name keys that a repository of the owner has now."""
    rows = Repository.objects.filter(owner=owner, deleted_at=None, name_key__in=list(keys))
    return set(rows.values_list("name_key", flat=True))


def free_name(owner: Account, name: str) -> str:
    """Return a name near to a taken one that nothing of the owner has, "" where the nearest are all taken."""
    base = name[: rules.NAME_MAX - 2]
    offered = [f"{base}-{number}" for number in range(2, 10)]
    taken = taken_keys(owner, [rules.name_key(text) for text in offered])
    return next((text for text in offered if rules.name_key(text) not in taken), "")


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
