"""Background work on activity: what needs git or is told of by events."""

from __future__ import annotations

from openhearth.code.refs import queries as refs
from openhearth.code.refs.events import RefsPushed
from openhearth.code.repos import queries as repos
from openhearth.code.repos.models import Repository
from openhearth.git import log
from openhearth.git.errors import GitError
from openhearth.kernel.events import stored
from openhearth.kernel.events.models import EventRow
from openhearth.kernel.jobs.registry import job
from openhearth.reach.feeds import actions
from openhearth.reach.feeds.models import Activity
from openhearth.reach.feeds.rules import ZERO, Move


@job("reach.feeds.record_event")
def record_event(event_id: int) -> None:
    """Keep something that happened to a repository for people to read."""
    actions.record_event(EventRow.objects.get(pk=event_id))


@job("reach.feeds.count_commits", long=True)
def count_commits(event_id: int) -> None:
    """Count the commits of a push for its line in the feeds."""
    fact = stored.load(RefsPushed, event_id).fact
    repository = Repository.objects.filter(pk=fact.repository_id).first()
    if repository is None:
        return
    source = actions.push_source(repository, fact.version)
    activity = Activity.objects.filter(source=source).first()
    if activity is not None:
        actions.record_counts(activity=activity, count=lambda move: _count(repository, move))


def _count(repository: Repository, move: Move) -> tuple[int, int] | None:
    """Compare with what the branch was; a new branch with the default one; the first one has all commits new."""
    directory = repos.storage(repository)
    main = refs.HEADS + repository.default_branch
    base = move.old if move.old != ZERO else ""
    if not base and move.ref != main:
        base = next((ref.oid for ref in refs.current_view(repository).refs if ref.name == main), "")
    try:
        if not base:
            return log.count(directory, move.new), 0
        return log.ahead_behind(directory, base, [move.new])[move.new]
    except GitError:
        return None  # rewritten or pruned meanwhile: the line stands without a figure
