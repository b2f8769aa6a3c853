"""The limits and the memory of fetches, from kernel parts to the plumbing's form."""

from __future__ import annotations

from openhearth.code.refs import queries as refs
from openhearth.code.repos.models import Repository
from openhearth.git.fetch import FetchLimits
from openhearth.git.wants import WantStore
from openhearth.kernel import config


def fetch_limits() -> FetchLimits:
    """Return the configured limits of one fetch."""
    limits = config.current().limits
    return FetchLimits(seconds=limits.git_seconds, memory_bytes=limits.git_memory)


def store_for(repository: Repository) -> WantStore:
    """Return where answers about a repository's objects are kept."""
    return refs.want_store(repository)
