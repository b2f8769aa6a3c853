"""Receiving: honest pushes are taken whole, hostile ones are refused by name and leave nothing behind."""

import hashlib
import struct
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from openhearth.git import store
from openhearth.git.errors import GitError, Refused, TooLarge
from openhearth.git.pktline import FLUSH, PktReader, packet
from openhearth.git.receive import (
    PushRequest,
    Quarantine,
    ReceiveLimits,
    answer,
    is_fast_forward,
    read_push_request,
    refusal,
    report,
    sweep,
)
from openhearth.git.tests import rawpush
from openhearth.git.tests.rawpush import (
    ZERO,
    Bytes,
    commit,
    delta,
    oid_of,
    pack,
    push,
    ref_delta,
    tree,
    whole,
)
from openhearth.git.tests.sample import Sample

HI = b"hi\n"
HI_OID = oid_of("blob", HI)
MAIN = "refs/heads/main"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return rawpush.repository(tmp_path)


def clean(repo: Path) -> bool:
    """Whether a refused push left no file behind."""
    return not list((repo / "objects").glob("incoming-*")) and not list((repo / "objects" / "pack").iterdir())


def one_commit(root: bytes, *more: bytes, **kwargs: str) -> tuple[str, bytes]:
    """A pack with a root tree, one commit on it, and more packed objects."""
    data = commit(oid_of("tree", root), **kwargs)
    return oid_of("commit", data), pack([whole("commit", data), whole("tree", root), *more])


async def start(repo: Path, **files: bytes) -> str:
    """Push a first commit with these files and return its id."""
    rows = sorted((name.encode(), data) for name, data in files.items())
    root = tree(*(("100644", oid_of("blob", data), name) for name, data in rows))
    oid, data = one_commit(root, *{whole("blob", blob) for _name, blob in rows})
    (await push(repo, {MAIN: oid}, data)).publish()
    return oid


async def test_a_push_is_published_whole(repo: Path) -> None:
    oid, data = one_commit(tree(("100644", HI_OID, b"a")), whole("blob", HI))
    quarantine = await push(repo, {MAIN: oid}, data)
    assert not store.packs(repo)
    assert store.kinds(repo, [oid]) == {oid: None}
    assert store.kinds(repo, [oid], quarantine=quarantine.directory) == {oid: "commit"}
    (made,) = quarantine.publish()
    assert quarantine.publish() == (made,)
    assert store.packs(repo) == [made]
    assert made.objects == 3
    assert store.kinds(repo, [oid]) == {oid: "commit"}
    assert not list((repo / "objects").glob("incoming-*"))
    assert {path.suffix for path in (repo / "objects" / "pack").iterdir()} == {".pack", ".idx", ".rev"}


def _hostile(name: bytes, mode: str = "100644") -> bytes:
    return tree((mode, HI_OID, name))


@pytest.mark.parametrize(
    ("root", "check"),
    [
        (_hostile(b".git"), "hasDotgit"),
        (_hostile(b".GIT"), "hasDotgit"),
        (_hostile(b".g\xe2\x80\x8cit"), "hasDotgit"),
        (_hostile(b"git~1"), "hasDotgit"),
        (_hostile(b".git\\x"), "hasDotgit"),
        (_hostile(b".."), "hasDotdot"),
        (_hostile(b"."), "hasDot"),
        (_hostile(b"a/b"), "fullPathname"),
        (_hostile(b""), "badTree"),
        (tree(("100644", HI_OID, b"a"), ("100644", HI_OID, b"a")), "duplicateEntries"),
        (tree(("100644", HI_OID, b"b"), ("100644", HI_OID, b"a")), "treeNotSorted"),
        (_hostile(b".gitmodules", "120000"), "gitmodulesSymlink"),
        (_hostile(b".GITMODULES", "120000"), "gitmodulesSymlink"),
        (_hostile(b"gitmod~1", "120000"), "gitmodulesSymlink"),
    ],
)
async def test_hostile_trees_are_refused(repo: Path, root: bytes, check: str) -> None:
    oid, data = one_commit(root, whole("blob", HI))
    with pytest.raises(Refused) as caught:
        await push(repo, {MAIN: oid}, data)
    assert caught.value.code == "fsck"
    assert caught.value.params["check"] == check
    assert caught.value.params["oid"] in {oid_of("tree", root), HI_OID}
    assert clean(repo)


@pytest.mark.parametrize(
    ("text", "check"),
    [
        (b'[submodule "../../x"]\n\tpath = x\n\turl = https://example.org/x\n', "gitmodulesName"),
        (b'[submodule "x"]\n\tpath = x\n\turl = -u./payload\n', "gitmodulesUrl"),
        (b'[submodule "x"]\n\tpath = -x\n\turl = https://example.org/x\n', "gitmodulesPath"),
        (b'[submodule "x"]\n\tpath = x\n\turl = x\n\tupdate = !id\n', "gitmodulesUpdate"),
    ],
)
async def test_hostile_gitmodules_are_refused(repo: Path, text: bytes, check: str) -> None:
    root = tree(("100644", oid_of("blob", text), b".gitmodules"))
    oid, data = one_commit(root, whole("blob", text))
    with pytest.raises(Refused) as caught:
        await push(repo, {MAIN: oid}, data)
    assert caught.value.params["check"] == check
    # The same file under a harmless name, then named .gitmodules by a later push that does not send it.
    plain = tree(("100644", oid_of("blob", text), b"notes"))
    first, data = one_commit(plain, whole("blob", text))
    (await push(repo, {MAIN: first}, data)).publish()
    data = pack([whole("tree", root), whole("commit", commit(oid_of("tree", root), first))])
    with pytest.raises(Refused) as caught:
        await push(
            repo,
            {"refs/heads/b": oid_of("commit", commit(oid_of("tree", root), first))},
            data,
            tips=[first],
        )
    assert caught.value.params["check"] == check


@pytest.mark.parametrize(
    ("root", "author", "check"),
    [
        (tree(("040000", oid_of("tree", b""), b"d")), "A <a@x> 1 +0000", "zeroPaddedFilemode"),
        (tree(("100644", HI_OID, b"a")), "A <a@x>1 +0000", "missingSpaceBeforeDate"),
        (tree(("100644", HI_OID, b"a")), "A <a@x> 1 +51800", "badTimezone"),
        (tree(("100644", HI_OID, b"a")), "A a@x 1 +0000", "missingEmail"),
    ],
)
async def test_old_faults_are_taken_and_noted(repo: Path, root: bytes, author: str, check: str) -> None:
    oid, data = one_commit(root, whole("blob", HI), whole("tree", b""), author=author)
    quarantine = await push(repo, {MAIN: oid}, data)
    with quarantine:
        assert [note.split()[0] for note in quarantine.notes] == [check]


async def test_symlinks_and_odd_names_are_content(repo: Path) -> None:
    link = b"/etc/passwd"
    root = tree(("100644", HI_OID, b"a\nb"), ("120000", oid_of("blob", link), b"x"))
    oid, data = one_commit(root, whole("blob", HI), whole("blob", link))
    (await push(repo, {MAIN: oid}, data)).publish()


def _cycle() -> bytes:
    one, two = oid_of("blob", b"one"), oid_of("blob", b"two")
    return pack([ref_delta(one, delta(3, copy=3)), ref_delta(two, delta(3, copy=3))])


def _wrong_trailer() -> bytes:
    data = pack([whole("blob", HI)])
    return data[:-1] + bytes([data[-1] ^ 1])


def _damaged() -> bytes:
    data = bytearray(pack([whole("blob", HI * 100)]))
    data[20] ^= 0xFF
    return bytes(data[:-20] + hashlib.sha1(data[:-20], usedforsecurity=False).digest())


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "pack-missing"),
        (b"PACK\0\0", "pack-truncated"),
        (b"NOPE" + b"\0" * 40, "bad-pack"),
        (b"PACK" + struct.pack(">II", 9, 1) + b"\0" * 40, "bad-pack"),
        (pack([]), "object-missing"),
        (pack([])[:-1] + b"\0", "bad-pack"),
        (pack([])[:-3], "pack-truncated"),
        (pack([whole("blob", HI)], count=2**31), "too-many-objects"),
        (pack([whole("blob", HI)], count=5), "pack-truncated"),
        (pack([whole("blob", HI)])[:-22], "pack-truncated"),
        (_wrong_trailer(), "bad-pack"),
        (_damaged(), "bad-pack"),
        (_cycle(), "delta-base-missing"),
        (pack([ref_delta("1" * 40, delta(3, copy=3))]), "delta-base-missing"),
        (pack([whole("blob", HI)]), "object-missing"),
    ],
)
async def test_broken_packs_are_refused(repo: Path, data: bytes, code: str) -> None:
    with pytest.raises(GitError) as caught:
        await push(repo, {MAIN: "2" * 40}, data)
    assert caught.value.code == code
    assert clean(repo)


async def test_a_missing_link_is_refused(repo: Path) -> None:
    data = commit("3" * 40)
    with pytest.raises(Refused) as caught:
        await push(repo, {MAIN: oid_of("commit", data)}, pack([whole("commit", data)]))
    assert caught.value.code == "object-missing"
    assert caught.value.params["oid"] == "3" * 40
    root = tree(("100644", "4" * 40, b"a"))
    oid, packed = one_commit(root)
    with pytest.raises(Refused) as caught:
        await push(repo, {MAIN: oid}, packed, shallow=["5" * 40])
    assert caught.value.code == "shallow-update"
    assert clean(repo)


def _chain(length: int) -> tuple[str, bytes]:
    """A pack whose one file is the end of a chain of deltas, the chain's end first."""
    blob = b"start"
    rows = [whole("blob", blob)]
    for n in range(length):
        base, blob = blob, b"%d" % n
        rows.append(ref_delta(oid_of("blob", base), delta(len(base), copy=0, add=blob)))
    root = tree(("100644", oid_of("blob", blob), b"a"))
    data = commit(oid_of("tree", root))
    return oid_of("commit", data), pack([*reversed(rows), whole("tree", root), whole("commit", data)])


async def test_delta_chains_are_capped(repo: Path) -> None:
    oid, data = _chain(10_000)
    started = time.monotonic()
    with pytest.raises(TooLarge) as caught:
        await push(repo, {MAIN: oid}, data, limits=ReceiveLimits(memory_bytes=256 << 20))
    assert caught.value.code == "delta-too-deep"
    assert caught.value.params["depth"] == 10_000
    assert time.monotonic() - started < 60
    assert clean(repo)
    oid, data = _chain(50)
    (await push(repo, {MAIN: oid}, data)).publish()


async def test_sizes_are_capped(repo: Path) -> None:
    blob = b"\0" * 3_000_000
    root = tree(("100644", oid_of("blob", blob), b"a"))
    oid, data = one_commit(root, whole("blob", blob))
    with pytest.raises(TooLarge) as caught:
        await push(repo, {MAIN: oid}, data, limits=ReceiveLimits(blob_bytes=2_000_000))
    assert caught.value.params["oid"] == oid_of("blob", blob)
    noise = hashlib.shake_128(b"x").digest(500_000)
    root = tree(("100644", oid_of("blob", noise), b"a"))
    oid, data = one_commit(root, whole("blob", noise))
    with pytest.raises(TooLarge) as caught:
        await push(repo, {MAIN: oid}, data, limits=ReceiveLimits(pack_bytes=100_000))
    assert caught.value.code == "pack-too-large"
    with pytest.raises(TooLarge) as caught:
        await push(repo, {MAIN: oid}, data, limits=ReceiveLimits(objects=2))
    assert caught.value.code == "too-many-objects"
    assert clean(repo)


async def test_branches_hold_commits(repo: Path) -> None:
    data = pack([whole("blob", HI)])
    with pytest.raises(Refused) as caught:
        await push(repo, {MAIN: HI_OID}, data)
    assert caught.value.code == "not-a-commit"
    assert caught.value.params == {"ref": MAIN, "oid": HI_OID, "kind": "blob"}
    (await push(repo, {"refs/tags/key": HI_OID}, data)).publish()
    with pytest.raises(Refused) as caught:
        await push(repo, {MAIN: HI_OID}, pack([]), tips=[HI_OID])
    assert caught.value.code == "not-a-commit"


class TestNothingIsDugOut:
    """A ref cannot be used to read an object of the store that the pusher may not see."""

    SECRET = b"CNRY-secret " * 40

    @pytest.fixture
    async def hidden(self, repo: Path) -> tuple[str, str]:
        """A visible commit, and the id of one that no visible ref reaches."""
        visible = await start(repo, a=HI)
        secret = await start(repo, s=self.SECRET)
        return visible, secret

    async def test_by_naming_a_commit(self, repo: Path, hidden: tuple[str, str]) -> None:
        visible, secret = hidden
        with pytest.raises(Refused) as caught:
            await push(repo, {MAIN: secret}, pack([]), tips=[visible])
        assert caught.value.code == "object-unreachable"
        (await push(repo, {MAIN: secret}, pack([]), tips=[visible, secret])).publish()

    async def test_by_a_tag_on_its_blob(self, repo: Path, hidden: tuple[str, str]) -> None:
        blob = oid_of("blob", self.SECRET)
        with pytest.raises(Refused) as caught:
            await push(repo, {"refs/tags/x": blob}, pack([]), tips=[hidden[0]])
        assert caught.value.code == "object-unreachable"
        (await push(repo, {"refs/tags/x": HI_OID}, pack([]), tips=[hidden[0]])).publish()

    async def test_by_a_tree_around_its_blob(self, repo: Path, hidden: tuple[str, str]) -> None:
        oid, data = one_commit(tree(("100644", oid_of("blob", self.SECRET), b"loot")))
        with pytest.raises(Refused) as caught:
            await push(repo, {MAIN: oid}, data, tips=[hidden[0]])
        assert caught.value.code == "object-unreachable"
        assert caught.value.params["oid"] == oid_of("blob", self.SECRET)

    async def test_by_a_commit_on_top(self, repo: Path, hidden: tuple[str, str]) -> None:
        data = commit(oid_of("tree", b""), hidden[1])
        packed = pack([whole("commit", data), whole("tree", b"")])
        with pytest.raises(Refused) as caught:
            await push(repo, {MAIN: oid_of("commit", data)}, packed, tips=[hidden[0]])
        assert caught.value.code == "object-unreachable"

    @pytest.mark.parametrize("add", [b"", b"!"])
    async def test_by_a_delta_on_its_blob(self, repo: Path, hidden: tuple[str, str], add: bytes) -> None:
        size = len(self.SECRET)
        made = self.SECRET + add
        root = tree(("100644", oid_of("blob", made), b"loot"))
        data = commit(oid_of("tree", root))
        row = ref_delta(oid_of("blob", self.SECRET), delta(size, copy=size, add=add))
        rows = [whole("commit", data), whole("tree", root), row]
        with pytest.raises(GitError) as caught:
            await push(repo, {MAIN: oid_of("commit", data)}, pack(rows), tips=[hidden[0]])
        assert caught.value.code in {"object-unreachable", "bad-pack"}
        assert not list((repo / "objects").glob("incoming-*"))


async def test_thin_packs_and_old_objects(repo: Path) -> None:
    """A delta on a known file, and a tree that an older commit had, are taken without being sent."""
    text = b"line\n" * 100
    first = await start(repo, a=text)
    old_tree = oid_of("tree", tree(("100644", oid_of("blob", text), b"a")))
    made = text + b"!"
    root = tree(("100644", oid_of("blob", made), b"a"))
    second = commit(oid_of("tree", root), first)
    row = ref_delta(oid_of("blob", text), delta(len(text), copy=len(text), add=b"!"))
    quarantine = await push(
        repo,
        {"refs/heads/b": oid_of("commit", second)},
        pack([whole("commit", second), whole("tree", root), row]),
        tips=[first],
    )
    (made_pack,) = quarantine.publish()
    assert made_pack.objects == 4  # three were sent, the base was added
    revert = commit(old_tree, oid_of("commit", second), message="revert")
    tips = [oid_of("commit", second)]
    (await push(repo, {"refs/heads/b": oid_of("commit", revert)}, pack([whole("commit", revert)]), tips=tips)).publish()
    assert is_fast_forward(repo, first, oid_of("commit", revert))
    assert not is_fast_forward(repo, oid_of("commit", revert), first)
    with pytest.raises(GitError):
        is_fast_forward(repo, "1" * 40, first)


async def test_damage_of_the_store_is_not_blamed_on_the_client(repo: Path) -> None:
    oid, data = one_commit(tree(("100644", HI_OID, b"a")), whole("blob", HI))
    with pytest.raises(GitError) as caught:
        await push(repo, {MAIN: oid}, data, tips=["9" * 40])
    assert caught.value.code == "repository-damaged"
    assert not isinstance(caught.value, Refused)


async def test_publishing_may_be_cut_anywhere(repo: Path) -> None:
    names = None
    cut = 0
    while names is None or cut < len(names):
        blob = b"%d" % cut
        root = tree(("100644", oid_of("blob", blob), b"a"))
        oid, data = one_commit(root, whole("blob", blob))
        quarantine = await push(repo, {MAIN: oid}, data)
        steps = quarantine.steps()
        done = [next(steps) for _ in range(cut)]
        visible = any(step.startswith("moved") and step.endswith(".idx") for step in done)
        assert (store.kinds(repo, [oid])[oid] == "commit") == visible
        del steps
        quarantine.publish()
        assert store.kinds(repo, [oid]) == {oid: "commit"}
        if names is None:
            names = list(range(7))
        cut += 1


async def test_sweep_spares_the_living(repo: Path) -> None:
    living = Quarantine.create(repo)
    dead = Quarantine.create(repo)
    assert dead.directory is not None
    assert dead._lock is not None
    rawpush.abandon(dead)
    (repo / "objects" / "pack" / "tmp_pack_x").write_bytes(b"")
    assert set(sweep(repo)) == {dead.directory.name, "tmp_pack_x"}
    assert living.directory is not None
    assert living.directory.exists()
    living.discard()
    assert sweep(repo) == ()


async def read(data: bytes, limits: ReceiveLimits | None = None) -> PushRequest:
    return await read_push_request(Bytes(data), limits=limits or ReceiveLimits())


async def test_requests_are_read() -> None:
    one, two = "1" * 40, "2" * 40
    caps = "report-status-v2 side-band-64k atomic push-options object-format=sha1 agent=git/2.39.5"
    options = packet("ci.skip") + packet("a=b;c\n") + FLUSH
    got = await read(
        rawpush.request(
            (ZERO, one, MAIN),
            (one, two, "refs/heads/分支"),
            (two, ZERO, "refs/tags/x"),
            caps=caps,
            extra=[packet(f"shallow {one}")],
            after=options,
        )
    )
    assert [c.ref for c in got.commands] == [MAIN, "refs/heads/分支", "refs/tags/x"]
    assert got.commands[0].is_create
    assert got.commands[2].is_delete
    assert (got.atomic, got.sideband, got.report, got.has_pack) == (True, True, "v2", True)
    assert got.options == ("ci.skip", "a=b;c")
    assert got.shallow == (one,)
    assert got.agent == "git/2.39.5"
    assert (await read(FLUSH)).commands == ()
    assert (await read(b"")).commands == ()
    assert not (await read(rawpush.request((one, ZERO, MAIN)))).has_pack


def _options(*values: bytes) -> bytes:
    after = b"".join(packet(value) for value in values) + FLUSH
    return rawpush.request((ZERO, "1" * 40, MAIN), caps="push-options side-band-64k", after=after)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (rawpush.request((ZERO, "1" * 40, MAIN), caps="object-format=sha256"), "object-format"),
        (rawpush.request((ZERO, "1" * 40, MAIN), caps="push-cert=x"), "push-cert"),
        (packet("push-cert\0 report-status\n") + FLUSH, "push-cert"),
        (rawpush.request((ZERO, "1" * 40, MAIN), (ZERO, "1" * 40, MAIN)), "duplicate-ref"),
        (rawpush.request((ZERO, "1" * 39, MAIN)), "malformed-command"),
        (rawpush.request((ZERO, "1" * 64, MAIN)), "malformed-command"),
        (rawpush.request((ZERO, "G" * 40, MAIN)), "malformed-command"),
        (packet("hello") + FLUSH, "malformed-command"),
        (rawpush.request((ZERO, "1" * 40, MAIN))[:-4], "malformed-packet"),
        (b"zzzz", "malformed-packet"),
        (b"0003", "malformed-packet"),
        (b"00ff1234", "malformed-packet"),
        (rawpush.request((ZERO, "1" * 40, "refs/heads/" + "x" * 9000)), "line-too-long"),
        (rawpush.request(*((ZERO, "1" * 40, f"refs/heads/{n}") for n in range(11))), "too-many-commands"),
        (_options(*[b"x"] * 101), "too-many-push-options"),
        (_options(b"x" * 5000), "line-too-long"),
        (_options(b"a\nb"), "push-option-character"),
        (_options(b"a\0b"), "push-option-character"),
        (_options(b"\xff"), "push-option-character"),
        (_options("\u202e".encode()), "push-option-character"),
    ],
)
async def test_bad_requests_are_refused(data: bytes, code: str) -> None:
    with pytest.raises(GitError) as caught:
        await read(data, ReceiveLimits(commands=10))
    assert caught.value.code == code
    if data.startswith(_options()[:120]):
        assert "side-band-64k" in caught.value.params["capabilities"]  # type: ignore[operator]


def test_reports() -> None:
    one = "1" * 40
    make: Callable[..., PushRequest] = PushRequest
    from_client = rawpush.Command(ZERO, one, MAIN), rawpush.Command(ZERO, one, "refs/heads/x")
    request = make(from_client, report="v1")
    lines = report(request, unpack="ok", results={MAIN: None, "refs/heads/x": "no\x1b[2J\nway"})
    want = b"000eunpack ok\n0017ok refs/heads/main\n001fng refs/heads/x no [2J way\n0000"
    assert lines == want
    assert answer(request, lines) == want
    banded = answer(make(from_client, report="v2", sideband=True), lines)
    assert banded == b"%04x\x01" % (len(want) + 5) + want + FLUSH
    assert report(make(from_client), unpack="ok", results={}) == b""
    assert refusal("no", {"side-band-64k"}) == b"0008\x03no\n0000"
    assert refusal("no") == b"000bERR no\n"


async def test_many_commands_are_quick() -> None:
    data = rawpush.request(*((ZERO, "1" * 40, f"refs/heads/{n}") for n in range(50_000)))
    reader = PktReader(Bytes(data, 65536))
    assert len((await read_push_request(reader, limits=ReceiveLimits())).commands) == 50_000


async def test_real_thin_push_of_a_sample(repo: Path, tmp_path: Path) -> None:
    """git's own thin pack, on top of a pack that was pushed before."""
    sample = Sample(tmp_path / "sample")
    text = "".join(f"{n}\n" for n in range(500))
    first_tree = sample.tree([("100644", sample.blob(text.encode()), "a")])
    first = sample.text("commit-tree", first_tree, "-m", "1")
    second_tree = sample.tree([("100644", sample.blob((text + "x").encode()), "a")])
    second = sample.text("commit-tree", second_tree, "-p", first, "-m", "2")
    whole_pack = sample.git("pack-objects", "--revs", "--stdout", "-q", data=f"{first}\n".encode())
    (await push(repo, {MAIN: first}, whole_pack)).publish()
    thin = sample.git("pack-objects", "--revs", "--thin", "--stdout", "-q", data=f"{second}\n^{first}\n".encode())
    quarantine = await push(repo, {MAIN: second}, thin, tips=[first])
    (made,) = quarantine.publish()
    assert made.objects > int.from_bytes(thin[8:12], "big")
