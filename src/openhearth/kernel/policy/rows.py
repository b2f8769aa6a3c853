"""The grammar of rights: rows, relations, conditions, kinds of target. Data only; `engine` judges."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, Q

from openhearth.kernel.policy.actors import Actor


@dataclass(frozen=True, slots=True)
class Row:
    """One right: `action` is open to whoever stands in one of the relations named in `grants` (joined by `|`).

    `scope` is what a token must carry for it, `public_scope` the weaker one that suffices where the target is
    public ("" means none, None the same as `scope`). `when` names a condition on the target's state.
    `notes` says in one line, for the printed table, what the action does.
    """

    action: str
    grants: str
    notes: str
    scope: str = ""
    public_scope: str | None = None
    when: str = ""

    @property
    def relations(self) -> tuple[str, ...]:
        """The names in `grants`."""
        return tuple(part.strip() for part in self.grants.split("|"))

    def scope_for(self, *, public: bool) -> str:
        """Return the scope a token needs for this row on a public or private target."""
        return self.public_scope if public and self.public_scope is not None else self.scope


@dataclass(frozen=True, slots=True)
class Relation:
    """How an actor may stand to a target: once as a judgement, once as a filter. A property test compares them."""

    holds: Callable[[Actor, Any], bool]
    q: Callable[[Actor], Q]
    notes: str


@dataclass(frozen=True, slots=True)
class Condition:
    """A state of a target that an action needs; `reason` is the code of the refusal when it does not hold."""

    holds: Callable[[Any], bool]
    q: Q
    reason: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of target: its model, the action that tells whether an actor may know of it, its relations."""

    name: str
    model: type[Model] | None
    seen_by: str
    relations: Mapping[str, Relation] = field(default_factory=dict)
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    is_public: Callable[[Any], bool] = lambda _target: False
    public: Q = field(default_factory=lambda: Q(pk__in=[]))


EVERYONE = Relation(lambda _actor, _target: True, lambda _actor: Q(), "everyone, signed in or not")
SIGNED_IN = Relation(
    lambda actor, _target: actor.is_signed_in,
    lambda actor: Q() if actor.is_signed_in else Q(pk__in=[]),
    "every account that is not suspended",
)
INSTANCE_ADMIN = Relation(
    lambda actor, _target: actor.is_signed_in and actor.is_admin,
    lambda actor: Q() if actor.is_signed_in and actor.is_admin else Q(pk__in=[]),
    "administrators of the instance",
)
COMMON: Mapping[str, Relation] = {
    "everyone": EVERYONE,
    "signed_in": SIGNED_IN,
    "instance_admin": INSTANCE_ADMIN,
}


class Table:
    """All kinds and rows of the instance, filled by the capabilities at start."""

    def __init__(self) -> None:
        self.kinds: dict[str, Kind] = {}
        self.rows: dict[str, Row] = {}

    def add(self, kind: Kind, rows: Sequence[Row]) -> None:
        """Declare a kind with its rows. Raises ValueError for a name that is unknown or taken."""
        self.kinds[kind.name] = kind
        for row in rows:
            if row.action.split(".")[0] != kind.name:
                raise ValueError(f"{row.action} is no action of {kind.name}")
            unknown = [name for name in row.relations if name not in COMMON and name not in kind.relations]
            if unknown or (row.when and row.when not in kind.conditions):
                raise ValueError(f"{row.action} names unknown {unknown or row.when}")
            self.rows[row.action] = row
        if kind.seen_by not in self.rows:
            raise ValueError(f"{kind.name}: {kind.seen_by} is not declared")

    def row(self, action: str) -> tuple[Kind, Row]:
        """Return the kind and row of `action`. Raises KeyError for one that no capability declares."""
        row = self.rows[action]
        return self.kinds[action.split(".", maxsplit=1)[0]], row

    def relation(self, kind: Kind, name: str) -> Relation:
        """Return a relation by name, the kind's own or a common one."""
        return kind.relations.get(name) or COMMON[name]


TABLE = Table()
TABLE.add(
    Kind(name="site", model=None, seen_by="site.visit"),
    [
        Row("site.visit", "everyone", "open the public pages of the instance"),
        Row("site.act", "signed_in", "use what needs an account", scope="user"),
        Row("site.administer", "instance_admin", "administer the instance", scope="site_admin"),
    ],
)
