"""Folding keeps every object, reachable or not; packs go only when nothing is lost."""

from collections import Counter
from pathlib import Path

import pytest

from openhearth.git import command, maintenance, store
from openhearth.git.errors import GitError
from openhearth.git.packfile import PackInfo
from openhearth.git.tests import rawpush
from openhearth.git.tests.rawpush import commit, oid_of, pack, push, tree, whole


async def filled(tmp_path: Path, count: int) -> tuple[Path, list[str]]:
    """A repository with one pack per commit, and the ids of the commits."""
    repo = rawpush.repository(tmp_path)
    made: list[str] = []
    for n in range(count):
        blob = b"file %d\n" % n
        root = tree(("100644", oid_of("blob", blob), b"a"))
        data = commit(oid_of("tree", root), *made[-1:])
        rows = [whole("blob", blob), whole("tree", root), whole("commit", data)]
        tip = oid_of("commit", data)
        (await push(repo, {"refs/heads/main": tip}, pack(rows), tips=made[-1:])).publish()
        made.append(tip)
    return repo, made


def objects(repo: Path) -> set[bytes]:
    out = command.run(repo, "cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype)")
    return set(out.splitlines())


async def test_fold_some(tmp_path: Path) -> None:
    repo, _ = await filled(tmp_path, 6)
    before = objects(repo)
    names = [p.name for p in store.packs(repo)][:4]
    folded = maintenance.fold(repo, names)
    assert folded.replaced == tuple(names)
    assert folded.made[0].objects == 12
    assert len(store.packs(repo)) == 7
    maintenance.remove_packs(repo, folded.replaced)
    maintenance.remove_packs(repo, folded.replaced)
    assert len(store.packs(repo)) == 3
    assert objects(repo) == before


async def test_fold_all_keeps_the_unreachable_apart(tmp_path: Path) -> None:
    repo, made = await filled(tmp_path, 6)
    before = objects(repo)
    folded = maintenance.fold_all(repo, [made[3]])
    assert sorted(pack.objects for pack in folded.made) == [6, 12]
    maintenance.remove_packs(repo, folded.replaced)
    assert objects(repo) == before
    assert len(list((repo / "objects" / "pack").glob("*.bitmap"))) == 1
    command.run(repo, "rev-list", "--test-bitmap", made[3])
    assert maintenance.fold_all(repo, [made[3]]).replaced == ()
    again = maintenance.fold_all(repo, made)
    maintenance.remove_packs(repo, again.replaced)
    assert [pack.objects for pack in store.packs(repo)] == [18]
    command.run(repo, "fsck", "--strict", "--full")


async def test_a_needed_pack_stays(tmp_path: Path) -> None:
    repo, _ = await filled(tmp_path, 3)
    before = objects(repo)
    names = [p.name for p in store.packs(repo)]
    with pytest.raises(GitError) as caught:
        maintenance.remove_packs(repo, names[:1])
    assert caught.value.code == "pack-still-needed"
    assert objects(repo) == before


async def test_commit_graph_grows(tmp_path: Path) -> None:
    repo, made = await filled(tmp_path, 4)
    maintenance.write_commit_graph(repo, made[:3])
    chain = repo / "objects" / "info" / "commit-graphs" / "commit-graph-chain"
    assert chain.exists()
    (chain.parent / "commit-graph-chain.lock").touch()
    maintenance.write_commit_graph(repo, made[3:])
    command.run(repo, "commit-graph", "verify")
    maintenance.write_commit_graph(repo, [])


def test_choice_is_geometric() -> None:
    def sizes(*counts: int) -> list[int]:
        packs = [PackInfo(f"pack-{at:040}", count, 1) for at, count in enumerate(counts)]
        chosen = Counter(maintenance.choose(packs))
        return sorted(pack.objects for pack in packs if pack.name in chosen)

    assert sizes() == []
    assert sizes(5) == []
    assert sizes(1, 2, 4, 8) == []
    assert sizes(3, 3, 1000) == [3, 3]
    assert sizes(3, 3, 7, 1000) == [3, 3, 7]
    assert sizes(*[3] * 40, 100_000) == [3] * 40
    assert sizes(10, 11) == [10, 11]
