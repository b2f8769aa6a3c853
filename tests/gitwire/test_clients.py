"""The stock git client against a whole instance, over HTTP and SSH."""

from __future__ import annotations

import base64
import concurrent.futures
import subprocess
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.server

MIRRORED = ("refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*", "refs/notes/*:refs/notes/*")
VERSIONS = ("0", "1", "2")


@pytest.fixture(scope="module")
def pushed(place: Any, history: Path) -> str:
    """The history, pushed to a public repository of lin's."""
    place.cli("repo", "add", "lin/history")
    done = subprocess.run(
        ["git", "push", "-q", place.http("lin/history"), *MIRRORED], cwd=history, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return "lin/history"


def refs_of(git: Any) -> str:
    return git("for-each-ref", "--format=%(objectname) %(refname)")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("way", ["http", "ssh"])
def test_a_mirror_equals_its_origin(place: Any, git: Any, pushed: str, history: Path, version: str, way: str) -> None:
    git.env |= place.key("lin", git.folder) if way == "ssh" else {}
    address = place.ssh(pushed) if way == "ssh" else place.http(pushed, who=None)
    git("-c", f"protocol.version={version}", "clone", "-q", "--mirror", address, "copy")
    copy = git.at("copy")
    origin = git.at(str(history))
    assert refs_of(copy) == refs_of(origin)
    assert copy("symbolic-ref", "HEAD") == "refs/heads/main"
    assert copy.run("fsck", "--full", "--strict").stdout == ""


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("way", ["http", "ssh"])
def test_clones_of_a_part(place: Any, git: Any, pushed: str, version: str, way: str) -> None:
    git.env |= place.key("lin", git.folder) if way == "ssh" else {}
    address = place.ssh(pushed) if way == "ssh" else place.http(pushed, who=None)
    speak = ("-c", f"protocol.version={version}")
    git(*speak, "clone", "-q", "--depth", "1", address, "shallow")
    assert git.at("shallow")("rev-list", "--count", "HEAD") == "1"
    git.at("shallow")(*speak, "fetch", "-q", "--unshallow")
    assert git.at("shallow")("rev-list", "--count", "HEAD") == "302"
    git(*speak, "clone", "-q", "--single-branch", "--branch", "topic", address, "single")
    assert git.at("single")("branch", "-r", "--format=%(refname:short)") == "origin/topic"
    for spec in ("blob:none", "tree:0"):
        name = spec.replace(":", "-")
        git(*speak, "clone", "-q", "--no-checkout", f"--filter={spec}", address, name)
        copy = git.at(name)
        if version == "2" or way == "http":
            assert copy(*speak, "show", "HEAD~100:文件夹/文件-1.txt").startswith("line ")
        assert copy("log", "--oneline", "-5")


def test_twenty_clones_at_once(place: Any, git: Any, pushed: str, history: Path) -> None:
    wanted = git.at(str(history))("rev-parse", "main")

    def clone(number: int) -> str:
        git("clone", "-q", place.http(pushed, who=None), f"copy-{number}")
        return git.at(f"copy-{number}")("rev-parse", "HEAD")

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        assert set(pool.map(clone, range(20))) == {wanted}


def start(git: Any, place: Any, name: str, *options: str) -> Any:
    place.cli("repo", "add", name, *options)
    git("init", "-q", "-b", "main", "work")
    work = git.at("work")
    work("remote", "add", "origin", place.http(name))
    commit(work, "one")
    work("push", "-q", "origin", "main")
    return work


def commit(work: Any, text: str) -> str:
    (work.folder / f"{text}.txt").write_text(f"{text}\n")
    work("add", ".")
    work("commit", "-qm", text)
    return work("rev-parse", "HEAD")


def test_ways_of_pushing(place: Any, git: Any) -> None:
    work = start(git, place, "lin/ways")
    first = work("rev-parse", "HEAD")
    second = commit(work, "two")
    told = work.run("push", "origin", "main:topic", "main")
    assert "/lin/ways/tree/topic" in told.stderr
    work("reset", "-q", "--hard", first)
    third = commit(work, "three")
    assert "non-fast-forward" in work.run("push", "origin", "main", ok=False).stderr
    assert "stale info" in work.run("push", f"--force-with-lease=main:{first}", "origin", "main", ok=False).stderr
    work("push", "-q", f"--force-with-lease=main:{second}", "origin", "main")
    assert work("ls-remote", "origin", "refs/heads/main").split()[0] == third
    work("push", "-q", "origin", ":topic")
    assert work("ls-remote", "origin", "topic") == ""
    refused = work.run("push", "origin", ":main", ok=False).stderr
    assert "default branch" in refused
    work("push", "-q", "-o", "ci.skip", "-o", "a=b", "origin", "main:with-options")


def test_atomic_pushes_move_all_or_nothing(place: Any, git: Any) -> None:
    work = start(git, place, "lin/atomic")
    before = refs_of_remote(work)
    commit(work, "two")
    told = work.run("push", "--atomic", "origin", "main", "main:refs/heads/-bad", "main:fine", ok=False)
    assert told.returncode != 0
    assert refs_of_remote(work) == before
    work.run("push", "origin", "main", "main:refs/pull/1/head", "main:fine", ok=False)
    assert "refs/heads/fine" in refs_of_remote(work)
    assert "refs/pull" not in refs_of_remote(work)


def refs_of_remote(work: Any) -> str:
    return work("ls-remote", "origin")


def test_a_thousand_branches_in_one_push(place: Any, git: Any) -> None:
    work = start(git, place, "lin/many")
    head = work("rev-parse", "HEAD")
    lines = "".join(f"create refs/heads/分支/{number:04d} {head}\n" for number in range(1000))
    work("update-ref", "--stdin", stdin=lines.encode())
    work("push", "-q", "origin", "refs/heads/*:refs/heads/*")
    assert work("ls-remote", "--heads", "origin").count("\n") == 1000


def test_a_shallow_push_is_refused_or_whole(place: Any, git: Any, pushed: str) -> None:
    place.cli("repo", "add", "lin/shallow")
    git("clone", "-q", "--depth", "1", place.http(pushed, who=None), "cut")
    cut = git.at("cut")
    told = cut.run("push", place.http("lin/shallow"), "main", ok=False)
    assert told.returncode != 0
    assert "unshallow" in told.stderr
    assert cut("ls-remote", place.http("lin/shallow")) == ""
    commit(cut, "new")
    cut("push", "-q", place.http(pushed), "HEAD:refs/heads/from-shallow")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("filtered", ["", "blob:none"])
@pytest.mark.parametrize("way", ["http", "ssh"])
def test_what_no_visible_ref_reaches_cannot_be_fetched(
    place: Any, git: Any, version: str, filtered: str, way: str
) -> None:
    name = f"lin/gone-{version}-{'f' if filtered else 'n'}-{way}"
    work = start(git, place, name)
    deleted = commit(work, "secret")
    blob = work("rev-parse", f"{deleted}:secret.txt")
    work("push", "-q", "origin", f"{deleted}:refs/heads/topic")
    work("push", "-q", "origin", ":refs/heads/topic")
    git.env |= place.key("lin", git.folder) if way == "ssh" else {}
    address = place.ssh(name) if way == "ssh" else place.http(name)
    git("init", "-q", "thief")
    thief = git.at("thief")
    for oid in (deleted, blob, "1" * 40):
        told = thief.run(
            "-c",
            f"protocol.version={version}",
            "fetch",
            *([f"--filter={filtered}"] if filtered else []),
            address,
            oid,
            ok=False,
        )
        assert told.returncode != 0
        assert "not our ref" in told.stderr or "not advertised" in told.stderr or "unadvertised" in told.stderr
        assert thief.run("cat-file", "-e", oid, ok=False).returncode != 0


def test_another_repositorys_object_cannot_be_fetched_or_claimed(place: Any, git: Any) -> None:
    place.cli("repo", "add", "eve/own")
    work = start(git, place, "lin/hidden", "--visibility", "private")
    secret = work("rev-parse", "HEAD")
    git("init", "-q", "-b", "main", "thief")
    thief = git.at("thief")
    commit(thief, "mine")
    thief("push", "-q", place.http("eve/own", "eve"), "main")
    assert "not our ref" in thief.run("fetch", place.http("eve/own", "eve"), secret, ok=False).stderr
    told = thief.run("ls-remote", place.http("lin/hidden", "eve"), ok=False)
    none = thief.run("ls-remote", place.http("lin/nothing", "eve"), ok=False)
    assert told.returncode == none.returncode != 0
    assert told.stderr.replace("hidden", "X") == none.stderr.replace("nothing", "X")


def test_who_may_not_push_is_told_why(place: Any, git: Any) -> None:
    work = start(git, place, "lin/closed")
    commit(work, "two")
    assert "403" in work.run("push", place.http("lin/closed", "eve"), "main", ok=False).stderr
    for part in ("role", "write"):
        assert part in push_answer(place, "lin/closed", "eve")
    assert "could not read Username" in work.run("push", place.http("lin/closed", None), "main", ok=False).stderr


def push_answer(place: Any, name: str, who: str) -> str:
    pair = base64.b64encode(f"{who}:{place.tokens[who]}".encode()).decode()
    path = f"/{name}.git/info/refs?service=git-receive-pack"
    _status, _headers, body = place.instance.get(path, Authorization=f"Basic {pair}")
    return body.decode()


def test_ssh_greets_and_refuses(place: Any, git: Any) -> None:
    command = place.key("eve", git.folder)["GIT_SSH_COMMAND"].split()
    port = str(place.instance.state()["ssh"]["port"])

    def ssh(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, "-p", port, "git@127.0.0.1", *words], capture_output=True, text=True, timeout=60, check=False
        )

    assert "Hello eve" in ssh().stderr
    for line in (
        "id",
        "git-upload-pack 'a/b' ; id",
        "git-upload-pack --help",
        "git-upload-archive 'lin/x'",
        "git-upload-pack '../../etc'",
        "git-receive-pack",
        "scp -t x",
        "git-lfs-authenticate lin/x upload",
    ):
        told = ssh(line)
        assert told.returncode != 0, line
        assert told.stderr.startswith("OpenHearth: "), line
        assert "uid=" not in told.stdout
    stranger = subprocess.run(
        [
            "ssh",
            "-F",
            "/dev/null",
            "-o",
            "BatchMode=yes",
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-o",
            "IdentityFile=/nonexistent",
            "-p",
            port,
            "git@127.0.0.1",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Permission denied" in stranger.stderr


def test_the_first_push_makes_the_repository(place: Any, git: Any) -> None:
    git("init", "-q", "-b", "trunk", "work")
    work = git.at("work")
    commit(work, "one")
    told = work.run("push", place.http("lin/by-push"), "trunk")
    assert "/lin/by-push" in told.stderr
    assert work("ls-remote", "--symref", place.http("lin/by-push"), "HEAD").startswith("ref: refs/heads/trunk")
    assert work.run("ls-remote", place.http("lin/by-push", "eve"), ok=False).returncode != 0
    assert work.run("push", place.http("lin/other", "eve"), "trunk", ok=False).returncode != 0


def test_an_empty_repository_is_cloned_and_filled(place: Any, git: Any) -> None:
    place.cli("repo", "add", "lin/empty")
    told = git.run("clone", place.http("lin/empty"), "empty")
    assert "empty repository" in told.stderr
    empty = git.at("empty")
    assert empty("symbolic-ref", "HEAD") == "refs/heads/main"
    commit(empty, "one")
    empty("push", "-q", "origin", "HEAD")
