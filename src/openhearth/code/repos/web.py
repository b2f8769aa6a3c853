"""Pages of repositories: settings and dangerous acts. Reading code is in `code.browse`."""

from __future__ import annotations

from typing import Any

from openhearth.code.repos import queries
from openhearth.code.repos.models import Repository
from openhearth.kernel.policy.actors import Actor
from openhearth.web.routes import Moved, register_loader


def _load(actor: Actor, arguments: dict[str, Any]) -> Repository:
    repository, moved = queries.load_repository(actor, arguments)
    if moved:
        raise Moved({"owner": repository.owner.name, "repo": repository.name})
    return repository


def register() -> None:
    """Make `load="repository"` usable in routes with `owner` and `repo`."""
    register_loader("repository", _load)
