"""Commit lists equal those of `git log`, also where merges are many and dates are odd."""

import random
from pathlib import Path

import pytest

from openhearth.git import log
from openhearth.git.errors import GitError, ObjectMissing
from openhearth.git.tests.sample import Sample

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def by_git(repo: Sample, *args: str) -> list[str]:
    return repo.text("log", "--format=%H", *args).split()


def tangle(repo: Sample, seed: int, dates: list[str]) -> list[str]:
    """Sixty commits, half of them merges, with committer dates from a list."""
    rnd = random.Random(seed)
    repo.raw("tree", b"")
    made: list[str] = []
    for n in range(60):
        parents = rnd.sample(made[-8:], min(len(made[-8:]), rnd.choice([1, 1, 2, 2, 3])))
        lines = [f"tree {EMPTY_TREE}", *(f"parent {oid}" for oid in parents)]
        lines += [f"author A <a@x> {n} +0000", f"committer B <b@x> {rnd.choice(dates)}", "", f"c{n}"]
        made.append(repo.raw("commit", "\n".join(lines).encode()))
        repo.git("update-ref", f"refs/heads/b{n}", made[-1])
    return made


SANE = [f"{1700000000 + n} +0100" for n in range(30)]
ODD = ["99999999999999 +0000", "0 +0000", "x", "17179869184 +0000", ""]
# git never ends when it is to write a graph of some of these; it refuses them on entry.
WORSE = ["-5 +0000", "99999999999999999999999 +0000"]


@pytest.mark.parametrize("graph", [False, True])
@pytest.mark.parametrize(
    ("seed", "dates"), [(1, SANE), (2, SANE[:3]), (3, SANE + ODD), (4, ODD), (5, SANE + ODD[1:2]), (6, SANE + WORSE)]
)
def test_order_equals_git(tmp_path: Path, seed: int, dates: list[str], graph: bool) -> None:
    repo = Sample(tmp_path / "r.git")
    commits = tangle(repo, seed, dates)
    if graph and seed != 6:
        repo.git("commit-graph", "write", "--stdin-commits", data="\n".join(commits[:40]).encode())
    for tip in (commits[5], commits[30], commits[-1]):
        expected = by_git(repo, tip)
        assert log.log_ids(repo.directory, tip, limit=200) == expected
        assert log.log_ids(repo.directory, tip, skip=3, limit=4) == expected[3:7]
        assert log.count(repo.directory, tip) == len(expected)


def test_sane_histories_are_walked_here(tmp_path: Path) -> None:
    repo = Sample(tmp_path / "r.git")
    commits = tangle(repo, 6, SANE)
    assert log._walk(repo.directory, commits[-1], 500) == by_git(repo, commits[-1])


def test_skip_and_limit(tmp_path: Path) -> None:
    repo = Sample(tmp_path / "r.git")
    script = b"".join(b"commit refs/heads/main\ncommitter B <b@x> %d +0000\ndata 1\nx\n" % (k + 1) for k in range(1200))
    repo.git("fast-import", "--quiet", data=script)
    tip = repo.text("rev-parse", "main")
    every = by_git(repo, tip)
    assert log.log_ids(repo.directory, tip, skip=0, limit=10**9) == every
    assert log.log_ids(repo.directory, tip, skip=490, limit=20) == every[490:510]
    assert log.log_ids(repo.directory, tip, skip=1190, limit=50) == every[1190:]
    assert log.log_ids(repo.directory, tip, skip=5000, limit=50) == []
    assert log.log_ids(repo.directory, tip, skip=-3, limit=2) == every[:2]
    assert log.log_ids(repo.directory, tip, limit=0) == []
    assert [c.oid for c in log.log(repo.directory, tip, skip=2, limit=2)] == every[2:4]


@pytest.mark.parametrize("path", ["a", "d", "d/é", "*", ":(top)a", "new\nline", "-n1", "latin-\udce9", 'q"'])
def test_logs_of_a_path(tmp_path: Path, path: str) -> None:
    repo = Sample(tmp_path / "r.git")
    names = ["a", "d/é", "d/x", "*", ":(top)a", "new\nline", "-n1", "latin-\udce9", 'q"']
    files = dict.fromkeys(names, b"0")
    tip = repo.commit(files)
    for n in range(12):
        files[names[n % len(names)]] = b"%d" % n
        tip = repo.commit(files, tip, when=f"{1700000001 + n} +0000")
    repo.git("commit-graph", "write", "--reachable", "--changed-paths")
    expected = by_git(repo, tip, "--", f":(literal){path}")
    assert 1 < len(expected) < 6
    assert log.log_ids(repo.directory, tip, path=path) == expected
    assert log.log_ids(repo.directory, tip, path=path, skip=1, limit=1) == expected[1:2]
    assert log.count(repo.directory, tip, path=path) == len(expected)
    assert log.log_ids(repo.directory, tip, path="/d/") == by_git(repo, tip, "--", "d")
    assert log.log_ids(repo.directory, tip, path="") == by_git(repo, tip)
    for missing in ("no", "a/no", "\0", "\ud800"):
        assert log.log_ids(repo.directory, tip, path=missing) == []


def test_ahead_and_behind(tmp_path: Path) -> None:
    repo = Sample(tmp_path / "r.git")
    root = repo.commit({"a": b"0"}, branch=None)
    base = repo.commit({"a": b"1"}, root, branch=None)
    one = repo.commit({"a": b"2"}, root, branch=None)
    two = repo.commit({"a": b"3"}, one, branch=None)
    merged = repo.commit({"a": b"4"}, two, base, branch=None)
    stranger = repo.commit({"b": b"1"}, branch=None)
    heads = [root, base, one, two, merged, stranger, one]
    assert log.ahead_behind(repo.directory, base, heads) == {
        root: (0, 1),
        base: (0, 0),
        one: (1, 1),
        two: (2, 1),
        merged: (3, 0),
        stranger: (1, 2),
    }
    assert log.count(repo.directory, merged, exclude=[base]) == 3
    assert [c.oid for c in log.between(repo.directory, base, merged)] == by_git(repo, f"{base}..{merged}")
    assert log.merge_base(repo.directory, base, two) == root
    assert log.merge_base(repo.directory, base, stranger) is None


def test_starts_that_are_no_commits(tmp_path: Path) -> None:
    repo = Sample(tmp_path / "r.git")
    tip = repo.commit({"a": b"0"})
    for start in ("main", "1" * 40, "--all", "", f"{tip}~0", f"^{tip}"):
        with pytest.raises(ObjectMissing):
            log.log(repo.directory, start, limit=5)
        with pytest.raises(ObjectMissing):
            log.count(repo.directory, tip, exclude=[start])
    with pytest.raises(GitError, match="not-a-commit"):
        log.log(repo.directory, repo.text("rev-parse", f"{tip}:a"), limit=5)
