"""Work after a push, so that no reader waits for what it made new."""

from __future__ import annotations

from openhearth.code.browse.queries import about, folders, places
from openhearth.code.refs.events import RefsPushed
from openhearth.code.repos import queries as repos
from openhearth.kernel.events import stored
from openhearth.kernel.jobs.registry import job
from openhearth.kernel.policy.actors import system


@job("code.browse.warm", retries=1)
def warm_pages(event_id: int) -> None:
    """Work out last commits, counts and languages of a repository whose default branch was pushed."""
    fact = stored.load(RefsPushed, event_id).fact
    repository = repos.present_repository(fact.repository_id)
    if repository is None:
        return
    code = places.open_repository(system("browse"), repository)
    place = places.start_place(code)
    if place is None or place.commit not in {new for _ref, _old, new in fact.updates}:
        return
    folders.warm(code, place.commit)
    about.count(code, place.commit)
    about.language_bytes(code, place.commit)
