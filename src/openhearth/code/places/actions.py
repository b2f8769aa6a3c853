"""Every write of places."""

from __future__ import annotations

from openhearth.code.browse.queries import about, places
from openhearth.code.places.models import MainLanguage
from openhearth.code.repos.models import Repository
from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import Actor


def note_language(*, actor: Actor, repository: Repository) -> str:
    """Keep the main language of the default branch for lists; returns it, "" where none is known."""
    engine.require(actor, "repo.read", repository)
    code = places.open_repository(actor, repository)
    start = places.start_place(code)
    sizes = about.language_bytes(code, start.commit) if start else {}
    name = next(iter(sizes), "")
    if name:
        MainLanguage.objects.update_or_create(repository=repository, defaults={"name": name[:60]})
    else:
        MainLanguage.objects.filter(repository=repository).delete()
    return name
