"""Background work on repositories."""

from __future__ import annotations

import shutil

from openhearth.code.repos import actions, queries
from openhearth.kernel.jobs.registry import job


@job("code.repos.purge", every=3600)
def purge() -> None:
    """Remove repositories whose undo period is over, rows first, then their folders."""
    for number in actions.purge_deleted():
        shutil.rmtree(queries.storage(number), ignore_errors=True)
