"""Upkeep that pushes ask for (a current commit-graph, few packs), and clearing away what kills left behind."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from openhearth.code.refs import actions, queries
from openhearth.code.repos import queries as repos
from openhearth.git import leftovers, maintenance, store
from openhearth.git.errors import GitError
from openhearth.kernel import clock, config
from openhearth.kernel.jobs.registry import job
from openhearth.kernel.locks import LockTimeout, held

logger = logging.getLogger("openhearth.refs")

_AT_ONCE = 200


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
    with held(queries.packs_settle(directory), shared=True):
        if len(chosen) == len(packs):
            folded = maintenance.fold_all(directory, queries.tips_of(repository_id))
        else:
            folded = maintenance.fold(directory, chosen)
        actions.record_fold(repository_id, folded)


@job("code.refs.drop_folded", every=300, long=True)
def drop_folded_packs() -> None:
    """Remove packs whose objects another pack has held for a while; git finds the other one by itself."""

    def drop(directory: Path, repository_id: int, names: Sequence[str]) -> None:
        maintenance.remove_packs(directory, names)
        actions.forget_packs(repository_id, names)

    before = clock.now() - actions.FOLDED_KEPT
    found = queries.folded_packs(before)
    _remove(iter(found.items()), lambda number: queries.folded_packs(before, number).get(number, []), drop)


@job("code.refs.sweep", every=3600, long=True)
def sweep_leftovers() -> None:
    """Remove abandoned quarantines and half-made files of repositories: what pushes that were killed leave."""
    removed = leftovers.sweep(config.current().paths.repositories)
    if removed:
        logger.info("%d things that dead processes left in repositories were removed", len(removed))


@job("code.refs.drop_strays", every=24 * 3600, long=True)
def drop_stray_packs() -> None:
    """Remove packs on disk that no row knows: of pushes that did not reach, or did not pass, their transaction."""

    def drop(directory: Path, repository_id: int, names: Sequence[str]) -> None:
        leftovers.remove_strays(directory, names, queries.tips_of(repository_id))

    _remove(_strays(), lambda number: _strays_of(number, queries.known_packs([number])[number]), drop)


def _strays() -> Iterator[tuple[int, list[str]]]:
    """Yield (repository, names of stray packs); rows are read for many repositories at once."""
    numbers = queries.repository_numbers()
    for start in range(0, len(numbers), _AT_ONCE):
        for number, known in queries.known_packs(numbers[start : start + _AT_ONCE]).items():
            if names := _strays_of(number, known):
                yield number, names


def _strays_of(repository_id: int, known: set[str]) -> list[str]:
    return leftovers.stray_packs(repos.storage(repository_id), known, seconds=actions.STRAYS_KEPT.total_seconds())


def _remove(
    found: Iterator[tuple[int, list[str]]],
    still: Callable[[int], list[str]],
    drop: Callable[[Path, int, Sequence[str]], None],
) -> None:
    """Remove packs repository by repository, while no push puts any there and no backup copies them.

    `still` is asked again under the lock. A pack that turns out to be needed is counted as the repository's again.
    """
    for repository_id, names in found:
        directory = repos.storage(repository_id)
        if not directory.exists():
            actions.forget_packs(repository_id, names)
            continue
        try:
            with held(queries.packs_stay(), seconds=0), held(queries.packs_settle(directory), seconds=2):
                present = still(repository_id)
                if present:
                    _drop(directory, repository_id, present, drop)
        except LockTimeout:
            continue  # a backup is being written, or many push; the next run removes them


def _drop(
    directory: Path, repository_id: int, names: Sequence[str], drop: Callable[[Path, int, Sequence[str]], None]
) -> None:
    try:
        drop(directory, repository_id, names)
    except GitError as error:
        if error.code != "pack-still-needed":
            raise
        logger.exception("Packs of repository %d were to go and are needed; they stay", repository_id)
        actions.keep_packs(repository_id, [pack for pack in store.packs(directory) if pack.name in set(names)])
