"""Real git clients against the wire functions: every protocol, both transports, pushing and fetching."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from openhearth.git import store
from openhearth.git.tests.wire import Forge, Hosted

TRANSPORTS = ("http", "ssh")
VERSIONS = ("0", "1", "2")


@pytest.fixture
async def forge(tmp_path: Path) -> AsyncIterator[Forge]:
    async with Forge(tmp_path).running() as forge:
        yield forge
    for hosted in forge.repositories.values():
        assert not list((hosted.directory / "objects").glob("incoming-*"))
        assert not [p for p in (hosted.directory / "objects").iterdir() if len(p.name) == 2], "loose objects"
    assert not children(), "a child process outlived its client"


def children() -> list[str]:
    """Return the command lines of this process's children that are git."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                if parent == os.getpid():
                    found.append((entry / "cmdline").read_text().replace("\0", " "))
            except (OSError, ValueError):
                continue
    return [line for line in found if "git" in line]


def address(forge: Forge, name: str, transport: str) -> str:
    return forge.url(name) if transport == "http" else forge.ssh_url(name)


async def make(forge: Forge, commits: int = 5, files: int = 3) -> Path:
    """A working repository with a few commits and an annotated tag."""
    work = forge.root / "work"
    await forge.git("init", "-q", "-b", "main", str(work))
    for n in range(commits):
        for f in range(files):
            (work / f"dir{f}").mkdir(exist_ok=True)
            text = "".join(f"line {i} of {f} in {n if i % 7 == 0 else 0}\n" for i in range(200))
            (work / f"dir{f}" / "file.txt").write_text(text)
        await forge.git("add", ".", cwd=work)
        await forge.git("commit", "-q", "-m", f"commit {n}", cwd=work)
    await forge.git("tag", "-a", "v1", "-m", "one", cwd=work)
    return work


async def hosted_with_work(forge: Forge) -> tuple[Hosted, Path]:
    hosted = forge.add("r.git")
    work = await make(forge)
    await forge.git("remote", "add", "origin", forge.url("r.git"), cwd=work)
    await forge.git("push", "-q", "origin", "main", "v1", cwd=work)
    return hosted, work


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_push_clone_fetch(forge: Forge, transport: str, version: str) -> None:
    hosted = forge.add("r.git")
    work = await make(forge)
    url = address(forge, "r.git", transport)
    protocol = ("-c", f"protocol.version={version}")
    said = await forge.git(*protocol, "clone", url, "empty")
    assert "empty repository" in said
    await forge.git(*protocol, "push", url, "main", "v1", cwd=work)
    assert set(hosted.refs) == {"refs/heads/main", "refs/tags/v1"}
    await forge.git(*protocol, "clone", "-q", url, "copy")
    copy = forge.root / "copy"
    assert await forge.git("rev-parse", "main", "v1", cwd=copy) == await forge.git("rev-parse", "main", "v1", cwd=work)
    await forge.git("commit", "-q", "--allow-empty", "-m", "more", cwd=work)
    (work / "dir0" / "file.txt").write_text("changed\n")
    await forge.git("commit", "-qam", "change", cwd=work)
    await forge.git(*protocol, "push", url, "main:main", "main:topic/a", cwd=work)
    await forge.git(*protocol, "fetch", cwd=copy)
    assert await forge.git("rev-parse", "origin/topic/a", cwd=copy) == await forge.git("rev-parse", "main", cwd=work)
    await forge.git(*protocol, "push", url, ":topic/a", cwd=work)
    assert "refs/heads/topic/a" not in hosted.refs
    await forge.git("fsck", "--strict", cwd=copy)
    await forge.git("--git-dir", str(hosted.directory), "fsck", "--strict", "--full")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_shallow_and_partial(forge: Forge, transport: str, version: str) -> None:
    hosted, work = await hosted_with_work(forge)
    url = address(forge, "r.git", transport)
    protocol = ("-c", f"protocol.version={version}")
    await forge.git(*protocol, "clone", "-q", "--depth", "2", url, "shallow")
    shallow = forge.root / "shallow"
    assert (await forge.git("rev-list", "--count", "HEAD", cwd=shallow)).strip() == "2"
    await forge.git(*protocol, "fetch", "-q", "--deepen", "1", cwd=shallow)
    assert (await forge.git("rev-list", "--count", "HEAD", cwd=shallow)).strip() == "3"
    await forge.git(*protocol, "fetch", "-q", "--unshallow", cwd=shallow)
    assert (await forge.git("rev-list", "--count", "HEAD", cwd=shallow)).strip() == "5"
    await forge.git(*protocol, "clone", "-q", "--shallow-exclude=v1", url, "none", ok=False)
    await forge.git("commit", "-q", "--allow-empty", "-m", "on top", cwd=work)
    await forge.git("push", "-q", "origin", "main", cwd=work)
    await forge.git(*protocol, "clone", "-q", "--shallow-exclude=v1", url, "excluding")
    assert (await forge.git("rev-list", "--count", "HEAD", cwd=forge.root / "excluding")).strip() == "1"
    for spec in ("blob:none", "tree:0", "blob:limit=1k"):
        name = spec.replace(":", "-")
        await forge.git(*protocol, "clone", "-q", f"--filter={spec}", url, name)
        await forge.git(*protocol, "show", "HEAD~3:dir1/file.txt", cwd=forge.root / name)
        await forge.git(*protocol, "log", "-p", cwd=forge.root / name)
    await forge.git(*protocol, "clone", "-q", "--single-branch", "--no-tags", url, "single")
    said = await forge.git(*protocol, "clone", "-q", "--filter=sparse:oid=main:x", url, "sparse", ok=False)
    assert "not supported" in said
    assert hosted.wants.asked


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_fetch_by_id(forge: Forge, transport: str, version: str) -> None:
    """An id is given out when it is reachable, and refused alike when it is hidden, deleted or absent."""
    hosted, work = await hosted_with_work(forge)
    url = address(forge, "r.git", transport)
    protocol = ("-c", f"protocol.version={version}")
    old = (await forge.git("rev-parse", "main~3", cwd=work)).strip()
    blob = (await forge.git("rev-parse", "main~3:dir1/file.txt", cwd=work)).strip()
    await forge.git("checkout", "-q", "-b", "gone", cwd=work)
    (work / "secret.txt").write_text("CNRY-1\n")
    await forge.git("add", ".", cwd=work)
    await forge.git("commit", "-q", "-m", "secret", cwd=work)
    secret = (await forge.git("rev-parse", "gone", cwd=work)).strip()
    secret_blob = (await forge.git("rev-parse", "gone:secret.txt", cwd=work)).strip()
    await forge.git("push", "-q", "origin", "gone", cwd=work)
    fresh = forge.root / "fresh"
    await forge.git("init", "-q", "--bare", str(fresh))
    await forge.git(*protocol, "fetch", "-q", url, old, cwd=fresh)
    await forge.git(*protocol, "fetch", "-q", url, blob, cwd=fresh)
    await forge.git(*protocol, "fetch", "-q", "--depth=1", url, secret, cwd=fresh)
    hosted.set_refs({"refs/heads/gone": None, "refs/internal/keep": secret})
    assert secret not in await forge.git(*protocol, "ls-remote", url)
    other = forge.root / "other"
    await forge.git("init", "-q", "--bare", str(other))
    for oid in (secret, secret_blob, "1" * 40):
        for extra in ((), ("--depth=1",), ("--filter=blob:none",)):
            said = await forge.git(*protocol, "fetch", *extra, url, oid, cwd=other, ok=False)
            assert f"not our ref {oid}" in said
    assert not list((other / "objects" / "pack").iterdir())
    before = hosted.wants.answers.copy()
    await forge.git(*protocol, "fetch", url, secret, cwd=other, ok=False)
    assert hosted.wants.answers == before


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_push_features(forge: Forge, transport: str) -> None:
    hosted, work = await hosted_with_work(forge)
    url = address(forge, "r.git", transport)
    await forge.git("commit", "-q", "--allow-empty", "-m", "next", cwd=work)
    await forge.git("push", "-o", "ci.skip", "-o", "two words", url, "main", cwd=work)
    assert hosted.requests[-1].options == ("ci.skip", "two words")
    said = await forge.git(
        "push", "--atomic", url, "main:refs/heads/ok", "main:refs/heads/bad$name", cwd=work, ok=False
    )
    assert "shell-character" in said
    assert "atomic push failed" in said
    assert "refs/heads/ok" not in hosted.refs
    await forge.git("push", url, "main:refs/heads/ok", "main:refs/pull/1/head", cwd=work, ok=False)
    assert "refs/heads/ok" in hosted.refs
    assert "refs/pull/1/head" not in hosted.refs
    await forge.git("push", url, "main:refs/heads/分支/修复", cwd=work)
    assert "refs/heads/分支/修复" in hosted.refs
    await forge.git("clone", "-q", "--mirror", str(work), "mirror")
    await forge.git("update-ref", "refs/heads/local-only", "main", cwd=forge.root / "mirror")
    for_each = await forge.git("for-each-ref", "--format=delete %(refname)", "refs/remotes", cwd=work)
    await forge.git("update-ref", "--stdin", cwd=forge.root / "mirror", data=for_each.encode())
    await forge.git("push", "--mirror", url, cwd=forge.root / "mirror")
    assert "refs/heads/local-only" in hosted.refs
    assert "refs/heads/ok" not in hosted.refs
    await forge.git("commit", "-q", "--amend", "--allow-empty", "-m", "rewritten", cwd=work)
    await forge.git("push", url, "+main", cwd=work)
    assert hosted.refs["refs/heads/main"] == (await forge.git("rev-parse", "main", cwd=work)).strip()


async def test_shallow_push(forge: Forge) -> None:
    hosted, work = await hosted_with_work(forge)
    await forge.git("clone", "-q", "--depth", "1", forge.url("r.git"), "shallow")
    shallow = forge.root / "shallow"
    await forge.git("commit", "-q", "--allow-empty", "-m", "from shallow", cwd=shallow)
    await forge.git("push", "-q", "origin", "main", cwd=shallow)
    assert hosted.requests[-1].shallow
    other = forge.add("other.git")
    said = await forge.git("push", forge.url("other.git"), "main", cwd=shallow, ok=False)
    assert "shallow-update" in said
    assert not other.refs
    assert not store.packs(other.directory)
    await forge.git("fetch", "-q", "origin", cwd=work)


async def test_a_thousand_branches(forge: Forge) -> None:
    hosted, work = await hosted_with_work(forge)
    tip = (await forge.git("rev-parse", "main", cwd=work)).strip()
    rows = "".join(f"create refs/heads/n/{n:04} {tip}\n" for n in range(1000))
    await forge.git("update-ref", "--stdin", cwd=work, data=rows.encode())
    await forge.git("push", "-q", "origin", "refs/heads/n/*", cwd=work)
    assert len(hosted.refs) == 1002
    for version in VERSIONS:
        out = await forge.git("-c", f"protocol.version={version}", "ls-remote", forge.url("r.git"))
        assert len(out.splitlines()) == 1004
        await forge.git("-c", f"protocol.version={version}", "clone", "-q", forge.url("r.git"), f"c{version}")
    await forge.git("push", "-q", "origin", "--delete", *(f"n/{n:04}" for n in range(500)), cwd=work)
    assert len(hosted.refs) == 502


async def test_large_push_is_chunked_and_shows_progress(forge: Forge) -> None:
    forge.add("r.git")
    work = await make(forge, commits=3)
    (work / "big").write_bytes(os.urandom(3_000_000))
    await forge.git("add", ".", cwd=work)
    await forge.git("commit", "-q", "-m", "big", cwd=work)
    said = await forge.git("push", "--progress", forge.url("r.git"), "main", cwd=work)
    assert "remote: Resolving deltas: 100%" in said
    await forge.git("clone", "-q", forge.url("r.git"), "copy")


@pytest.mark.parametrize("version", VERSIONS)
async def test_nothing_runs_after_a_client_left(forge: Forge, version: str) -> None:
    hosted = forge.add("r.git")
    work = await make(forge, commits=1)
    for n in range(2):
        (work / f"big{n}").write_bytes(os.urandom(5_000_000))
    await forge.git("add", ".", cwd=work)
    await forge.git("commit", "-q", "-m", "big", cwd=work)
    await forge.git("push", "-q", forge.url("r.git"), "main", cwd=work)
    tip = hosted.refs["refs/heads/main"]
    if version == "2":
        lines = [b"0011command=fetch", b"0001", b"0032want %s\n" % tip.encode(), b"0009done\n", b"0000"]
    else:
        lines = [b"0032want %s\n" % tip.encode(), b"0000", b"0009done\n"]
    body = b"".join(lines)
    reader, writer = await asyncio.open_connection("127.0.0.1", forge.http_port)
    head = f"POST /r.git/git-upload-pack HTTP/1.1\r\nGit-Protocol: version={version}\r\n"
    writer.write(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    got = await reader.readexactly(500_000)
    assert b"PACK" in got
    assert any("upload-pack" in line for line in children())
    writer.transport.abort()
    for _ in range(100):
        if not children():
            break
        await asyncio.sleep(0.02)
    assert not children()
