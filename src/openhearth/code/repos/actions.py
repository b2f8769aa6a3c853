"""Every write to repositories, but for their refs."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from openhearth.code.repos import queries, rules
from openhearth.code.repos.events import (
    CollaboratorChanged,
    RepositoryArchived,
    RepositoryChanged,
    RepositoryCreated,
    RepositoryDeleted,
    RepositoryRenamed,
    RepositoryRestored,
)
from openhearth.code.repos.models import Collaborator, FormerName, Repository
from openhearth.kernel import clock, config
from openhearth.kernel.errors import Fault, Invalid, invalid
from openhearth.kernel.events.emit import emit
from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import Actor
from openhearth.people.accounts.models import Account


def create_repository(
    *,
    actor: Actor,
    owner: Account,
    name: str,
    visibility: str,
    description: str = "",
    default_branch: str = "main",
) -> Repository:
    """Make an empty repository. Raises `Invalid` for a bad or taken name, an unknown visibility, a long text."""
    if visibility == Repository.Visibility.PUBLIC or actor.scopes is None:
        engine.require(actor, "account.create_repository", owner)
    elif not engine.covers(actor.scopes, "repo"):
        raise engine.Denied(
            engine.Decision(allowed=False, action="account.create_repository", reason="scope", needs="repo")
        )
    else:
        engine.require(actor, "account.create_repository", owner)
    faults = [*name_faults(owner, name), *_description_faults(description), *_visibility_faults(visibility)]
    if faults:
        raise Invalid(*faults)
    repository = Repository(
        owner=owner,
        name=name,
        visibility=visibility,
        description=_one_line(description),
        default_branch=default_branch,
    )
    try:
        with transaction.atomic():
            repository.save()
            FormerName.objects.filter(owner=owner, name_key=repository.name_key).delete()
            emit(
                RepositoryCreated(repository.pk, owner.pk, repository.name, repository.visibility),
                actor=actor,
                target=repository,
            )
    except IntegrityError:
        raise Invalid(_taken(owner, name)) from None
    return repository


def name_faults(owner: Account, name: str) -> list[Fault]:
    """Return what is wrong with a new repository name, nothing for a free and good one."""
    code = rules.name_fault(name)
    if code:
        return [Fault("name", code, _name_message(code, name))]
    if queries.find_repository(owner.name, name):
        return [_taken(owner, name)]
    return []


def _taken(owner: Account, name: str) -> Fault:
    text = _("Name: %(owner)s has a repository “%(name)s” already. Choose another.")
    return Fault("name", "taken", text % {"owner": owner.name, "name": name})


def _name_message(code: str, name: str) -> str:
    texts = {
        "empty": _("Name: give one, for example hello-world."),
        "too-long": _("Name: “%(name)s” is longer than %(most)d characters."),
        "dots": _("Name: “%(name)s” is only dots. Use letters or digits too."),
        "characters": _("Name: “%(name)s” may hold only letters a–z, digits, hyphens, dots and underscores."),
        "first": _("Name: “%(name)s” must not begin with a hyphen."),
        "suffix": _("Name: “%(name)s” must not end with a dot, .git, .wiki, .atom, .lock or .keys."),
    }
    text = texts[code] % {"name": name[:60], "most": rules.NAME_MAX}
    better = rules.suggest(name)
    if better and code != "empty":
        text += " " + _("Use %(suggestion)s.") % {"suggestion": better}
    return text


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _description_faults(description: str) -> list[Fault]:
    if len(description) > rules.DESCRIPTION_MAX:
        text = _("Description: longer than %(most)d characters.")
        return [Fault("description", "too-long", text % {"most": rules.DESCRIPTION_MAX})]
    if "\x00" in description:
        return [Fault("description", "invalid", _("Description: holds a NUL character. Remove it."))]
    return []


def _visibility_faults(visibility: str) -> list[Fault]:
    if visibility in Repository.Visibility.values:
        return []
    text = _("Visibility: “%(value)s” is none. Choose public, internal or private.")
    return [Fault("visibility", "unknown", text % {"value": visibility[:60]})]


def describe_repository(*, actor: Actor, repository: Repository, description: str) -> Repository:
    """Change the line that says what the repository is for."""
    engine.require(actor, "repo.describe", repository)
    faults = _description_faults(description)
    if faults:
        raise Invalid(*faults)
    return _change(actor, repository, description=_one_line(description))


def set_default_branch(*, actor: Actor, repository: Repository, branch: str, branches: frozenset[str]) -> Repository:
    """Choose the default branch among `branches`, the names that exist (`code.refs` knows them)."""
    engine.require(actor, "repo.set_default_branch", repository)
    if branch not in branches:
        raise invalid(
            "default_branch",
            "missing",
            _("Default branch: there is no branch “%(name)s”.") % {"name": branch[:100]},
        )
    return _change(actor, repository, default_branch=branch)


def set_visibility(*, actor: Actor, repository: Repository, visibility: str) -> Repository:
    """Make it public, internal or private."""
    engine.require(actor, "repo.set_visibility", repository)
    faults = _visibility_faults(visibility)
    if faults:
        raise Invalid(*faults)
    return _change(actor, repository, visibility=visibility)


def _change(actor: Actor, repository: Repository, **values: str) -> Repository:
    changed = tuple(field for field, value in values.items() if getattr(repository, field) != value)
    if not changed:
        return repository
    for field in changed:
        setattr(repository, field, values[field])
    repository.updated_at = clock.now()
    with transaction.atomic():
        repository.save(update_fields=[*changed, "updated_at"])
        emit(RepositoryChanged(repository.pk, changed), actor=actor, target=repository)
    return repository


def rename_repository(*, actor: Actor, repository: Repository, name: str) -> Repository:
    """Give it another name; the old address leads to the new one."""
    engine.require(actor, "repo.rename", repository)
    old = repository.name
    if name == old:
        return repository
    only_case = rules.name_key(name) == rules.name_key(old)
    faults = [] if only_case and not rules.name_fault(name) else name_faults(repository.owner, name)
    if faults:
        raise Invalid(*faults)
    repository.name, repository.updated_at = name, clock.now()
    try:
        with transaction.atomic():
            repository.save(update_fields=["name", "name_key", "updated_at"])
            FormerName.objects.filter(owner=repository.owner, name_key=repository.name_key).delete()
            if not only_case:
                FormerName.objects.update_or_create(
                    owner=repository.owner,
                    name_key=rules.name_key(old),
                    defaults={"repository": repository, "left_at": clock.now()},
                )
            emit(RepositoryRenamed(repository.pk, old, name), actor=actor, target=repository)
    except IntegrityError:
        repository.name = old
        raise Invalid(_taken(repository.owner, name)) from None
    return repository


def archive_repository(*, actor: Actor, repository: Repository, archived: bool) -> Repository:
    """Make it read-only, or writable again."""
    engine.require(actor, "repo.archive", repository)
    if (repository.archived_at is not None) == archived:
        return repository
    repository.archived_at = clock.now() if archived else None
    with transaction.atomic():
        repository.save(update_fields=["archived_at"])
        emit(RepositoryArchived(repository.pk, archived), actor=actor, target=repository)
    return repository


def set_collaborator(*, actor: Actor, repository: Repository, account: Account, role: str) -> None:
    """Give an account a role in the repository, or another one."""
    engine.require(actor, "repo.manage_collaborators", repository)
    wanted = rules.role_of_word(role)
    if wanted is None:
        raise invalid("role", "unknown", _("Role: choose read, triage, write, maintain or admin."))
    if account.pk == repository.owner_id:
        raise invalid("account", "owner", _("Account: %(name)s owns the repository already.") % {"name": account.name})
    if account.is_organisation or not account.is_active:
        raise invalid("account", "inactive", _("Account: %(name)s cannot be given a role.") % {"name": account.name})
    with transaction.atomic():
        Collaborator.objects.update_or_create(repository=repository, account=account, defaults={"role": wanted})
        emit(CollaboratorChanged(repository.pk, account.pk, wanted.word), actor=actor, target=repository)


def remove_collaborator(*, actor: Actor, repository: Repository, account: Account) -> None:
    """Take an account's role away; who has one may also leave by themselves."""
    if actor.account_id != account.pk:
        engine.require(actor, "repo.manage_collaborators", repository)
    else:
        engine.require(actor, "repo.read", repository)
    with transaction.atomic():
        removed, _rows = Collaborator.objects.filter(repository=repository, account=account).delete()
        if removed:
            emit(CollaboratorChanged(repository.pk, account.pk, ""), actor=actor, target=repository)


def delete_repository(*, actor: Actor, repository: Repository) -> Repository:
    """Delete it. Its owner can restore it for `repositories.undo_days`; then a job removes it for good."""
    engine.require(actor, "repo.delete", repository)
    now = clock.now()
    final = now + timedelta(days=config.current().repositories.undo_days)
    repository.deleted_at = now
    with transaction.atomic():
        repository.save(update_fields=["deleted_at"])
        emit(RepositoryDeleted(repository.pk, final.isoformat()), actor=actor, target=repository)
    return repository


def restore_repository(*, actor: Actor, repository: Repository) -> Repository:
    """Bring a deleted repository back. Raises `Invalid` where its name has been taken meanwhile."""
    engine.require(actor, "repo.restore", repository)
    repository.deleted_at = None
    try:
        with transaction.atomic():
            repository.save(update_fields=["deleted_at"])
            emit(RepositoryRestored(repository.pk), actor=actor, target=repository)
    except IntegrityError:
        raise Invalid(_taken(repository.owner, repository.name)) from None
    return repository


def abandon_repository(*, actor: Actor, repository: Repository) -> None:
    """Take back a repository that never received anything: an import failed. Nothing of it remains."""
    engine.require(actor, "repo.delete", repository)
    with transaction.atomic():
        Repository.objects.filter(pk=repository.pk, refs_version=0).delete()


def purge_deleted(*, limit: int = 20) -> list[int]:
    """Remove for good up to `limit` repositories whose undo period is over; return their ids."""
    before = clock.now() - timedelta(days=config.current().repositories.undo_days)
    ids = list(Repository.objects.filter(deleted_at__lt=before).values_list("pk", flat=True)[:limit])
    for number in ids:
        with transaction.atomic():
            Repository.objects.filter(pk=number).delete()
    return ids
