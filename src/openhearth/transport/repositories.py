"""From an address that a git client names to the repository it may use. Blocking: run it in a thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from openhearth.code.refs import queries as refs
from openhearth.code.repos import actions, queries
from openhearth.code.repos.models import Repository
from openhearth.git.views import RefView
from openhearth.kernel import config
from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import Actor
from openhearth.people.accounts import queries as accounts
from openhearth.people.accounts import rules as account_rules
from openhearth.people.accounts.models import Account


@dataclass(frozen=True, slots=True)
class Opened:
    """A repository as one actor may use it; `moved` when it was named by a former address."""

    repository: Repository
    directory: Path
    view: RefView
    moved: bool = False


EMPTY = RefView(refs=(), head="refs/heads/main", version=0)
"""What a repository looks like that the first push will make."""


def open_for_fetch(actor: Actor, owner: str, name: str) -> Opened:
    """Return the repository to fetch from. Raises `Hidden`."""
    repository, moved = queries.locate(actor, owner, name)
    view = refs.ref_view(actor, repository)
    return Opened(repository, refs.prepared_storage(repository), view, moved)


def open_for_push(actor: Actor, owner: str, name: str, *, create: bool) -> Opened | None:
    """Return the repository to push to. Raises `Hidden`, `Denied`, or `Invalid` where a new one breaks a limit.

    One that does not exist yet can be pushed to by the account it would belong to, where the configuration
    says so: None, or with `create` the new repository, which is private.
    """
    try:
        repository, moved = queries.locate(actor, owner, name)
    except engine.Hidden:
        account = _may_create(actor, owner, name)
        if not create:
            return None
        repository, moved = _create(actor, account, name), False
    engine.require(actor, "repo.push", repository)
    view = refs.ref_view(actor, repository)
    return Opened(repository, refs.prepared_storage(repository), view, moved)


def _may_create(actor: Actor, owner: str, name: str) -> Account:
    """Return the account for which a push may make a repository of this name. Raises `Hidden`."""
    mine = actor.account_id is not None and account_rules.name_key(owner) == account_rules.name_key(actor.name)
    account = accounts.find_account(owner) if mine and config.current().repositories.create_by_push else None
    if account is None or actions.name_faults(account, name):
        raise queries.hidden()
    if not engine.decide(actor, "account.create_repository", account).allowed:
        raise queries.hidden()
    return account


def _create(actor: Actor, account: Account, name: str) -> Repository:
    try:
        return actions.create_repository(
            actor=actor,
            owner=account,
            name=name,
            visibility="private",
            default_branch=config.current().repositories.default_branch,
        )
    except engine.NotAllowed:
        raise queries.hidden() from None
