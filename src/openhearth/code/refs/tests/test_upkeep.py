"""Clearing away: what dead processes left goes, what somebody works on or needs stays."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from openhearth.git import maintenance, store
from openhearth.git.receive import Quarantine
from openhearth.git.tests.rawpush import abandon
from openhearth.kernel import clock, config, scratch
from openhearth.kernel.locks import held

pytestmark = pytest.mark.django_db

LONG_AGO = time.time() - 3 * 24 * 3600


@pytest.fixture
def jobs() -> Any:
    return import_module("openhearth.code.refs.jobs")


@pytest.fixture
def models() -> Any:
    return import_module("openhearth.code.refs.models")


@pytest.fixture
def filled(world: Any) -> tuple[Any, Path]:
    """A repository with three commits on three branches, and its folder."""
    repository = world.repository()
    for number in range(3):
        world.commit(repository, f"branch-{number}", f"text {number}\n")
    return repository, world.ref_queries.prepared_storage(repository)


def names(directory: Path) -> set[str]:
    return {pack.name for pack in store.packs(directory)}


def age(directory: Path, *packs: str) -> None:
    for name in packs:
        for path in (directory / "objects" / "pack").glob(f"{name}.*"):
            os.utime(path, (LONG_AGO, LONG_AGO))


def fold(models: Any, repository: Any, directory: Path) -> Any:
    """Fold everything, and let the old packs be due for removal."""
    actions = import_module("openhearth.code.refs.actions")
    folded = maintenance.fold_all(directory, import_module("openhearth.code.refs.queries").tips_of(repository.pk))
    actions.record_fold(repository.pk, folded)
    models.Pack.objects.exclude(superseded_at=None).update(superseded_at=clock.now() - timedelta(hours=2))
    return folded


def test_the_sweep_takes_what_the_dead_left_and_leaves_the_living(jobs: Any, filled: tuple[Any, Path]) -> None:
    _repository, directory = filled
    dead, living = Quarantine.create(directory), Quarantine.create(directory)
    assert dead.directory is not None
    assert living.directory is not None
    left = dead.directory
    abandon(dead)
    half = directory.parent / ".new-half"
    half.mkdir()
    young = directory.parent / ".new-young"
    young.mkdir()
    draft = directory / ".packed-refs-abc"
    draft.write_text("half")
    for path in (half, draft):
        os.utime(path, (LONG_AGO, LONG_AGO))
    jobs.sweep_leftovers()
    assert not left.exists()
    assert living.directory.exists()
    assert not half.exists()
    assert young.exists()
    assert not draft.exists()
    assert (directory / "packed-refs").exists()
    living.discard()


def test_packs_of_no_row_go_after_a_day(jobs: Any, models: Any, filled: tuple[Any, Path]) -> None:
    repository, directory = filled
    old, new, kept = sorted(names(directory))
    models.Pack.objects.filter(repository=repository, name__in=[old, new]).delete()
    models.Ref.objects.filter(repository=repository).exclude(oid__in=tips_in(directory, kept)).delete()
    half = directory / "objects" / "pack" / f"pack-{'1' * 40}.pack"
    half.write_bytes(b"PACK")
    age(directory, old, kept, half.stem)
    jobs.drop_stray_packs()
    assert names(directory) == {new, kept}
    assert not half.exists()


def tips_in(directory: Path, pack: str) -> list[str]:
    from openhearth.git.packfile import PackIndex

    with PackIndex(directory / "objects" / "pack" / f"{pack}.idx") as index:
        return [oid.hex() for oid in index.oids()]


def test_a_pack_of_no_row_that_refs_need_is_counted_again(jobs: Any, models: Any, filled: tuple[Any, Path]) -> None:
    repository, directory = filled
    before = names(directory)
    lost = min(before)
    models.Pack.objects.filter(repository=repository, name=lost).delete()
    age(directory, lost)
    jobs.drop_stray_packs()
    assert names(directory) == before
    assert models.Pack.objects.filter(repository=repository, name=lost, superseded_at=None).exists()
    repository.refresh_from_db()
    assert repository.size_bytes == sum(pack.size for pack in store.packs(directory))


@pytest.mark.parametrize("lock", ["packs_stay", "packs_settle"])
def test_nothing_is_removed_under_a_backup_or_a_push(
    jobs: Any, models: Any, filled: tuple[Any, Path], lock: str
) -> None:
    repository, directory = filled
    queries = import_module("openhearth.code.refs.queries")
    models.Pack.objects.filter(repository=repository).delete()
    models.Ref.objects.filter(repository=repository).delete()
    before = names(directory)
    age(directory, *before)
    path = queries.packs_stay() if lock == "packs_stay" else queries.packs_settle(directory)
    with held(path, shared=True):
        jobs.drop_stray_packs()
    assert names(directory) == before
    jobs.drop_stray_packs()
    assert names(directory) == set()


def test_folded_packs_go_and_their_rows_after_them(jobs: Any, models: Any, filled: tuple[Any, Path]) -> None:
    repository, directory = filled
    folded = fold(models, repository, directory)
    assert len(folded.replaced) == 3
    jobs.drop_folded_packs()
    assert names(directory) == {pack.name for pack in folded.made}
    assert models.Pack.objects.filter(repository=repository).count() == len(folded.made)


def test_a_folded_pack_that_comes_again_is_the_repositorys_again(
    jobs: Any, models: Any, world: Any, filled: tuple[Any, Path]
) -> None:
    """The same objects give a pack of the same name: its old row must not take the new pack away."""
    repository, directory = filled
    actions = import_module("openhearth.code.refs.actions")
    folded = fold(models, repository, directory)
    again = next(name for name in folded.replaced)
    row = models.Pack.objects.get(repository=repository, name=again)
    actions.record_fold(repository.pk, maintenance.Folded((world.ref_queries.pack_info(row),), ()))
    assert models.Pack.objects.get(pk=row.pk).superseded_at is None
    jobs.drop_folded_packs()
    assert again in names(directory)
    repository.refresh_from_db()
    live = models.Pack.objects.filter(repository=repository, superseded_at=None)
    assert repository.size_bytes == sum(pack.size for pack in live)


def test_a_folded_pack_that_is_needed_after_all_stays(jobs: Any, models: Any, filled: tuple[Any, Path]) -> None:
    repository, directory = filled
    before = names(directory)
    models.Pack.objects.filter(repository=repository).update(superseded_at=clock.now() - timedelta(hours=2))
    jobs.drop_folded_packs()
    assert names(directory) == before
    assert models.Pack.objects.filter(repository=repository, superseded_at=None).count() == 3


def test_a_scratch_folder_outlives_only_its_process_death(data: Path) -> None:
    paths = config.current().paths
    with scratch.folder(paths, "import") as folder:
        (folder / "x").write_text("x")
        assert scratch.sweep(paths) == []
        assert (folder / "x").exists()
    assert not list(paths.tmp.glob("scratch-*"))
    dead = paths.tmp / "scratch-import-dead"
    dead.mkdir()
    (dead / "lock").touch()
    young = paths.tmp / "scratch-import-young"
    young.mkdir()
    assert scratch.sweep(paths) == ["scratch-import-dead"]
    assert young.exists()
