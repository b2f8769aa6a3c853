"""The fetching side, request by request: what is advertised, what is refused, and in which words."""

from pathlib import Path

import pytest

from openhearth.git.advertise import AGENT, ls_refs, receive_advertisement, upload_advertisement
from openhearth.git.errors import Refused
from openhearth.git.fetch import FetchLimits, serve_connection, serve_stateless
from openhearth.git.negotiation import FetchRequest, fetch_v2, read_v2
from openhearth.git.pktline import DELIM, FLUSH, PktReader, packet
from openhearth.git.tests import rawpush
from openhearth.git.tests.rawpush import Bytes, commit, oid_of, pack, push, tree, whole
from openhearth.git.views import AdvertisedRef, RefView
from openhearth.git.wants import NoStore

BLOB = b"CNRY\n"
ROOT = tree(("100644", oid_of("blob", BLOB), b"a"))
COMMIT = commit(oid_of("tree", ROOT))
TIP = oid_of("commit", COMMIT)
TAG = "a" * 40
VIEW = RefView(
    (
        AdvertisedRef("refs/heads/main", TIP),
        AdvertisedRef("refs/heads/topic", TIP),
        AdvertisedRef("refs/tags/v1", TAG, TIP),
    ),
    "refs/heads/main",
    1,
)
EMPTY = RefView((), "refs/heads/main", 0)


@pytest.fixture
async def repo(tmp_path: Path) -> Path:
    directory = rawpush.repository(tmp_path)
    data = pack([whole("commit", COMMIT), whole("tree", ROOT), whole("blob", BLOB)])
    (await push(directory, {"refs/heads/main": TIP}, data)).publish()
    return directory


def v2(*arguments: str, command: str = "fetch", caps: tuple[str, ...] = ("object-format=sha1",)) -> bytes:
    lines = [packet(f"command={command}"), *(packet(cap) for cap in caps), DELIM]
    return b"".join((*lines, *(packet(f"{argument}\n") for argument in arguments), FLUSH))


def v0(*lines: str, then: bytes = b"0009done\n") -> bytes:
    return b"".join((*(packet(f"{line}\n") for line in lines), FLUSH, then))


async def ask(repo: Path, body: bytes, *, version: int = 2, view: RefView = VIEW, **limits: int) -> bytes:
    got: list[bytes] = []

    async def write(data: bytes) -> None:
        assert len(data) <= 65536
        got.append(data)

    await serve_stateless(
        repo, view, Bytes(body), write, version=version, limits=FetchLimits(**limits), wants=NoStore()
    )
    return b"".join(got)


async def test_fetches_are_answered(repo: Path) -> None:
    answer = await ask(repo, v2(f"want {TIP}", "done"))
    assert answer.startswith(b"000dpackfile\n")
    assert b"PACK" in answer
    assert answer.endswith(FLUSH)
    for version in (0, 1):
        answer = await ask(repo, v0(f"want {TIP} side-band-64k ofs-delta agent=x"), version=version)
        assert answer.startswith(b"0008NAK\n")
        assert b"PACK" in answer
    assert await ask(repo, FLUSH) == b""
    assert await ask(repo, b"") == b""
    assert await ask(repo, FLUSH, version=0) == b""


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (v2(f"want {'1' * 40}", "done"), f"upload-pack: not our ref {'1' * 40}"),
        (v2("want-ref refs/heads/main", "done"), "unexpected line: 'want-ref refs/heads/main'"),
        (v2(f"want {TIP}", "sideband-all", "done"), "unexpected line: 'sideband-all'"),
        (v2(f"want {TIP}", "packfile-uris https", "done"), "unexpected line: 'packfile-uris https'"),
        (v2(f"want {TIP[:-1]}", "done"), f"unexpected line: 'want {TIP[:-1]}'"),
        (v2("want --help", "done"), "unexpected line: 'want --help'"),
        (v2(f"want {TIP}\n0000", "done"), f"unexpected line: 'want {TIP}?0000'"),
        (v2("done"), "upload-pack: no-wants"),
        (v2(f"want {TIP}", "filter sparse:oid=x"), "filter 'sparse:oid=x' not supported"),
        (v2(f"want {TIP}", "filter combine:blob:none+tree:0"), "filter 'combine:blob:none+tree:0' not supported"),
        (v2(f"want {TIP}", "deepen-not refs/internal/x"), "upload-pack: deepen-not is not a ref: refs/internal/x"),
        (v2(f"want {TIP}", "deepen -1"), "unexpected line: 'deepen -1'"),
        (v2(command="object-info"), "unknown command 'object-info'"),
        (v2(command="--help"), "unknown command '--help'"),
        (v2(caps=("object-format=sha256",)), "mismatched object format; this server speaks sha1"),
        (v2(caps=("nonsense",)), "unknown capability 'nonsense'"),
        (v2("peel", "nonsense", command="ls-refs"), "unexpected line: 'nonsense'"),
        (packet("agent=x") + FLUSH, "upload-pack: no-command"),
        (packet("command=fetch") * 2 + FLUSH, "upload-pack: two-commands"),
        (v2(f"want {TIP}")[:-4], "upload-pack: malformed-packet"),
        (b"what?", "upload-pack: malformed-packet"),
        (DELIM + FLUSH, "upload-pack: malformed-packet"),
    ],
)
async def test_bad_v2_requests(repo: Path, body: bytes, words: str) -> None:
    assert await ask(repo, body) == packet(f"ERR {words}")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (v0(f"want {'1' * 40}"), f"upload-pack: not our ref {'1' * 40}"),
        (v0(f"want {TIP}", f"want {'1' * 40}", "deepen 1"), f"upload-pack: not our ref {'1' * 40}"),
        (v0(f"want {TIP}", "filter sparse:oid=x"), "filter 'sparse:oid=x' not supported"),
        (v0(f"want {TIP} object-format=sha256"), "mismatched object format; this server speaks sha1"),
        (v0(f"want {TIP}", "nonsense"), "unexpected line: 'nonsense'"),
        (v0(f"want {TIP}", then=packet("want " + "2" * 40)), "upload-pack: malformed-packet"),
        (v0(f"want {TIP}")[:30], "upload-pack: malformed-packet"),
    ],
)
async def test_bad_v0_requests(repo: Path, body: bytes, words: str) -> None:
    for version in (0, 1):
        assert await ask(repo, body, version=version) == packet(f"ERR {words}")


async def test_requests_are_capped(repo: Path) -> None:
    haves = [f"have {n:040x}" for n in range(100)]
    body = v2(f"want {TIP}", *haves, "done")
    assert await ask(repo, body, request_packets=50) == packet("ERR upload-pack: too-many-packets")
    assert await ask(repo, body, request_bytes=500) == packet("ERR upload-pack: request-too-large")
    assert b"PACK" in await ask(repo, body)
    body = v0(f"want {TIP}", then=b"".join(packet(f"{have}\n") for have in haves) + b"0009done\n")
    assert await ask(repo, body, version=0, request_packets=50) == packet("ERR upload-pack: too-many-packets")


async def test_a_failing_write_ends_the_fetch(repo: Path) -> None:
    async def write(_data: bytes) -> None:
        raise ConnectionResetError

    limits = FetchLimits()
    for version, body in ((2, v2(f"want {TIP}", "done")), (0, v0(f"want {TIP}"))):
        with pytest.raises(ConnectionResetError):
            await serve_stateless(repo, VIEW, Bytes(body), write, version=version, limits=limits, wants=NoStore())


async def test_a_v2_connection_takes_many_commands(repo: Path) -> None:
    got: list[bytes] = []

    async def write(data: bytes) -> None:
        got.append(data)

    body = v2("symrefs", command="ls-refs") + v2(f"want {TIP}", "done") + FLUSH + b"not read"
    await serve_connection(repo, VIEW, Bytes(body), write, version=2, limits=FetchLimits(), wants=NoStore())
    answer = b"".join(got)
    assert answer.startswith(upload_advertisement(VIEW, version=2, service_header=False))
    assert b"symref-target:refs/heads/main" in answer
    assert b"PACK" in answer


def lines(data: bytes) -> list[str]:
    found = []
    while data:
        size = int(data[:4], 16)
        found.append(data[4:size].decode().rstrip("\n") if size else "")
        data = data[max(size, 4) :]
    return found


def test_advertisements() -> None:
    assert lines(upload_advertisement(VIEW, version=2, service_header=True)) == [
        "# service=git-upload-pack",
        "",
        "version 2",
        f"agent={AGENT}",
        "ls-refs=unborn",
        "fetch=shallow wait-for-done filter",
        "server-option",
        "object-format=sha1",
        "",
    ]
    first, *rest = lines(upload_advertisement(VIEW, version=0, service_header=False))
    row, _, caps = first.partition("\0")
    assert row == f"{TIP} HEAD"
    wanted = {"side-band-64k", "symref=HEAD:refs/heads/main", "multi_ack_detailed", "filter", "shallow", "thin-pack"}
    assert wanted < set(caps.split())
    assert "allow-tip-sha1-in-want" not in caps
    assert rest == [
        f"{TIP} refs/heads/main",
        f"{TIP} refs/heads/topic",
        f"{TAG} refs/tags/v1",
        f"{TIP} refs/tags/v1^{{}}",
        "",
    ]
    assert lines(upload_advertisement(VIEW, version=1, service_header=False))[0] == "version 1"
    empty = lines(upload_advertisement(EMPTY, version=0, service_header=True))
    assert empty[2].startswith(f"{'0' * 40} capabilities^{{}}\0")
    assert "symref" not in empty[2]
    assert " no-done" in empty[2]
    row, _, caps = lines(receive_advertisement(VIEW, service_header=False, version=2))[0].partition("\0")
    assert row == f"{TIP} refs/heads/main"
    assert {"report-status-v2", "delete-refs", "atomic", "push-options", "quiet"} < set(caps.split())
    assert "push-cert" not in caps
    assert len(lines(receive_advertisement(EMPTY, service_header=True, version=0))) == 4


def test_ls_refs() -> None:
    assert lines(ls_refs(VIEW, ["peel", "symrefs"])) == [
        f"{TIP} HEAD symref-target:refs/heads/main",
        f"{TIP} refs/heads/main",
        f"{TIP} refs/heads/topic",
        f"{TAG} refs/tags/v1 peeled:{TIP}",
        "",
    ]
    prefixes = ["ref-prefix refs/heads/t", "ref-prefix refs/heads/to", "ref-prefix refs/tags/"]
    assert lines(ls_refs(VIEW, prefixes)) == [f"{TIP} refs/heads/topic", f"{TAG} refs/tags/v1", ""]
    assert lines(ls_refs(VIEW, ["ref-prefix HE"])) == [f"{TIP} HEAD", ""]
    assert lines(ls_refs(EMPTY, ["symrefs", "unborn"])) == ["unborn HEAD symref-target:refs/heads/main", ""]
    assert lines(ls_refs(EMPTY, ["symrefs"])) == [""]
    with pytest.raises(Refused):
        ls_refs(VIEW, ["ref-prefix x", "what"])


async def fetched(*arguments: str, caps: tuple[str, ...] = ()) -> FetchRequest:
    request = await read_v2(PktReader(Bytes(v2(*arguments, caps=caps))))
    assert request is not None
    return fetch_v2(request, VIEW)


async def test_equal_requests_have_equal_keys() -> None:
    one = await fetched(f"want {TIP}", "done", caps=("agent=git/1", "session-id=x"))
    two = await fetched(f"want {TIP}", "done", caps=("agent=git/2", "server-option=y"))
    assert one.key() == two.key()
    assert one.is_content_addressed
    for other in (["done", "include-tag"], [], ["done", "deepen-not v1"]):
        request = await fetched(f"want {TIP}", *other)
        assert request.key() != one.key()
        assert not request.is_content_addressed
    assert "deepen-not refs/tags/v1" in (await fetched(f"want {TIP}", "deepen-not v1")).lines
