"""Hostile pushes and fetches over HTTP (A01 to A14, C03)."""

from __future__ import annotations

import http.client
import struct
import time
import urllib.parse
from typing import Any

import pytest
from tests.attacks.conftest import CANARY
from tests.faults.raw import CAPS, change

from openhearth.git.pktline import FLUSH, packet
from openhearth.git.tests.rawpush import ZERO, commit, delta, oid_of, pack, ref_delta, tree, whole

pytestmark = pytest.mark.server

Q = "alice/Q"
PUSH = {"Content-Type": "application/x-git-receive-pack-request"}
FETCH = {"Content-Type": "application/x-git-upload-pack-request", "Git-Protocol": "version=2"}


def refuses(world: Any, ref: str, data: bytes | None = None, oid: str = "") -> str:
    """Push one new ref, expect a refusal in words, and that nothing moved; return the report."""
    before = world.tips(Q, "alice")
    if data is None:
        oid, data = change(f"for {ref}")
    began = time.monotonic()
    report = world.push(Q, "alice", [(ZERO, oid, ref)], data).decode("utf-8", "replace")
    assert time.monotonic() - began < 10
    assert f"ng {ref}" in report or "unpack ok" not in report, report
    assert world.tips(Q, "alice") == before
    assert world.quarantines() == []
    return report


@pytest.mark.parametrize(
    "name", ["--upload-pack=x", "-x", "$(id)", ";id", "`id`", "<svg onload=1>", "a..b", "a\x07b", "x.lock"]
)
def test_a01_a02_branch_names_that_tools_would_obey(world: Any, name: str) -> None:
    report = refuses(world, f"refs/heads/{name}")
    assert "ng " in report
    assert len(report) > 40


@pytest.mark.parametrize(
    "ref",
    [
        "refs/heads/HEAD",
        "refs/heads/refs/heads/main",
        "refs/remotes/x",
        "refs/pull/1/head",
        "refs/internal/x",
        f"refs/replace/{'1' * 40}",
        "HEAD",
        "refs",
        "../../../config",
        "refs/heads/../../config",
    ],
)
def test_a03_namespaces_of_the_server(world: Any, ref: str) -> None:
    refuses(world, ref)


def of_tree(*rows: tuple[str, bytes], mode: str = "100644", content: bytes = b"x\n") -> tuple[str, bytes]:
    blob = oid_of("blob", content)
    root = tree(*((mode, blob, name) for _mode, name in rows))
    head = commit(oid_of("tree", root))
    return oid_of("commit", head), pack([whole("commit", head), whole("tree", root), whole("blob", content)])


@pytest.mark.parametrize(
    "names",
    [
        [b".git"],
        [b".GIT"],
        [b".."],
        [b"."],
        [b"a/b"],
        [".g\u200cit".encode()],
        [b"git~1"],
        [b"same", b"same"],
        [b""],
    ],
    ids=repr,
)
def test_a04_trees_that_hurt_on_checkout(world: Any, names: list[bytes]) -> None:
    oid, data = of_tree(*(("100644", name) for name in names))
    report = refuses(world, "refs/heads/tree", data, oid)
    assert "unpack ok" not in report


@pytest.mark.parametrize(
    ("mode", "content"),
    [
        ("120000", b"target"),
        ("100644", b'[submodule "../../x"]\n\tpath = x\n\turl = https://example.org/x\n'),
        ("100644", b'[submodule "x"]\n\tpath = x\n\turl = -u./payload\n'),
        ("100644", b'[submodule "x"]\n\tpath = -x\n\turl = https://example.org/x\n'),
    ],
)
def test_a05_gitmodules(world: Any, mode: str, content: bytes) -> None:
    oid, data = of_tree((mode, b".gitmodules"), mode=mode, content=content)
    report = refuses(world, "refs/heads/modules", data, oid)
    assert "unpack ok" not in report


def test_a06_a_link_out_of_the_repository_shows_its_text_alone(world: Any) -> None:
    oid, data = of_tree(("120000", b"x"), mode="120000", content=str(world.disk).encode())
    report = world.push(Q, "alice", [(ZERO, oid, "refs/heads/link")], data)
    assert b"ok refs/heads/link" in report
    for path in ("raw/link/x", "blob/link/x", "tree/link", "blame/link/x", "archive/refs/heads/link.tar.gz", "link/x"):
        status, _headers, body = world.ask("GET", f"/{Q}/{path}")
        assert status < 500, path
        assert CANARY.encode() not in body, path


OPTIONS = {
    "semicolons": (["a;b;user=admin;x=$(id)"], True),
    "newline": (["a\nactor=admin"], None),
    "nul": (["a\0b"], False),
    "64 KiB": (["x" * 65000], False),
    "a thousand": (["x=1"] * 1000, False),
    "not utf-8": ([b"\xff\xfe".decode("latin-1")], None),
}


@pytest.mark.parametrize("case", OPTIONS)
def test_a07_push_options(world: Any, case: str) -> None:
    options, fine = OPTIONS[case]
    oid, data = change(f"options {case}")
    ref = f"refs/heads/options-{case.replace(' ', '-')}"
    head = packet(f"{ZERO} {oid} {ref}\0 {CAPS} push-options") + FLUSH
    head += b"".join(packet(option) for option in options) + FLUSH
    status, _headers, body = world.ask("POST", f"/{Q}.git/git-receive-pack", head + data, **world.auth("alice"), **PUSH)
    assert status in {200, 400}, body
    moved = ref in world.tips(Q)
    assert fine is None or moved == fine, body
    assert moved == (f"ok {ref}".encode() in body)


def test_a08_the_service_in_the_query_is_not_the_service(world: Any) -> None:
    """A reader asks to push under the name of a fetch."""
    oid, data = change("by a reader")
    body = packet(f"{ZERO} {oid} refs/heads/by-bob\0 {CAPS}") + FLUSH + data
    for query in ("?service=git-upload-pack", "?service=git-upload-pack&service=git-receive-pack", ""):
        status, _headers, _body = world.ask(
            "POST", f"/alice/P.git/git-receive-pack{query}", body, **world.auth("bob"), **PUSH
        )
        assert status == 403
    status, _headers, said = world.ask(
        "GET", "/alice/P.git/info/refs?service=git-upload-pack&service=git-receive-pack", **world.auth("bob")
    )
    assert status == 403
    assert CANARY.encode() not in said
    assert "refs/heads/by-bob" not in world.tips("alice/P", "alice")


@pytest.mark.parametrize(
    "path",
    [
        "/alice/%2e%2e/alice/P.git",
        "/alice/../alice/P.git",
        "//alice/P.git",
        "/alice//P.git",
        "/alice/P.git;x",
        "/alice;x/P.git",
        "/alice/P%00.git",
        "/alice/P.",
        "/alice/P.git.git",
        "/alice/P.git%2f..%2fP",
        "/alice%2fP.git",
        "/alice\\P.git",
        "/./alice/P.git",
        "/alice/P.git/.",
        "/alice/P.git//",
        "/alice/P%0d%0a.git",
        "/alice/P%ff.git",
    ],
)
def test_a09_odd_paths_open_nothing(world: Any, path: str) -> None:
    suffix = "/info/refs?service=git-upload-pack"
    for who in ("dave", "anonymous"):
        headers = world.auth("dave")["Authorization"] if who == "dave" else ""
        line = f"Authorization: {headers}\r\n" if headers else ""
        request = f"GET {path}{suffix} HTTP/1.1\r\nHost: 127.0.0.1\r\n{line}Connection: close\r\n\r\n"
        answer = world.raw(request.encode("latin-1"))
        status = int(answer.split(b" ")[1])
        assert status in {400, 401, 403, 404, 301}, answer[:200]
        assert CANARY.encode() not in answer
        assert world.commits["P"].encode() not in answer


def test_a09_an_unknown_repository_answers_as_a_hidden_one(world: Any) -> None:
    suffix = ".git/info/refs?service=git-upload-pack"
    for headers in ({}, world.auth("dave")):
        hidden = world.ask("GET", f"/alice/P{suffix}", **headers)
        missing = world.ask("GET", f"/alice/N{suffix}", **headers)
        assert hidden[0] == missing[0]
        assert hidden[2].replace(b"/P", b"/N") == missing[2]


def fetch(world: Any, repo: str, who: str | None, oid: str) -> tuple[int, bytes]:
    body = packet("command=fetch") + b"0001" + packet("no-progress") + packet(f"want {oid}") + packet("done") + FLUSH
    headers = world.auth(who) if who else {}
    status, _headers, said = world.ask("POST", f"/{repo}.git/git-upload-pack", body, **headers, **FETCH)
    return status, said


def test_a12_c03_objects_of_other_repositories_and_of_deleted_branches(world: Any) -> None:
    gone, data = change("to be deleted")
    world.push(Q, "alice", [(ZERO, gone, "refs/heads/gone")], data)
    assert b"PACK" in fetch(world, Q, None, gone)[1]
    report = world.push(Q, "alice", [(gone, ZERO, "refs/heads/gone")], b"")
    assert b"ok refs/heads/gone" in report
    for oid in (gone, world.commits["P"], "1" * 40):
        status, said = fetch(world, Q, None, oid)
        assert b"not our ref" in said, (status, said[:200])
        assert b"PACK" not in said
        for path in (
            *(f"commit/{oid}", f"tree/{oid}", f"commits/{oid}", f"raw/{oid}/README.md", f"blob/{oid}/README.md"),
            *(f"archive/{oid}.tar.gz", f"archive/{oid}.zip", f"compare/main...{oid}", f"compare/alice:P:{oid}...main"),
            *(f"blame/{oid}/README.md", f"commit/{oid}.patch", f"commit/{oid}.diff"),
        ):
            status, _headers, body = world.ask("GET", f"/{Q}/{path}")
            assert status in {400, 404}, f"{path}: {status}"
            assert CANARY.encode() not in body
    assert fetch(world, "alice/P", "dave", world.commits["P"])[0] == 404
    assert fetch(world, "alice/P", None, world.commits["P"])[0] == 401


def test_a12_a_ref_to_anothers_object_cannot_be_pushed(world: Any) -> None:
    """Naming an id is no proof of having it."""
    secret = world.commits["P"]
    refuses(world, "refs/heads/stolen", pack([]), secret)
    head = commit(oid_of("tree", b""), secret)
    report = refuses(
        world, "refs/heads/stolen", pack([whole("commit", head), whole("tree", b"")]), oid_of("commit", head)
    )
    assert "unpack ok" not in report


def chain(length: int) -> tuple[str, bytes]:
    """A pack whose last blob is a delta of a delta of … `length` deep."""
    base = b"x\n"
    rows, previous = [whole("blob", base)], oid_of("blob", base)
    content = base
    for number in range(length):
        more = bytes([97 + number % 26])
        rows.append(ref_delta(previous, delta(len(content), copy=len(content), add=more)))
        content += more
        previous = oid_of("blob", content)
    root = tree(("100644", previous, b"deep"))
    head = commit(oid_of("tree", root))
    return oid_of("commit", head), pack([*rows, whole("tree", root), whole("commit", head)])


def wrong_checksum() -> tuple[str, bytes]:
    oid, data = change("checksum")
    return oid, data[:-1] + bytes([data[-1] ^ 1])


def absurd_count() -> tuple[str, bytes]:
    oid, data = change("count")
    return oid, data[:8] + struct.pack(">I", 1 << 31) + data[12:]


def one_more() -> tuple[str, bytes]:
    oid, _data = change("one more")
    return oid, pack([whole("blob", b"x")], count=2)


def circle() -> tuple[str, bytes]:
    one, two = "1" * 40, "2" * 40
    return one, pack([ref_delta(two, delta(1, copy=1)), ref_delta(one, delta(1, copy=1))])


def missing_base() -> tuple[str, bytes]:
    return "1" * 40, pack([ref_delta("3" * 40, delta(1, copy=1))])


def huge_object() -> tuple[str, bytes]:
    """An object that says it has 2^62 bytes."""
    head = bytes([0xB0 | 15]) + b"\xff" * 8 + b"\x01"
    return "1" * 40, pack([head + whole("blob", b"x")[1:]])


def cut() -> tuple[str, bytes]:
    oid, data = change("cut")
    return oid, data[: len(data) // 2]


def nothing() -> tuple[str, bytes]:
    return change("nothing")[0], b""


def rubbish() -> tuple[str, bytes]:
    return "1" * 40, b"\x00\xff" * 5000


PACKS = (wrong_checksum, absurd_count, one_more, circle, missing_base, huge_object, cut, nothing, rubbish)


@pytest.mark.parametrize("made", PACKS, ids=lambda made: made.__name__)
def test_a14_bad_packs(world: Any, made: Any) -> None:
    oid, data = made()
    report = refuses(world, "refs/heads/pack", data, oid)
    assert "unpack ok" not in report
    assert "unpack " in report


def test_a14_a_chain_of_ten_thousand_deltas(world: Any) -> None:
    oid, data = chain(10_000)
    assert "deltas" in refuses(world, "refs/heads/deep", data, oid)


def test_a_push_of_too_many_refs_or_endless_lines(world: Any) -> None:
    oid, data = change("many")
    rows = [
        packet(f"{ZERO} {oid} refs/heads/m{number}" + (f"\0 {CAPS}" if not number else "")) for number in range(200_001)
    ]
    status, _headers, body = world.ask(
        "POST", f"/{Q}.git/git-receive-pack", b"".join(rows) + FLUSH + data, **world.auth("alice"), **PUSH
    )
    assert status in {200, 400, 413}
    assert not any(name.startswith("refs/heads/m1") for name in world.tips(Q)), body[:200]
    for head in (b"fff0" + b"x" * 65516, b"zzzz", b"0003", b"0004" * 100_000, b"00", b"-001", packet("x" * 60000)):
        try:
            status, _headers, body = world.ask(
                "POST", f"/{Q}.git/git-receive-pack", head, **world.auth("alice"), **PUSH
            )
        except http.client.RemoteDisconnected:
            continue
        assert status in {200, 400, 413}, head[:10]
        status, _headers, body = world.ask("POST", f"/{Q}.git/git-upload-pack", head, **FETCH)
        assert status in {200, 400, 413}, head[:10]


@pytest.mark.parametrize("version", ["version=2", "version=1", "version=9", "version=2:version=x", "\xff", "v" * 5000])
def test_fetches_that_are_none(world: Any, version: str) -> None:
    bodies = [
        packet("command=fetch") + b"0001" + packet("want " + "z" * 40) + FLUSH,
        packet("command=nonsense") + FLUSH,
        packet("command=fetch")
        + b"0001"
        + b"".join(packet(f"have {n:040x}") for n in range(30_000))
        + packet("done")
        + FLUSH,
        packet("command=ls-refs") + b"0001" + b"".join(packet(f"ref-prefix {n}") for n in range(70_000)) + FLUSH,
        packet("command=fetch")
        + b"0001"
        + packet(f"want {world.commits['Q']}")
        + packet("filter combine:" + "a" * 900)
        + packet("done")
        + FLUSH,
        packet("command=fetch")
        + b"0001"
        + packet(f"want {world.commits['Q']}")
        + packet("filter sparse:path=/etc/passwd")
        + packet("done")
        + FLUSH,
        packet("command=fetch")
        + b"0001"
        + packet(f"want {world.commits['Q']}")
        + packet("deepen 99999999999999999999")
        + packet("done")
        + FLUSH,
        packet("command=fetch")
        + b"0001"
        + packet(f"want {world.commits['Q']}")
        + packet("deepen-not --output=/tmp/x")
        + packet("done")
        + FLUSH,
        packet(f"want {world.commits['Q']} side-band-64k thin-pack ofs-delta")
        + FLUSH
        + packet("have x")
        + packet("done"),
    ]
    for body in bodies:
        headers = {"Content-Type": FETCH["Content-Type"], "Git-Protocol": version}
        status, _headers, said = world.ask("POST", f"/{Q}.git/git-upload-pack", body, **headers)
        assert status in {200, 400, 413}, (body[:60], said[:200])
        assert b"root:" not in said


def test_wrong_types_codings_and_methods(world: Any) -> None:
    for headers in (
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": PUSH["Content-Type"], "Content-Encoding": "br"},
    ):
        status, _headers, _body = world.ask(
            "POST", f"/{Q}.git/git-receive-pack", b"0000", **world.auth("alice"), **headers
        )
        assert status in {400, 415}
    for method in ("PUT", "DELETE", "PATCH", "PROPFIND", "TRACE"):
        for path in (
            f"/{Q}.git/git-receive-pack",
            f"/{Q}.git/info/refs",
            f"/{Q}.git/HEAD",
            f"/{Q}.git/objects/info/packs",
        ):
            status, _headers, _body = world.ask(method, path)
            assert 400 <= status < 500 or status == 501, f"{method} {path} {status}"
    for service in ("git-upload-archive", "", "git-upload-pack%00", "--upload-pack=x"):
        status, _headers, _body = world.ask("GET", f"/{Q}.git/info/refs?service={service}")
        assert status in {400, 403, 404}


@pytest.mark.parametrize(
    "value",
    [
        "Basic",
        "Basic !!!",
        "Basic " + "A" * 30_000,
        "Bearer ",
        "Bearer x y",
        "Digest x",
        "token \x7f",
        "Basic Og==",
        "Basic /w==",
    ],
)
def test_credentials_that_are_none(world: Any, value: str) -> None:
    for path in (f"/{Q}.git/info/refs?service=git-upload-pack", "/alice/P.git/info/refs?service=git-upload-pack"):
        status, _headers, body = world.ask("GET", path, Authorization=value)
        assert status in {400, 401, 429}, (value[:20], status)
        assert CANARY.encode() not in body


def test_b07_archives_of_odd_names(world: Any) -> None:
    for name in (
        "--exec=x.zip",
        "--output=x.tar.gz",
        "main%00.zip",
        "main%0a.zip",
        "main.rar",
        "main.tar",
        "..%2f..%2fetc.zip",
    ):
        for path in (f"/{Q}/archive/{name}", f"/{Q}/archive/refs/heads/{name}"):
            status, _headers, body = world.ask("GET", path)
            assert status in {400, 404}, f"{path} {status}"
            assert b"root:" not in body
    quoted = urllib.parse.quote("main.zip?prefix=../../x&format=x;id")
    assert world.ask("GET", f"/{Q}/archive/refs/heads/{quoted}")[0] in {400, 404}


def test_b08_archives_of_extreme_attributes(world: Any) -> None:
    world.fill(
        Q,
        "alice",
        {
            ".gitattributes": "*.txt export-subst\n" + "* " + "a" * 2000 + "\n" * 10,
            "a.txt": "$Format:%<(1000000000)%an$\n$Format:%>(2147483647)%s$\n$Format:%w(1000,9999999,99999999)%b$\n",
        },
        ref="attributes",
    )
    for ending in ("zip", "tar.gz"):
        began = time.monotonic()
        try:
            status, _headers, body = world.ask("GET", f"/{Q}/archive/refs/heads/attributes.{ending}")
        except http.client.IncompleteRead:
            continue
        assert status in {200, 400, 404, 413}
        assert len(body) < 50 << 20
        assert time.monotonic() - began < 10
