"""What may be read: reachable from a visible ref, at any depth and of any kind; nothing else."""

from pathlib import Path

import pytest

from openhearth.git import maintenance, store
from openhearth.git.errors import GitError, Refused
from openhearth.git.tests import rawpush
from openhearth.git.tests.rawpush import commit, oid_of, pack, push, tree, whole
from openhearth.git.tests.wire import Memory
from openhearth.git.views import AdvertisedRef, RefView
from openhearth.git.wants import NoStore, check, key_of, unreachable

OLD, NEW, SECRET = b"old\n", b"new\n", b"CNRY\n"


def _tree(blob: bytes) -> bytes:
    inner = tree(("100644", oid_of("blob", blob), b"file"))
    return tree(("40000", oid_of("tree", inner), b"dir"))


def _rows(blob: bytes, *parents: str) -> tuple[str, list[bytes]]:
    inner, outer = tree(("100644", oid_of("blob", blob), b"file")), _tree(blob)
    data = commit(oid_of("tree", outer), *parents)
    return oid_of("commit", data), [
        whole("commit", data),
        whole("tree", outer),
        whole("tree", inner),
        whole("blob", blob),
    ]


class World:
    """Two visible commits with an annotated tag on the first, and one hidden commit."""

    def __init__(self, repo: Path) -> None:
        self.repo = repo
        self.first, rows = _rows(OLD)
        self.second, more = _rows(NEW, self.first)
        self.secret, hidden = _rows(SECRET, self.second)
        inner = f"object {self.first}\ntype commit\ntag inner\ntagger A <a@x> 1 +0000\n\nx\n".encode()
        self.inner = oid_of("tag", inner)
        outer = f"object {self.inner}\ntype tag\ntag outer\ntagger A <a@x> 1 +0000\n\nx\n".encode()
        self.outer = oid_of("tag", outer)
        self.packs = [pack([*rows, *more, whole("tag", inner), whole("tag", outer)]), pack(hidden)]

    async def fill(self) -> None:
        refs = {"refs/heads/main": self.second, "refs/tags/outer": self.outer}
        (await push(self.repo, refs, self.packs[0])).publish()
        secret = await push(self.repo, {"refs/heads/x": self.secret}, self.packs[1], tips=[self.second])
        secret.publish()

    def view(self) -> RefView:
        refs = (
            AdvertisedRef("refs/heads/main", self.second),
            AdvertisedRef("refs/tags/outer", self.outer, self.first),
        )
        return RefView(refs, "refs/heads/main", 5)

    def readable(self) -> list[str]:
        blobs = [oid_of("blob", blob) for blob in (OLD, NEW)]
        trees = [oid_of("tree", _tree(blob)) for blob in (OLD, NEW)]
        return [self.first, self.second, self.inner, self.outer, *blobs, *trees]

    def hidden(self) -> list[str]:
        return [self.secret, oid_of("blob", SECRET), oid_of("tree", _tree(SECRET)), "7" * 40]


@pytest.fixture(params=["plain", "bitmap", "graph"])
async def world(tmp_path: Path, request: pytest.FixtureRequest) -> World:
    world = World(rawpush.repository(tmp_path))
    await world.fill()
    if request.param == "bitmap":
        folded = maintenance.fold_all(world.repo, [world.second, world.outer])
        maintenance.remove_packs(world.repo, folded.replaced)
    if request.param == "graph":
        maintenance.write_commit_graph(world.repo, [world.second, world.secret])
    return world


async def test_reachable_objects_pass(world: World) -> None:
    for oid in world.readable():
        await check(world.repo, world.view(), [oid], NoStore())
    await check(world.repo, world.view(), world.readable(), NoStore())


async def test_everything_else_is_refused_alike(world: World) -> None:
    for oid in world.hidden():
        for others in ([], world.readable()):
            with pytest.raises(Refused) as caught:
                await check(world.repo, world.view(), [*others, oid], NoStore())
            assert caught.value.code == "not-our-ref"
            assert caught.value.params == {"oid": oid}
    tips = [world.second, world.outer]
    everything = [*world.readable(), *world.hidden()]
    assert await unreachable(world.repo, everything, tips) == set(world.hidden())
    assert await unreachable(world.repo, everything, []) == set(everything)


async def test_answers_are_kept_for_one_set_of_refs(world: World) -> None:
    known = Memory()
    await check(world.repo, world.view(), [world.second], known)
    assert not known.asked
    blob = oid_of("blob", OLD)
    await check(world.repo, world.view(), [blob], known)
    for _ in range(2):
        with pytest.raises(Refused):
            await check(world.repo, world.view(), [world.secret], known)
    assert set(known.answers.values()) == {True, False}
    other = RefView((AdvertisedRef("refs/heads/x", world.secret),), None, 5)
    assert key_of(other) != key_of(world.view())
    await check(world.repo, other, [world.second], known)


async def test_objects_of_a_parent_are_not_the_forks(tmp_path: Path) -> None:
    world = World(rawpush.repository(tmp_path))
    await world.fill()
    fork = store.storage_path(tmp_path, 8)
    store.create(fork)
    (fork / "objects" / "info" / "alternates").write_text(f"{world.repo / 'objects'}\n")
    view = RefView((AdvertisedRef("refs/heads/main", world.first),), "refs/heads/main", 1)
    await check(fork, view, [oid_of("blob", OLD)], NoStore())
    for oid in (world.second, world.secret, oid_of("blob", SECRET)):
        with pytest.raises(Refused):
            await check(fork, view, [oid], NoStore())
        with pytest.raises(Refused):
            await push(fork, {"refs/tags/x": oid}, pack([]), tips=[world.first])


async def test_a_damaged_store_is_an_error(tmp_path: Path) -> None:
    world = World(rawpush.repository(tmp_path))
    await world.fill()
    view = RefView((AdvertisedRef("refs/heads/main", "8" * 40),), "refs/heads/main", 1)
    with pytest.raises(GitError) as caught:
        await check(world.repo, view, [world.first], NoStore())
    assert not isinstance(caught.value, Refused)
