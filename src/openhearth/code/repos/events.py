"""What happens to repositories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from openhearth.kernel.events.facts import Event


@dataclass(frozen=True, slots=True)
class RepositoryCreated(Event):
    """A repository exists."""

    name: ClassVar[str] = "repository.created"
    repository_id: int
    owner_id: int
    repository_name: str
    visibility: str


@dataclass(frozen=True, slots=True)
class RepositoryChanged(Event):
    """Description, default branch or visibility changed; `fields` names which."""

    name: ClassVar[str] = "repository.changed"
    repository_id: int
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RepositoryRenamed(Event):
    """A repository has another name; the old one leads to it."""

    name: ClassVar[str] = "repository.renamed"
    repository_id: int
    old_name: str
    new_name: str


@dataclass(frozen=True, slots=True)
class RepositoryArchived(Event):
    """A repository became read-only, or writable again."""

    name: ClassVar[str] = "repository.archived"
    repository_id: int
    archived: bool


@dataclass(frozen=True, slots=True)
class RepositoryDeleted(Event):
    """A repository was deleted; it can be restored until `final_at` (ISO 8601)."""

    name: ClassVar[str] = "repository.deleted"
    repository_id: int
    final_at: str


@dataclass(frozen=True, slots=True)
class RepositoryRestored(Event):
    """A deleted repository is back."""

    name: ClassVar[str] = "repository.restored"
    repository_id: int


@dataclass(frozen=True, slots=True)
class CollaboratorChanged(Event):
    """Somebody was given a role in a repository, another one, or none any more (empty)."""

    name: ClassVar[str] = "repository.collaborator_changed"
    repository_id: int
    account_id: int
    role: str
