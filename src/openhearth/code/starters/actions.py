"""Starting a repository: made and filled in one step, or not there at all."""

from __future__ import annotations

import shutil
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext as _

from openhearth.code.refs import actions as refs
from openhearth.code.refs import queries as ref_queries
from openhearth.code.refs.rules import HEADS, ZERO, Move
from openhearth.code.repos import actions as repos
from openhearth.code.repos import queries as repo_queries
from openhearth.code.repos.models import Repository
from openhearth.code.starters import queries, rules
from openhearth.git import write
from openhearth.git.objects import Person
from openhearth.kernel import clock
from openhearth.kernel.errors import Fault, Invalid, invalid
from openhearth.kernel.policy.actors import Actor
from openhearth.people.accounts import queries as accounts
from openhearth.people.accounts.models import Account


def start_repository(
    *,
    actor: Actor,
    owner: Account,
    name: str,
    visibility: str,
    description: str = "",
    readme: bool = False,
    licence: str = "",
    gitignore: str = "",
    default_branch: str = "main",
) -> Repository:
    """Make a repository with a first commit of the chosen files; an empty one where none is chosen.

    `licence` is a name of `rules.LICENCES`, `gitignore` a key of `rules.IGNORED`, each may be empty. The actor is the
    author. Raises `Invalid` with all that is wrong, `Denied` or `Hidden`; nothing is left behind then.
    """
    faults = [*repos.creation_faults(owner, name, visibility, description, default_branch)]
    faults += _choice_faults(licence, gitignore)
    if faults:
        raise Invalid(*faults)
    author = _author(actor, owner)
    files: dict[str, write.Content] = {}
    if readme:
        files["README.md"] = rules.readme(name, " ".join(description.split())).encode()
    if licence:
        files |= queries.licence_files(licence, year=author.when.year, holder=author.name)
    if gitignore:
        files[".gitignore"] = queries.ignore_list(gitignore).encode()
    repository = repos.create_repository(
        actor=actor,
        owner=owner,
        name=name,
        visibility=visibility,
        description=description,
        default_branch=default_branch,
    )
    if files:
        _fill(actor, repository, files, author)
    return repository


def _choice_faults(licence: str, gitignore: str) -> list[Fault]:
    faults = []
    if licence and licence not in rules.LICENCES:
        text = _("Licence: there is none of this name to begin with. Choose one of the list, or none.")
        faults.append(Fault("licence", "unknown", text))
    if gitignore and gitignore not in rules.IGNORED:
        text = _(".gitignore: there is no list of this name. Choose one of those offered, or none.")
        faults.append(Fault("gitignore", "unknown", text))
    return faults


def _author(actor: Actor, owner: Account) -> Person:
    """Return who signs the first commit: the actor, the owner where the instance itself acts."""
    number = actor.account_id or owner.pk
    account = accounts.accounts_by_id([number]).get(number, owner)
    shown = account.shown_name
    readable = shown if any(letter.isalnum() for letter in shown) else account.name
    return Person(name=readable, email=accounts.commit_address(account), when=_now_of(account))


def _now_of(account: Account) -> datetime:
    try:
        return clock.now().astimezone(ZoneInfo(account.time_zone or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        return clock.now()


def _fill(actor: Actor, repository: Repository, files: dict[str, write.Content], author: Person) -> None:
    """Push the first commit; where that fails, take the repository back."""
    try:
        _push(actor, repository, files, author)
    except BaseException:
        if repos.abandon_repository(actor=actor, repository=repository):
            shutil.rmtree(repo_queries.storage(repository), ignore_errors=True)
        raise
    repository.refresh_from_db()


def _push(actor: Actor, repository: Repository, files: dict[str, write.Content], author: Person) -> None:
    directory = ref_queries.prepared_storage(repository)
    message = _("Initial commit")
    quarantine, oid = write.commit_files(directory, files=files, parents=(), author=author, message=message)
    ref = HEADS + repository.default_branch
    outcome = refs.apply_push(actor=actor, repository=repository, moves=[Move(ref, ZERO, oid)], quarantine=quarantine)
    refusal = outcome.results[ref]
    if refusal is None:
        return
    if refusal.code == "quota":
        text = _("Begin with: the files are larger than the %(limit)s bytes that a repository may hold here.")
        raise invalid("", "quota", text % {"limit": refusal.params.get("limit", "?")})
    text = _("Begin with: the first commit was refused (%(code)s). Begin with nothing, then push.")
    raise invalid("", refusal.code, text % {"code": refusal.code})
