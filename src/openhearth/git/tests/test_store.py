"""A repository on disk: made whole, its cached refs written as one, read back as they were."""

from pathlib import Path

import pytest

from openhearth.git import command, store
from openhearth.git.errors import GitError
from openhearth.git.tests import rawpush
from openhearth.git.tests.rawpush import commit, oid_of, pack, push, whole

TREE = oid_of("tree", b"")
COMMIT = commit(TREE)
TIP = oid_of("commit", COMMIT)
TAG = f"object {TIP}\ntype commit\ntag v1\ntagger A <a@x> 1 +0000\n\nx\n".encode()
TAG_OID = oid_of("tag", TAG)


async def filled(tmp_path: Path) -> Path:
    repo = rawpush.repository(tmp_path)
    data = pack([whole("commit", COMMIT), whole("tree", b""), whole("tag", TAG)])
    (await push(repo, {"refs/heads/main": TIP, "refs/tags/v1": TAG_OID}, data)).publish()
    return repo


def test_create(tmp_path: Path) -> None:
    assert store.storage_path(tmp_path, 300) == tmp_path / "repositories" / "2c" / "300.git"
    repo = rawpush.repository(tmp_path)
    assert command.run(repo, "rev-parse", "--is-bare-repository") == b"true\n"
    assert command.run(repo, "symbolic-ref", "HEAD") == b"refs/heads/main\n"
    assert command.run(repo, "config", "--local", "core.bigFileThreshold") == b"50m\n"
    assert command.run(repo, "config", "--local", "transfer.hideRefs") == b"refs/keep-around\n"
    assert command.run(repo, "config", "--local", "uploadpackfilter.blob:none.allow") == b"true\n"
    assert not (repo / "hooks").exists()
    assert {path.name for path in repo.parent.iterdir()} == {"7.git"}
    assert (repo.stat().st_mode & 0o777) == 0o700
    assert store.refs_version(repo) == -1
    assert store.packs(repo) == []
    with pytest.raises(FileExistsError):
        store.create(repo)


async def test_write_refs(tmp_path: Path) -> None:
    repo = await filled(tmp_path)
    refs = [("refs/tags/v1", TAG_OID, TIP), ("refs/heads/main", TIP, None), ("refs/heads/分支", TIP, None)]
    store.write_refs(repo, refs, "refs/heads/main", 3)
    assert store.refs_version(repo) == 3
    shown = command.run(repo, "show-ref", "-d", "--head").decode().splitlines()
    assert set(shown) == {
        f"{TIP} HEAD",
        f"{TIP} refs/heads/main",
        f"{TIP} refs/heads/分支",
        f"{TAG_OID} refs/tags/v1",
        f"{TIP} refs/tags/v1^{{}}",
    }
    store.write_refs(repo, [], "refs/heads/old", 2)  # late: a newer one is there
    assert store.refs_version(repo) == 3
    assert command.run(repo, "symbolic-ref", "HEAD") == b"refs/heads/main\n"
    (repo / "refs" / "heads" / "main").write_text("1" * 40 + "\n")
    store.write_refs(repo, [("refs/heads/x", TIP, None)], "refs/heads/x", 4)
    assert command.run(repo, "show-ref").decode() == f"{TIP} refs/heads/x\n"
    left = {path.name for path in repo.iterdir()}
    assert not {name for name in left if name.startswith(".")}


async def test_a_foreign_or_torn_cache_has_no_version(tmp_path: Path) -> None:
    repo = await filled(tmp_path)
    store.write_refs(repo, [("refs/heads/main", TIP, None)], "refs/heads/main", 3)
    text = (repo / "packed-refs").read_bytes()
    (repo / "packed-refs").write_bytes(text[:-5])
    assert store.refs_version(repo) == -1
    store.write_refs(repo, [("refs/heads/main", TIP, None)], "refs/heads/main", 3)
    assert store.refs_version(repo) == 3
    (repo / "packed-refs").unlink()
    assert store.refs_version(repo) == -1
    (repo / store.VERSION_FILE).write_text("nonsense")
    assert store.refs_version(repo) == -1


async def test_bad_rows_never_reach_the_disk(tmp_path: Path) -> None:
    repo = await filled(tmp_path)
    for row in (("refs/heads/a\nb", TIP, None), ("refs/heads/a", "x", None), ("HEAD", TIP, None)):
        with pytest.raises(GitError):
            store.write_refs(repo, [row], "refs/heads/main", 9)
    assert store.refs_version(repo) == -1


async def test_kinds_and_peeling(tmp_path: Path) -> None:
    repo = await filled(tmp_path)
    missing = "1" * 40
    oids = [TIP, TREE, TAG_OID, missing]
    assert store.kinds(repo, oids) == {TIP: "commit", TREE: "tree", TAG_OID: "tag", missing: None}
    assert store.peel(repo, oids) == {TIP: None, TREE: None, TAG_OID: TIP, missing: None}
    assert store.kinds(repo, []) == {}


async def test_packs(tmp_path: Path) -> None:
    repo = await filled(tmp_path)
    (found,) = store.packs(repo)
    assert found.objects == 3
    assert found.size == (repo / "objects" / "pack" / f"{found.name}.pack").stat().st_size
    (repo / "objects" / "pack" / f"pack-{'1' * 40}.idx").write_bytes(b"")
    assert store.packs(repo) == [found]
