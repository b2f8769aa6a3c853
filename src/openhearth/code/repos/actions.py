"""Every write to repositories, but for their refs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

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
from openhearth.git import refnames
from openhearth.kernel import clock, config, gates
from openhearth.kernel.errors import Fault, Invalid, invalid
from openhearth.kernel.events.emit import emit
from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import Actor
from openhearth.people.accounts import rules as account_rules
from openhearth.people.accounts.models import Account

CREATING = "repository.creating"
"""The step at which gates may refuse one more repository: a new one, or one that comes back."""


@dataclass(frozen=True, slots=True)
class CreationContext:
    """What gates get to see of a repository that is about to exist."""

    actor: Actor
    owner: Account
    name: str
    visibility: str


def create_repository(
    *,
    actor: Actor,
    owner: Account,
    name: str,
    visibility: str,
    description: str = "",
    default_branch: str = "main",
) -> Repository:
    """Make an empty repository. Raises `Invalid` with all that is wrong with it, `Denied` or `Hidden`."""
    _require_creation(actor, owner, visibility)
    faults = creation_faults(owner, name, visibility, description, default_branch)
    if faults:
        raise Invalid(*faults)
    repository = Repository(
        owner=owner,
        name=name,
        visibility=visibility,
        description=_one_line(description),
        default_branch=default_branch,
    )
    context = CreationContext(actor, owner, name, visibility)
    verdicts = gates.examine(CREATING, context)
    _refuse(owner, verdicts)
    try:
        with transaction.atomic():
            _confirm_creation(context, verdicts)
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


def _require_creation(actor: Actor, owner: Account, visibility: str) -> None:
    """Ask for the right; a token needs the wider scope for what is not public."""
    engine.require(actor, "account.create_repository", owner)
    public = visibility == Repository.Visibility.PUBLIC
    if actor.scopes is not None and not public and not engine.covers(actor.scopes, "repo"):
        raise engine.Denied(
            engine.Decision(allowed=False, action="account.create_repository", reason="scope", needs="repo")
        )


def _confirm_creation(context: CreationContext, verdicts: Sequence[gates.Verdict]) -> None:
    """Inside the transaction: lock the names, so that what gates count is what there is, and ask the gates again."""
    _lock_names(context.owner)
    _refuse(context.owner, gates.confirm(CREATING, context, verdicts))


def _lock_names(owner: Account) -> None:
    """Let one transaction at a time give or take names of an owner's repositories; always their first lock."""
    Account.objects.select_for_update(no_key=True).get(pk=owner.pk)


def _refuse(owner: Account, verdicts: Sequence[gates.Verdict]) -> None:
    """Raise `Invalid` where a gate refuses."""
    refusals = [refusal for verdict in verdicts for refusal in verdict.refusals.values()]
    if refusals:
        raise Invalid(*(Fault("owner", r.code, _gate_message(owner, r.code, r.params)) for r in refusals))


def _gate_message(owner: Account, code: str, params: Mapping[str, object]) -> str:
    if code == "repositories-limit":
        text = _(
            "Owner: %(owner)s has %(limit)s repositories, as many as this instance allows. "
            "Delete one, or ask an administrator for more."
        )
        return text % {"owner": owner.name, "limit": params.get("limit", "?")}
    return _("Owner: this instance does not allow %(owner)s one more repository (%(code)s).") % {
        "owner": owner.name,
        "code": code,
    }


def creation_faults(owner: Account, name: str, visibility: str, description: str, default_branch: str) -> list[Fault]:
    """Return all that is wrong with the values of a new repository, nothing for good ones."""
    return [
        *name_faults(owner, name),
        *_description_faults(description),
        *_visibility_faults(visibility),
        *_branch_faults(default_branch),
    ]


def name_faults(owner: Account, name: str) -> list[Fault]:
    """Return what is wrong with a new repository name, nothing for a free and good one."""
    code = rules.name_fault(name)
    if code:
        return [Fault("name", code, name_message(code, name))]
    if queries.find_repository(owner.name, name):
        return [_taken(owner, name)]
    return []


def _taken(owner: Account, name: str) -> Fault:
    text = _("Name: %(owner)s has a repository “%(name)s” already. Choose another.")
    return Fault("name", "taken", text % {"owner": owner.name, "name": _short(name)})


def _short(text: str, most: int = 60) -> str:
    """Return a refused value as a message shows it: not endless, nothing unseen in it."""
    shown = "".join(c if c.isprintable() and not account_rules.unseen_character(c) else "\ufffd" for c in text[:most])
    return shown + ("…" if len(text) > most else "")


def name_message(code: str, name: str, *, repair: bool = True) -> str:
    """Return what a rule code of `rules.name_fault` says; with `repair` it ends with a name that would do."""
    texts = {
        "empty": _("Name: give one, for example hello-world."),
        "too-long": _("Name: “%(name)s” is longer than %(most)d characters."),
        "dots": _("Name: “%(name)s” is only dots. Use letters or digits too."),
        "characters": _("Name: “%(name)s” may hold only letters a–z, digits, hyphens, dots and underscores."),
        "first": _("Name: “%(name)s” must not begin with a hyphen."),
        "suffix": _("Name: “%(name)s” must not end with a dot, .git, .wiki, .atom, .lock or .keys."),
    }
    text = texts[code] % {"name": _short(name), "most": rules.NAME_MAX}
    better = rules.suggest(name)
    if repair and better and code != "empty":
        text += " " + _("Use %(suggestion)s.") % {"suggestion": better}
    return text


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _description_faults(description: str) -> list[Fault]:
    if len(description) > rules.DESCRIPTION_MAX:
        text = _("Description: %(length)d characters are more than the %(most)d it may have. Shorten it.")
        values = {"length": len(description), "most": rules.DESCRIPTION_MAX}
        return [Fault("description", "too-long", text % values)]
    bad = account_rules.unseen_character(description, lines=True)
    if bad:
        text = _("Description: it holds a character that cannot be seen (%(code)s). Remove it.")
        return [Fault("description", "unseen", text % {"code": bad})]
    return []


def _branch_faults(branch: str) -> list[Fault]:
    if not branch:
        return [Fault("default_branch", "empty", _("Default branch: give its name, for example main."))]
    code = refnames.check(f"refs/heads/{branch}")
    if code or len(branch) > rules.BRANCH_MAX:
        text = _("Default branch: “%(name)s” is no name that git allows for a branch. Use one like main or dev-2.")
        return [Fault("default_branch", code or "too-long", text % {"name": _short(branch)})]
    return []


def _visibility_faults(visibility: str) -> list[Fault]:
    if visibility in Repository.Visibility.values:
        return []
    text = _("Visibility: “%(value)s” is none. Choose public, internal or private.")
    return [Fault("visibility", "unknown", text % {"value": _short(visibility)})]


def describe_repository(*, actor: Actor, repository: Repository, description: str) -> Repository:
    """Change the line that says what the repository is for."""
    engine.require(actor, "repo.describe", repository)
    faults = _description_faults(description)
    if faults:
        raise Invalid(*faults)
    return _change(actor, repository, description=_one_line(description))


def set_default_branch(
    *, actor: Actor, repository: Repository, branch: str, exists: Callable[[str], bool]
) -> Repository:
    """Choose the default branch; `exists`, asked inside the transaction, knows the branches (`code.refs` does).

    HEAD is part of what clones see, so this makes a new refs version; the push log has none of that number.
    """
    engine.require(actor, "repo.set_default_branch", repository)
    with transaction.atomic():
        row = Repository.objects.select_for_update().get(pk=repository.pk)
        if _branch_faults(branch) or not exists(branch):
            text = _("Default branch: there is no branch “%(name)s”. Choose one of the list.")
            raise invalid("default_branch", "missing", text % {"name": _short(branch)})
        if row.default_branch != branch:
            row.default_branch, row.updated_at = branch, clock.now()
            row.refs_version += 1
            row.save(update_fields=["default_branch", "refs_version", "updated_at"])
            emit(RepositoryChanged(row.pk, ("default_branch",)), actor=actor, target=row)
    repository.default_branch, repository.refs_version = row.default_branch, row.refs_version
    return repository


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
            _lock_names(repository.owner)
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
    mine = actor.account_id is not None and actor.account_id == account.pk
    engine.require(actor, "repo.leave" if mine else "repo.manage_collaborators", repository)
    with transaction.atomic():
        removed, _rows = Collaborator.objects.filter(repository=repository, account=account).delete()
        if removed:
            emit(CollaboratorChanged(repository.pk, account.pk, ""), actor=actor, target=repository)


def undo_until(deleted_at: datetime) -> datetime:
    """Return the moment after which a repository deleted at `deleted_at` is gone for good."""
    return deleted_at + timedelta(days=config.current().repositories.undo_days)


def delete_repository(*, actor: Actor, repository: Repository) -> Repository:
    """Delete it. Its owner can restore it for `repositories.undo_days`; then a job removes it for good."""
    engine.require(actor, "repo.delete", repository)
    now = clock.now()
    with transaction.atomic():
        if Repository.objects.filter(pk=repository.pk, deleted_at=None).update(deleted_at=now):
            repository.deleted_at = now
            emit(RepositoryDeleted(repository.pk, undo_until(now).isoformat()), actor=actor, target=repository)
    return repository


def restore_repository(*, actor: Actor, repository: Repository, name: str = "") -> Repository:
    """Bring a deleted repository back, under another name where one is given.

    Raises `Invalid` where its name has been taken meanwhile, or a gate refuses; `Hidden` where it is gone for good.
    """
    engine.require(actor, "repo.restore", repository)
    owner, old = repository.owner, repository.name
    wanted = name or old
    faults = name_faults(owner, wanted)
    if faults:
        raise Invalid(*faults)
    context = CreationContext(actor, owner, wanted, repository.visibility)
    verdicts = gates.examine(CREATING, context)
    _refuse(owner, verdicts)
    try:
        with transaction.atomic():
            _confirm_creation(context, verdicts)
            row = Repository.objects.select_for_update().filter(pk=repository.pk, deleted_at__isnull=False).first()
            if row is None:
                raise queries.hidden()
            row.deleted_at, row.name = None, wanted
            row.save(update_fields=["deleted_at", "name", "name_key"])
            FormerName.objects.filter(owner=owner, name_key=row.name_key).delete()
            emit(RepositoryRestored(row.pk), actor=actor, target=row)
            if wanted != old:
                emit(RepositoryRenamed(row.pk, old, wanted), actor=actor, target=row)
    except IntegrityError:
        raise Invalid(_taken(owner, wanted)) from None
    repository.deleted_at, repository.name, repository.name_key = None, row.name, row.name_key
    return repository


def abandon_repository(*, actor: Actor, repository: Repository) -> bool:
    """Take back a repository that never received anything: what should have filled it failed.

    Returns whether its row is gone, so that the caller may remove its folder. Nothing of it remains then.
    """
    engine.require(actor, "account.create_repository", repository.owner)
    with transaction.atomic():
        removed, _rows = Repository.objects.filter(pk=repository.pk, refs_version=0).delete()
    return removed > 0


def purge_deleted(*, limit: int = 20) -> list[int]:
    """Remove for good up to `limit` repositories whose undo period is over; return their ids."""
    before = clock.now() - timedelta(days=config.current().repositories.undo_days)
    due = Repository.objects.filter(deleted_at__lt=before).values_list("pk", flat=True)[:limit]
    gone = []
    for number in list(due):
        with transaction.atomic():  # asked again: it may have been restored meanwhile
            removed, _rows = Repository.objects.filter(pk=number, deleted_at__lt=before).delete()
        if removed:
            gone.append(number)
    return gone
