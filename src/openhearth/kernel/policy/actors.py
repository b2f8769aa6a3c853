"""Who acts: a person, one of their tokens, a deploy key, a job, the instance itself, or nobody known."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

ActorKind = Literal["anonymous", "account", "token", "deploy_key", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    """An identity together with what limits it.

    `scopes` is None where nothing limits the identity (a browser session, an SSH key); a token carries the
    set of GitHub scope names that it was given. `memo` holds what policy relations have looked up for this
    actor, so that one request asks the database once; `fresh()` gives the same identity with an empty memo.
    """

    kind: ActorKind
    account_id: int | None = None
    name: str = ""
    is_active: bool = True
    is_admin: bool = False
    scopes: frozenset[str] | None = None
    credential: str = ""
    """What the identity was proven with, for the push log: `session:…`, `token:12`, `key:7`."""
    language: str = ""
    memo: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody is known behind this actor."""
        return self.kind == "anonymous"

    @property
    def is_signed_in(self) -> bool:
        """Whether an active account stands behind this actor."""
        return self.account_id is not None and self.is_active

    def fresh(self) -> Actor:
        """Return the same identity without anything remembered, to ask again at a commit point."""
        return replace(self, memo={})


ANONYMOUS = Actor(kind="anonymous")


def anonymous(language: str = "") -> Actor:
    """Return an actor for a visitor of whom only the language is known."""
    return Actor(kind="anonymous", language=language)


def system(name: str) -> Actor:
    """Return the instance itself acting (command line, job): `name` says which part, for the logs."""
    return Actor(kind="system", name=name)
