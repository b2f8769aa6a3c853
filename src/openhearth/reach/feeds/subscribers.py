"""What feeds want to hear of."""

from __future__ import annotations

from openhearth.code.refs.events import RefsPushed
from openhearth.code.repos.events import (
    RepositoryArchived,
    RepositoryChanged,
    RepositoryCreated,
    RepositoryRenamed,
)
from openhearth.kernel.events.subscriptions import subscribe

subscribe(RefsPushed, "reach.feeds.count_commits")
for kind in (RepositoryCreated, RepositoryChanged, RepositoryRenamed, RepositoryArchived):
    subscribe(kind, "reach.feeds.record_event")
