"""Upkeep that pushes ask for: a current commit-graph, few packs."""

from __future__ import annotations

from openhearth.code.refs import actions, queries
from openhearth.code.repos import queries as repos
from openhearth.git import maintenance
from openhearth.kernel.jobs.registry import job
from openhearth.kernel.locks import LockTimeout, held


@job("code.refs.maintain", long=True)
def maintain_repository(repository_id: int) -> None:
    """Keep the commit-graph of a repository current and its packs few."""
    directory = repos.storage(repository_id)
    if not directory.exists():
        return
    maintenance.write_commit_graph(directory, queries.commit_tips(repository_id))
    packs = queries.live_packs(repository_id)
    if len(packs) <= actions.PACKS_BEFORE_FOLDING:
        return
    chosen = maintenance.choose([queries.pack_info(pack) for pack in packs])
    if len(chosen) == len(packs):
        folded = maintenance.fold_all(directory, queries.tips_of(repository_id))
    else:
        folded = maintenance.fold(directory, chosen)
    actions.record_fold(repository_id, folded)


@job("code.refs.drop_folded", every=1800, long=True)
def drop_folded_packs() -> None:
    """Remove packs whose objects another pack has held for an hour, so that no running fetch misses them."""
    try:
        with held(queries.packs_stay(), seconds=0):
            for repository_id, names in actions.take_folded_packs().items():
                directory = repos.storage(repository_id)
                if directory.exists():
                    maintenance.remove_packs(directory, names)
    except LockTimeout:
        return  # a backup is being written; the next run removes them
