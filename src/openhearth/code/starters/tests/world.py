"""People with roles, repositories with commits, limits: what tests of repositories begin with."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from openhearth.code.refs import actions as refs
from openhearth.code.refs import queries as ref_queries
from openhearth.code.refs.rules import HEADS, ZERO, Move
from openhearth.code.repos import actions
from openhearth.code.repos.models import Collaborator, Repository
from openhearth.code.repos.rules import Role
from openhearth.git import write
from openhearth.git.objects import Person
from openhearth.kernel import config
from openhearth.kernel.policy.actors import Actor
from openhearth.people.accounts.models import Account
from openhearth.people.accounts.queries import actor_of
from openhearth.people.accounts.tests.people import make_account

ROLES = [role.word for role in Role]


def account(name: str, **values: Any) -> Account:
    """Return the account of that name, made where there is none."""
    return Account.objects.filter(name=name).first() or make_account(name, **values)


def act(name: str, **limits: Any) -> Actor:
    """Return the actor for an account."""
    return actor_of(account(name), **limits)


def repository(name: str = "riverbed", owner: str = "linyue", visibility: str = "public", **values: Any) -> Repository:
    """Make a repository through its action."""
    made = actions.create_repository(actor=act(owner), owner=account(owner), name=name, visibility=visibility, **values)
    made.refresh_from_db()
    return made


def give(repository: Repository, name: str, role: str) -> Account:
    """Store a role directly."""
    who = account(name)
    Collaborator.objects.create(repository=repository, account=who, role=Role[role.upper()])
    return who


def commit(repository: Repository, branch: str = "main", text: str = "hello\n") -> str:
    """Push one commit as the owner to a new branch and return its id."""
    directory = ref_queries.prepared_storage(repository)
    author = Person(name="Lin Yue", email="lin@example.org", when=datetime(2026, 11, 24, tzinfo=UTC))
    quarantine, oid = write.commit_files(
        directory, files={"README.md": text.encode()}, parents=(), author=author, message="Begin"
    )
    outcome = refs.apply_push(
        actor=actor_of(repository.owner),
        repository=repository,
        moves=[Move(HEADS + branch, ZERO, oid)],
        quarantine=quarantine,
    )
    assert not any(outcome.results.values()), outcome
    repository.refresh_from_db()
    return oid


@contextlib.contextmanager
def configured(data: Path, **environ: str) -> Iterator[None]:
    """Let other settings hold: `LIMITS__REPOSITORY_BYTES="1000"`."""
    before = config.current()
    config.install(config.load(data, {f"OPENHEARTH_{name}": value for name, value in environ.items()}))
    try:
        yield
    finally:
        config.install(before)
