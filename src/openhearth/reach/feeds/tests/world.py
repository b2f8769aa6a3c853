"""Real pushes for tests: objects by real git, refs through the one way in."""

from __future__ import annotations

from typing import Any

from openhearth.code.refs.actions import PushOutcome, apply_push
from openhearth.code.refs.rules import ZERO, Move
from openhearth.code.repos import queries as repos
from openhearth.code.repos.models import Repository
from openhearth.git.receive import Quarantine
from openhearth.git.tests.sample import Sample
from openhearth.people.accounts.models import Account
from openhearth.people.accounts.queries import actor_of


class Place:
    """A repository with a folder; `push` moves refs as its owner or somebody else."""

    def __init__(self, owner: Account, name: str = "riverbed", visibility: str = "public") -> None:
        self.owner = owner
        self.row = Repository.objects.create(owner=owner, name=name, visibility=visibility)
        directory = repos.storage(self.row)
        directory.parent.mkdir(parents=True, exist_ok=True)
        self.sample = Sample(directory)

    def commit(self, files: dict[str, Any], *parents: str) -> str:
        oid: str = self.sample.commit(files, *parents)
        return oid

    def push(self, *moves: tuple[str, str, str], by: Account | None = None, atomic: bool = False) -> PushOutcome:
        """Each move is (ref, old, new); "" stands for none."""
        return apply_push(
            actor=actor_of(by or self.owner),
            repository=self.row,
            moves=[Move(ref, old or ZERO, new or ZERO) for ref, old, new in moves],
            quarantine=Quarantine.empty(repos.storage(self.row)),
            atomic=atomic,
        )
