"""Archives: the right files, in pieces, and no child that lives on."""

import asyncio
import io
import tarfile
import zipfile
from contextlib import aclosing
from pathlib import Path

import pytest

from openhearth.git import archive
from openhearth.git.archive import Format
from openhearth.git.errors import GitError, ObjectMissing
from openhearth.git.tests.sample import Sample


@pytest.fixture
def repo(tmp_path: Path) -> Sample:
    return Sample(tmp_path / "r.git")


async def whole(repo: Sample, oid: str, form: Format, prefix: str = "top") -> bytes:
    pieces = [piece async for piece in archive.archive(repo.directory, oid, format=form, prefix=prefix)]
    assert all(0 < len(piece) <= 65536 for piece in pieces)
    return b"".join(pieces)


def children() -> set[str]:
    return {pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()}


async def test_zip_and_tar(repo: Sample) -> None:
    oid = repo.commit({"a": b"1", "d/ü": b"2", "x": ("100755", b"#!"), "l": ("120000", b"a")})
    with zipfile.ZipFile(io.BytesIO(await whole(repo, oid, "zip"))) as made:
        assert made.testzip() is None
        assert made.comment.decode() == oid
        assert sorted(made.namelist()) == ["top/", "top/a", "top/d/", "top/d/ü", "top/l", "top/x"]
        assert made.read("top/d/ü") == b"2"
    with tarfile.open(fileobj=io.BytesIO(await whole(repo, oid, "tar.gz")), mode="r:gz") as tar:
        assert sorted(tar.getnames()) == ["top", "top/a", "top/d", "top/d/ü", "top/l", "top/x"]
        assert tar.getmember("top/l").linkname == "a"
        assert tar.getmember("top/x").mode & 0o100
    assert await whole(repo, oid, "tar.gz") == await whole(repo, oid, "tar.gz")


async def test_only_attributes_of_the_commit_count(repo: Sample) -> None:
    oid = repo.commit({"a": b"1", "secret": b"1", ".gitattributes": b"secret export-ignore\n"})
    with zipfile.ZipFile(io.BytesIO(await whole(repo, oid, "zip", ""))) as made:
        assert sorted(made.namelist()) == [".gitattributes", "a"]


@pytest.mark.parametrize(
    ("prefix", "clean"),
    [
        ("name-v1.0", "name-v1.0/"),
        ("../../etc", "etc/"),
        ("/abs", "abs/"),
        ("a/b", "a-b/"),
        ("..", ""),
        ("", ""),
        ("-x", "x/"),
        ("a\nb\0c", "a-b-c/"),
        ("C:\\x", "C-x/"),
        ("中文", ""),
        ("x" * 500, "x" * 200 + "/"),
        ("a. ", "a/"),
    ],
)
def test_prefixes(prefix: str, clean: str) -> None:
    assert archive.clean_prefix(prefix) == clean


async def test_a_consumer_that_stops_ends_the_child(repo: Sample) -> None:
    line = b"".join(b"%d\n" % (n * 7919 % 1_000_003) for n in range(300_000))
    oid = repo.commit({f"f{n}": line + b"%d" % n for n in range(10)})
    before = children()
    async with aclosing(archive.archive(repo.directory, oid, format="tar.gz", prefix="x")) as pieces:
        assert (await anext(pieces))[:2] == b"\x1f\x8b"
        assert len(children() - before) == 1
    assert children() - before == set()

    async def stalled() -> None:
        async with aclosing(archive.archive(repo.directory, oid, format="zip", prefix="x")) as more:
            async for _ in more:
                await asyncio.Event().wait()

    task = asyncio.create_task(stalled())
    while not children() - before:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert children() - before == set()


async def test_errors(repo: Sample) -> None:
    tip = repo.commit({"a": b"1"})
    for oid in ("main", "1" * 40, "--output=/tmp/x"):
        with pytest.raises(ObjectMissing):
            await whole(repo, oid, "zip")
    with pytest.raises(GitError, match="not-a-commit"):
        await whole(repo, repo.text("rev-parse", f"{tip}^{{tree}}"), "zip")
    with pytest.raises(GitError, match="bad-format"):
        await whole(repo, tip, "rar")  # type: ignore[arg-type]


async def test_a_failure_of_git_is_raised(repo: Sample) -> None:
    missing = repo.tree([("100644", "1" * 40, "gone")])
    oid = repo.commit(missing)
    with pytest.raises(GitError, match="git-failed"):
        await whole(repo, oid, "zip")
