"""Background work of places."""

from __future__ import annotations

from openhearth.code.places import actions
from openhearth.code.refs.events import RefsPushed
from openhearth.code.refs.queries import HEADS
from openhearth.code.repos.models import Repository
from openhearth.kernel.events import stored
from openhearth.kernel.jobs.registry import job
from openhearth.kernel.policy.actors import system


@job("code.places.note_language", long=True)
def note_language(event_id: int) -> None:
    """Find the main language of a repository whose default branch was pushed."""
    fact = stored.load(RefsPushed, event_id).fact
    repository = Repository.objects.select_related("owner").filter(pk=fact.repository_id).first()
    if repository is None:
        return
    if any(ref == HEADS + repository.default_branch for ref, _old, _new in fact.updates):
        actions.note_language(actor=system("places"), repository=repository)
